#include "../header_reader.h"
#include "vpn_message.h"

namespace phantommesh {
namespace {

constexpr uint32_t kHeaderOctets = 28;  // RFC 7296 section 3.1, RFC 2408 section 3.1
constexpr uint32_t kNonEspMarkerOctets = 4;
constexpr uint32_t kSpiMin = 256;      // RFC 4303 section 2.1: 1 to 255 are reserved
constexpr uint32_t kEspOctetsMin = 24;  // SPI, sequence number, a block of ciphertext or ICV, RFC 4303 section 2
constexpr uint32_t kFragmentOctetsMin = 512;

enum : uint8_t { kMainMode = 2, kAggressiveMode = 4, kInformational1 = 5, kTransaction = 6, kQuickMode = 32 };
enum : uint8_t { kNewGroupMode = 33, kSaInit = 34, kAuth = 35, kExchangeLast = 44 };  // IANA IKEv2 Exchange Types
enum : uint8_t { kNotification1 = 11, kNotify = 41 };                                 // payload types
enum : uint8_t { kEncrypted1 = 0x01, kResponse = 0x20 };  // other flags are ignored on receipt, RFC 7296 section 3.1

struct Header {
  bool isFirst;  // the responder has no SPI yet
  uint8_t nextPayload;
  uint8_t major;
  uint8_t exchange;
  uint8_t flags;
};

bool isExchange(const Header& header) {
  if (header.major == 2) return header.exchange >= kSaInit && header.exchange <= kExchangeLast;
  return (header.exchange >= 1 && header.exchange <= kTransaction) || header.exchange == kQuickMode ||
         header.exchange == kNewGroupMode;
}

// The first fragment of an IP packet ends before its message does, at a multiple of eight octets of UDP; on port 4500
// four of them are the marker.
bool hasLength(const Payload& payload) {
  const uint32_t length = read32(payload.bytes + 24);
  if (length == payload.octets) return true;
  return length > payload.octets && length <= UINT16_MAX && payload.octets % 4 == 0 &&
         payload.octets >= kFragmentOctetsMin;
}

HandshakeStep step1Of(const Header& header) {
  const bool isEncrypted = (header.flags & kEncrypted1) != 0;
  switch (header.exchange) {
    case kMainMode:
    case kAggressiveMode:
      if (header.isFirst) return HandshakeStep::kRequest;
      return isEncrypted ? HandshakeStep::kNone : HandshakeStep::kAnswer;
    case kInformational1:  // in clear text only where there are no keys yet
      return !isEncrypted && header.nextPayload == kNotification1 ? HandshakeStep::kRefused : HandshakeStep::kNone;
    case kQuickMode:  // begins once the first phase has ended
      return HandshakeStep::kComplete;
    default:
      return HandshakeStep::kNone;
  }
}

HandshakeStep step2Of(const Header& header) {
  const bool isResponse = (header.flags & kResponse) != 0;
  if (header.exchange == kSaInit) {
    if (!isResponse) return HandshakeStep::kRequest;
    // COOKIE, INVALID_KE_PAYLOAD, NO_PROPOSAL_CHOSEN: RFC 7296 sections 2.6 and 2.7.
    return header.nextPayload == kNotify ? HandshakeStep::kRefused : HandshakeStep::kAnswer;
  }
  // What the response says is encrypted: a refusal of the identity looks the same, but for its length.
  return header.exchange == kAuth && isResponse ? HandshakeStep::kComplete : HandshakeStep::kNone;
}

bool readMessage(const Payload& payload, VpnMessage& message) {
  if (payload.captured < kHeaderOctets) return false;
  const uint8_t* bytes = payload.bytes;
  const Header header{(read32(bytes + 8) | read32(bytes + 12)) == 0, bytes[16], static_cast<uint8_t>(bytes[17] >> 4),
                      bytes[18], bytes[19]};
  const bool hasInitiator = (read32(bytes) | read32(bytes + 4)) != 0;
  if (!hasInitiator || (header.major != 1 && header.major != 2)) return false;
  if (!isExchange(header) || !hasLength(payload)) return false;
  message.application = Application::kIke;
  message.type = header.exchange;
  message.isResponse = header.major == 2 && (header.flags & kResponse) != 0;
  message.step = header.major == 2 ? step2Of(header) : step1Of(header);
  return true;
}

// RFC 3948 section 2.3.
bool isKeepAlive(const Payload& payload) { return payload.octets == 1 && payload.bytes[0] == 0xff; }

// Ciphertext and ICV end at a multiple of four octets, RFC 4303 section 2.4.
bool isEsp(const Payload& payload) {
  return payload.captured >= 8 && payload.octets >= kEspOctetsMin && payload.octets % 4 == 0 &&
         read32(payload.bytes) >= kSpiMin && read32(payload.bytes + 4) != 0;
}

}  // namespace

bool readIke(const Payload& payload, bool isNatTraversalPort, VpnMessage& message) {
  message = {};
  if (payload.captured == 0) return false;
  if (!isNatTraversalPort) return readMessage(payload, message);
  if (isKeepAlive(payload) || isEsp(payload)) {
    message.application = Application::kEspInUdp;
    message.step = isKeepAlive(payload) ? HandshakeStep::kKeepAlive : HandshakeStep::kData;
    return true;
  }
  if (payload.captured < kNonEspMarkerOctets || read32(payload.bytes) != 0) return false;
  return readMessage({payload.bytes + kNonEspMarkerOctets, payload.captured - kNonEspMarkerOctets,
                      payload.octets - kNonEspMarkerOctets}, message);
}

}  // namespace phantommesh
