#include "icmp_echo.h"

#include <algorithm>

#include "../flow_key.h"
#include "../header_reader.h"
#include "text_measures.h"

namespace phantommesh {
namespace {

enum : uint8_t { kEchoReply = 0, kEchoRequest = 8, kEchoRequest6 = 128, kEchoReply6 = 129 };

bool isEchoRequest(const Packet& packet) {
  return packet.icmpType == (packet.protocol == kIcmp ? kEchoRequest : kEchoRequest6);
}

bool isEchoReply(const Packet& packet) {
  return packet.icmpType == (packet.protocol == kIcmp ? kEchoReply : kEchoReply6);
}

}  // namespace

bool readIcmpEcho(const Packet& packet, const Payload& payload, IcmpEcho& echo) {
  echo = {};
  if (packet.protocol != kIcmp && packet.protocol != kIcmpv6) return false;
  // A header of which the type was not captured looks like an echo reply.
  if (packet.isFragment || packet.isTruncated || packet.icmpCode != 0) return false;
  echo.isReply = isEchoReply(packet);
  if (!echo.isReply && !isEchoRequest(packet)) return false;
  echo.payloadOctets = static_cast<uint16_t>(std::min<uint32_t>(payload.octets, UINT16_MAX));
  if (payload.bytes == nullptr) return true;
  echo.hasIdentifier = true;
  echo.identifier = read16(payload.bytes - 4);
  echo.sequence = read16(payload.bytes - 2);
  echo.payloadHash = hashOctets(payload.bytes, std::min(payload.captured, IcmpEcho::kHashedOctets));
  return true;
}

}  // namespace phantommesh
