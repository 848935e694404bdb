#include "../header_reader.h"
#include "vpn_message.h"

namespace phantommesh {
namespace {

// ssl_pkt.h: the opcode is the first octet's upper five bits, the key's number the lower three.
enum Opcode : uint8_t {
  kHardResetClientV1 = 1,
  kHardResetServerV1 = 2,
  kSoftReset = 3,
  kControl = 4,
  kAck = 5,
  kDataV1 = 6,
  kHardResetClientV2 = 7,
  kHardResetServerV2 = 8,
  kDataV2 = 9,
  kHardResetClientV3 = 10,
  kControlWithKey = 11,
};

constexpr uint32_t kSessionOctets = 1 + 8;           // opcode and session id
constexpr uint32_t kReplayOctets = 4 + 4;            // packet id and time
constexpr uint32_t kTlsCryptOctets = kReplayOctets + 32;  // HMAC-SHA256, tls_crypt.h
constexpr uint32_t kHmacOctets[] = {16, 20, 32, 48, 64};  // MD5, SHA-1, SHA-2
constexpr uint32_t kAcknowledgedMax = 8;             // RELIABLE_ACK_SIZE, reliable.h
constexpr uint32_t kEarlyNegotiationOctets = 6;      // a TLV of flags behind a hard reset, since 2.6
constexpr uint32_t kWrappedKeyOctetsMin = 256 + 32 + 2;  // key, tag and length of tls-crypt-v2
constexpr uint32_t kDataOctetsMin = 1 + 4 + 16;      // packet id and tag
constexpr uint32_t kMessageIdMax = 1 << 16;          // control messages of one session
constexpr uint32_t kReplayIdMax = 1 << 20;
// The upper octet of a replay id that asks for a stateless handshake: 2.6, and the versions that led to it.
constexpr uint32_t kEarlyNegotiation = 0x0f;
constexpr uint32_t kEarlyNegotiationBefore = 0x0a;
constexpr uint32_t kTimeMin = 1'262'304'000;         // 2010 and 2060: a clock that is not far off
constexpr uint32_t kTimeMax = 2'840'140'800;

bool isHardReset(uint8_t opcode) {
  return opcode == kHardResetClientV1 || opcode == kHardResetServerV1 || opcode == kHardResetClientV2 ||
         opcode == kHardResetServerV2 || opcode == kHardResetClientV3;
}

bool isZero64(const uint8_t* bytes) { return (read32(bytes) | read32(bytes + 4)) == 0; }

// Acknowledged ids, the other side's session id if there are any, this message's id, and the TLS octets; `at` is where
// that starts. A message of which less was captured is not recognised.
bool isBody(const Payload& payload, uint32_t at, uint8_t opcode) {
  if (at >= payload.captured) return false;
  const uint32_t acknowledged = payload.bytes[at++];
  const uint32_t idOctets = opcode == kAck ? 0 : 4;
  const uint32_t ids = acknowledged * 4 + (acknowledged > 0 ? 8 : 0) + idOctets;
  if (acknowledged > kAcknowledgedMax || ids > payload.captured - at) return false;
  for (uint32_t i = 0; i < acknowledged; ++i, at += 4) {
    if (read32(payload.bytes + at) > kMessageIdMax) return false;
  }
  if (acknowledged > 0) {
    if (isZero64(payload.bytes + at)) return false;
    at += 8;
  }
  if (opcode == kAck) return acknowledged > 0 && at == payload.octets;
  const uint32_t id = read32(payload.bytes + at);
  const uint32_t rest = payload.octets - at - idOctets;
  if (isHardReset(opcode)) return id == 0 && (rest == 0 || rest == kEarlyNegotiationOctets);
  return id <= kMessageIdMax && (rest > 0 || opcode == kSoftReset);
}

// tls-auth and tls-crypt count their messages from 1 and stamp them.
bool isReplay(const Payload& payload, uint32_t at) {
  if (at + kReplayOctets > payload.captured) return false;
  const uint32_t id = read32(payload.bytes + at);
  const uint32_t mark = id >> 24;
  const uint32_t count = mark == kEarlyNegotiation || mark == kEarlyNegotiationBefore ? id & 0xffffff : id;
  const uint32_t time = read32(payload.bytes + at + 4);
  return id != 0 && count < kReplayIdMax && time >= kTimeMin && time <= kTimeMax;
}

bool isTlsAuth(const Payload& payload, uint8_t opcode) {
  for (const uint32_t hmac : kHmacOctets) {
    const uint32_t replay = kSessionOctets + hmac;
    if (isReplay(payload, replay) && isBody(payload, replay + kReplayOctets, opcode)) return true;
  }
  return false;
}

// Behind `before` octets, an array of acknowledged ids with the other side's session id, or, but in an ACK, none.
bool isArrayLength(uint32_t body, uint32_t before, bool mayBeNone) {
  if (body < before) return false;
  const uint32_t array = body - before;
  if (array == 0) return mayBeNone;
  return array % 4 == 0 && array >= 4 + 8 && array <= kAcknowledgedMax * 4 + 8;
}

// The body is ciphertext, but its length is the body's.
bool isTlsCryptLength(uint32_t body, uint8_t opcode) {
  switch (opcode) {
    case kHardResetClientV1:
    case kHardResetServerV1:
    case kHardResetClientV2:
    case kHardResetServerV2:
      return isArrayLength(body, 1 + 4, true) || isArrayLength(body, 1 + 4 + kEarlyNegotiationOctets, true);
    case kHardResetClientV3:
    case kControlWithKey:
      return body >= 1 + 4 + kWrappedKeyOctetsMin;
    case kAck:
      return isArrayLength(body, 1, false);
    default:
      return body >= 1 + 4;
  }
}

bool isTlsCrypt(const Payload& payload, uint8_t opcode) {
  if (payload.octets < kSessionOctets + kTlsCryptOctets) return false;
  return isReplay(payload, kSessionOctets) &&
         isTlsCryptLength(payload.octets - kSessionOctets - kTlsCryptOctets, opcode);
}

bool isControl(const Payload& payload, uint8_t opcode, uint8_t key) {
  if (payload.captured < kSessionOctets || isZero64(payload.bytes + 1)) return false;
  if (isHardReset(opcode) && key != 0) return false;
  if (opcode == kHardResetClientV3 || opcode == kControlWithKey) return isTlsCrypt(payload, opcode);
  return isBody(payload, kSessionOctets, opcode) || isTlsCrypt(payload, opcode) || isTlsAuth(payload, opcode);
}

HandshakeStep stepOf(uint8_t opcode) {
  switch (opcode) {
    case kHardResetClientV1:
    case kHardResetClientV2:
    case kHardResetClientV3: return HandshakeStep::kRequest;
    case kHardResetServerV1:
    case kHardResetServerV2: return HandshakeStep::kAnswer;
    case kDataV1:
    case kDataV2: return HandshakeStep::kData;
    default: return HandshakeStep::kNone;
  }
}

}  // namespace

bool readOpenVpnUdp(const Payload& payload, bool isKnownOpenVpn, VpnMessage& message) {
  message = {};
  if (payload.captured == 0) return false;
  const auto opcode = static_cast<uint8_t>(payload.bytes[0] >> 3);
  const auto key = static_cast<uint8_t>(payload.bytes[0] & 7);
  if (opcode < kHardResetClientV1 || opcode > kControlWithKey) return false;
  if (!isKnownOpenVpn && !isHardReset(opcode)) return false;
  const bool isData = opcode == kDataV1 || opcode == kDataV2;
  if (isData ? payload.octets < kDataOctetsMin : !isControl(payload, opcode, key)) return false;
  message.application = Application::kOpenVpn;
  message.type = opcode;
  message.step = stepOf(opcode);
  message.isResponse = message.step == HandshakeStep::kAnswer;
  return true;
}

bool readOpenVpnTcp(const Payload& payload, bool isKnownOpenVpn, VpnMessage& message) {
  message = {};
  if (payload.captured <= 2) return false;
  const uint32_t octets = read16(payload.bytes);
  const uint32_t present = payload.captured - 2;
  return readOpenVpnUdp({payload.bytes + 2, present < octets ? present : octets, octets}, isKnownOpenVpn, message);
}

}  // namespace phantommesh
