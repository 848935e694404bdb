#include "../header_reader.h"
#include "vpn_message.h"

namespace phantommesh {
namespace {

enum : uint8_t { kInitiation = 1, kResponse = 2, kCookieReply = 3, kTransport = 4 };
constexpr uint32_t kInitiationOctets = 148;
constexpr uint32_t kResponseOctets = 92;
constexpr uint32_t kCookieReplyOctets = 64;
constexpr uint32_t kKeepAliveOctets = 32;  // header and tag of an empty packet
constexpr uint32_t kMtuMin = 576;          // RFC 791: what every host takes
constexpr uint32_t kCounterAt = 8;

// The packet inside is padded to sixteen octets (section 5.4.6), but not beyond the tunnel's MTU: of the usual 1420 a
// full packet makes 1452.
bool isTransportLength(uint32_t octets) {
  return octets >= kKeepAliveOctets && (octets % 16 == 0 || octets >= kKeepAliveOctets + kMtuMin);
}

HandshakeStep stepOf(uint8_t type, uint32_t octets) {
  switch (type) {
    case kInitiation: return octets == kInitiationOctets ? HandshakeStep::kRequest : HandshakeStep::kNone;
    case kResponse: return octets == kResponseOctets ? HandshakeStep::kAnswer : HandshakeStep::kNone;
    case kCookieReply: return octets == kCookieReplyOctets ? HandshakeStep::kRefused : HandshakeStep::kNone;
    case kTransport:
      if (!isTransportLength(octets)) return HandshakeStep::kNone;
      return octets == kKeepAliveOctets ? HandshakeStep::kKeepAlive : HandshakeStep::kData;
    default: return HandshakeStep::kNone;
  }
}

// Little-endian; keys live for 180 s (section 6.1), so no sender ever counts to 2^48.
bool hasPlausibleCounter(const Payload& payload) {
  if (payload.captured < kCounterAt + 8) return true;
  return payload.bytes[kCounterAt + 6] == 0 && payload.bytes[kCounterAt + 7] == 0;
}

}  // namespace

bool readWireGuard(const Payload& payload, VpnMessage& message) {
  message = {};
  if (payload.captured < 4) return false;
  const uint8_t type = payload.bytes[0];
  const uint32_t reserved = read32(payload.bytes) & 0xffffff;
  const HandshakeStep step = stepOf(type, payload.octets);
  if (step == HandshakeStep::kNone || reserved != 0) return false;
  if (type == kTransport && !hasPlausibleCounter(payload)) return false;
  message.application = Application::kWireGuard;
  message.type = type;
  message.step = step;
  message.isResponse = type == kResponse || type == kCookieReply;
  return true;
}

}  // namespace phantommesh
