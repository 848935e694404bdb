#include "quic_initial.h"

#include <algorithm>

#include "../header_reader.h"

namespace phantommesh {
namespace {

constexpr uint8_t kLongHeader = 0xc0;  // header form and fixed bit
constexpr uint32_t kVersionEnd = 5;    // first octet and version

// Newest first. RFC 9369 section 3.3.1; RFC 9001 section 5.2; draft-ietf-quic-tls-29 and -23, section 5.2 of each. The
// salt of RFC 9001 came with draft 33.
constexpr QuicVersion kVersions[] = {
    {0x00000001, 0x00000001,
     {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
      0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
     0, "quic key", "quic iv", "quic hp"},
    {0x6b3343cf, 0x6b3343cf,
     {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
      0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
     1, "quicv2 key", "quicv2 iv", "quicv2 hp"},
    {0xff000021, 0xff000022,
     {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
      0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
     0, "quic key", "quic iv", "quic hp"},
    {0xff00001d, 0xff000020,
     {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
      0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
     0, "quic key", "quic iv", "quic hp"},
    {0xff000017, 0xff00001c,
     {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
      0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02},
     0, "quic key", "quic iv", "quic hp"},
};

// IANA QUIC frame types that an Initial packet may hold (RFC 9000 section 12.4).
enum class FrameType : uint64_t { padding = 0, ping = 1, ack = 2, ackEcn = 3, crypto = 6, connectionClose = 0x1c };

bool skipNumbers(QuicCursor& frames, uint64_t count) {
  uint64_t ignored;
  for (; count > 0; --count) {
    if (!frames.take(ignored)) return false;
  }
  return true;
}

// RFC 9000 section 19.3. Each number takes an octet at least, so a count of any size ends with the packet.
bool skipAck(QuicCursor& frames, bool hasEcn) {
  uint64_t ranges;
  if (!skipNumbers(frames, 2) || !frames.take(ranges) || !skipNumbers(frames, 1)) return false;
  for (; ranges > 0; --ranges) {
    if (!skipNumbers(frames, 2)) return false;
  }
  return !hasEcn || skipNumbers(frames, 3);
}

// Section 19.19: error code, frame type, reason.
bool skipConnectionClose(QuicCursor& frames) {
  uint64_t reason;
  return skipNumbers(frames, 2) && frames.take(reason) && frames.skip(reason);
}

bool skipFrame(FrameType type, QuicCursor& frames) {
  switch (type) {
    case FrameType::padding:
      frames.skipZeros();  // most of a first flight
      return true;
    case FrameType::ping:
      return true;
    case FrameType::ack:
    case FrameType::ackEcn:
      return skipAck(frames, type == FrameType::ackEcn);
    case FrameType::connectionClose:
      return skipConnectionClose(frames);
    default:
      return false;
  }
}

// Section 19.6.
bool takeCrypto(QuicCursor& frames, CryptoFrame& frame) {
  uint64_t length;
  if (!frames.take(frame.offset) || !frames.take(length)) return false;
  frame.data = frames.takeUpTo(length);
  frame.isWhole = frame.data.size() == length;
  return true;
}

// Length and octets of a connection id.
bool takeId(QuicCursor& header, std::span<const uint8_t>& id) {
  const std::span<const uint8_t> length = header.takeUpTo(1);
  if (length.empty() || length[0] > kQuicIdOctetsMax) return false;
  id = header.takeUpTo(length[0]);
  return id.size() == length[0];
}

}  // namespace

const QuicVersion* quicVersionOf(uint32_t number) {
  for (const QuicVersion& version : kVersions) {
    if (number >= version.first && number <= version.last) return &version;
  }
  return nullptr;
}

bool readQuicPacket(const uint8_t* bytes, uint32_t captured, uint32_t octets, QuicPacket& packet) {
  packet = QuicPacket{};
  if (captured < kVersionEnd || (bytes[0] & kLongHeader) != kLongHeader) return false;
  packet.version = read32(bytes + 1);
  const QuicVersion* const version = quicVersionOf(packet.version);
  if (version == nullptr) return false;
  const uint8_t type = bytes[0] >> 4 & 3;
  if (type == ((version->initialType + 3) & 3)) return false;  // Retry, which has no length: always before Initial
  packet.isInitial = type == version->initialType;

  const std::span header(bytes + kVersionEnd, captured - kVersionEnd);
  QuicCursor cursor(header);
  std::span<const uint8_t> sourceId;
  uint64_t tokenOctets = 0;
  uint64_t length = 0;
  if (!takeId(cursor, packet.destinationId) || !takeId(cursor, sourceId)) return false;
  if (packet.isInitial && (!cursor.take(tokenOctets) || !cursor.skip(tokenOctets))) return false;
  if (!cursor.take(length)) return false;
  packet.numberAt = captured - static_cast<uint32_t>(cursor.takeUpTo(captured).size());
  if (length > octets - packet.numberAt) return false;
  packet.octets = packet.numberAt + static_cast<uint32_t>(length);
  return true;
}

bool QuicCursor::take(uint64_t& value) {
  if (octets_.empty()) return false;
  const size_t width = size_t{1} << (octets_[0] >> 6);
  if (octets_.size() < width) return false;
  value = octets_[0] & 0x3f;
  for (size_t i = 1; i < width; ++i) value = value << 8 | octets_[i];
  octets_ = octets_.subspan(width);
  return true;
}

bool QuicCursor::skip(uint64_t count) {
  if (octets_.size() < count) return false;
  octets_ = octets_.subspan(count);
  return true;
}

void QuicCursor::skipZeros() {
  const auto end = std::find_if(octets_.begin(), octets_.end(), [](uint8_t octet) { return octet != 0; });
  octets_ = octets_.subspan(static_cast<size_t>(end - octets_.begin()));
}

std::span<const uint8_t> QuicCursor::takeUpTo(uint64_t count) {
  const std::span<const uint8_t> taken = octets_.first(std::min<uint64_t>(count, octets_.size()));
  octets_ = octets_.subspan(taken.size());
  return taken;
}

bool nextCryptoFrame(QuicCursor& frames, CryptoFrame& frame, bool& isBroken) {
  isBroken = false;
  uint64_t type;
  while (!isBroken && frames.take(type)) {
    if (static_cast<FrameType>(type) == FrameType::crypto) {
      isBroken = !takeCrypto(frames, frame);
      return !isBroken;
    }
    isBroken = !skipFrame(static_cast<FrameType>(type), frames);
  }
  isBroken = isBroken || !frames.isAtEnd();
  return false;
}

}  // namespace phantommesh
