// QUIC packets with a long header (RFC 9000 section 17.2, RFC 9369 section 3) and the frames of an Initial packet
// (RFC 9000 sections 12.4 and 19). Pure and total.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace phantommesh {

inline constexpr size_t kQuicIdOctetsMax = 20;

// What differs between the versions whose Initial packets are read.
struct QuicVersion {
  uint32_t first;  // numbers of this kind, both ends included
  uint32_t last;
  std::array<uint8_t, 20> salt;
  uint8_t initialType;  // the two type bits of an Initial packet
  const char* keyLabel;
  const char* ivLabel;
  const char* maskLabel;
};

// Null for a version that is not known.
const QuicVersion* quicVersionOf(uint32_t number);

struct QuicPacket {
  bool isInitial = false;
  uint32_t version = 0;
  std::span<const uint8_t> destinationId;
  uint32_t numberAt = 0;  // where the protected packet number starts
  uint32_t octets = 0;    // of the whole packet, by its length field; at most what the datagram has on the wire
};

// The packet at the start of `bytes`, of which `captured` of `octets` are there. Datagrams hold several, one after the
// other. False: no long header of a known version, or it is cut.
bool readQuicPacket(const uint8_t* bytes, uint32_t captured, uint32_t octets, QuicPacket& packet);

// A place in octets from which variable-length integers (RFC 9000 section 16) are taken; false at the end.
class QuicCursor {
 public:
  explicit QuicCursor(std::span<const uint8_t> octets) : octets_(octets) {}
  bool isAtEnd() const { return octets_.empty(); }
  bool take(uint64_t& value);
  bool skip(uint64_t count);
  void skipZeros();
  // At most `count` octets: as many as there are.
  std::span<const uint8_t> takeUpTo(uint64_t count);

 private:
  std::span<const uint8_t> octets_;
};

struct CryptoFrame {
  uint64_t offset = 0;
  std::span<const uint8_t> data;  // as far as present
  bool isWhole = false;
};

// The next CRYPTO frame; false when there is none left, or another frame makes no sense. `isBroken` tells which.
bool nextCryptoFrame(QuicCursor& frames, CryptoFrame& frame, bool& isBroken);

}  // namespace phantommesh
