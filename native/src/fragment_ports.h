// The ports that the first fragment of a packet carries, for the fragments after it: without them they would be a flow
// of their own. Direct-mapped and bounded: a later packet takes the place of an earlier one. A fragment that comes
// before its first one, or after its place was taken, has ports 0.
#pragma once

#include <cstdint>
#include <vector>

#include "packet.h"

namespace phantommesh {

class FragmentPorts {
 public:
  // Completes `packet` if it is a fragment; remembers it if it is a first one.
  void visit(Packet& packet) {
    const uint64_t tag = tagOf(packet);
    Place& place = places_[tag % kPlaces];
    if (packet.isFirstFragment) {
      place = {tag, packet.timestampUs, packet.sourcePort, packet.destinationPort};
    } else if (place.tag == tag && packet.timestampUs - place.seenUs <= kReassemblyUs) {
      packet.sourcePort = place.sourcePort;
      packet.destinationPort = place.destinationPort;
    }
  }

 private:
  static constexpr uint64_t kPlaces = 4096;
  static constexpr uint64_t kReassemblyUs = 30'000'000;  // Linux net.ipv4.ipfrag_time
  struct Place {
    uint64_t tag = 0;
    uint64_t seenUs = 0;
    uint16_t sourcePort = 0;
    uint16_t destinationPort = 0;
  };

  // Addresses, protocol and identification, mixed (splitmix64's finaliser). An attacker who makes two of them equal
  // only mixes up the ports of his own fragments with those of a packet that he would have to see.
  static uint64_t tagOf(const Packet& packet) {
    uint64_t tag = packet.fragmentId | uint64_t{packet.protocol} << 32 | uint64_t{packet.context} << 40;
    for (const uint64_t part :
         {packet.source.high, packet.source.low, packet.destination.high, packet.destination.low}) {
      tag = (tag ^ part) + 0x9e3779b97f4a7c15;
      tag = (tag ^ (tag >> 30)) * 0xbf58476d1ce4e5b9;
      tag = (tag ^ (tag >> 27)) * 0x94d049bb133111eb;
      tag ^= tag >> 31;
    }
    return tag;
  }

  std::vector<Place> places_ = std::vector<Place>(kPlaces);
};

}  // namespace phantommesh
