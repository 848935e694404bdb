// Connections that a control connection announced (FTP: RFC 959, RFC 2428), until they come. Direct-mapped and bounded:
// a later one takes the place of an earlier one.
#pragma once

#include <cstdint>
#include <vector>

#include "hashing.h"
#include "packet.h"

namespace phantommesh {

class ExpectedFlows {
 public:
  explicit ExpectedFlows(uint64_t hashSecret) : secret_(hashSecret) {}

  void expect(const Address& destination, uint16_t port, uint64_t controlFlowId, uint64_t nowUs) {
    places_[placeOf(destination, port)] = {destination, controlFlowId, nowUs, port};
    lastUs_ = nowUs;
  }

  // The flowId of the control connection that announced a connection to here, once; 0: none did.
  uint64_t take(const Address& destination, uint16_t port, uint64_t nowUs) {
    if (nowUs - lastUs_ > kLifetimeUs) return 0;  // by far the most common
    Place& place = places_[placeOf(destination, port)];
    if (place.port != port || !(place.destination == destination) || nowUs - place.sinceUs > kLifetimeUs) return 0;
    const uint64_t controlFlowId = place.controlFlowId;
    place = {};
    return controlFlowId;
  }

 private:
  static constexpr uint64_t kPlaces = 512;
  static constexpr uint64_t kLifetimeUs = 60'000'000;  // servers give up waiting after about as long
  struct Place {
    Address destination;
    uint64_t controlFlowId = 0;
    uint64_t sinceUs = 0;
    uint16_t port = 0;
  };

  size_t placeOf(const Address& destination, uint16_t port) const {
    return mixHash(hashAddress(destination, secret_), port) % kPlaces;
  }

  const uint64_t secret_;
  uint64_t lastUs_ = 0;
  std::vector<Place> places_ = std::vector<Place>(kPlaces);
};

}  // namespace phantommesh
