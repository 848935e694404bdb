// What the first packet of a flow is: a request that somebody should answer, an answer that somebody should have asked
// for, or neither.
#pragma once

#include <cstdint>

#include "decode_transport.h"
#include "flow.h"
#include "packet.h"

namespace phantommesh {

inline bool isIcmp(uint8_t protocol) { return protocol == kIcmp || protocol == kIcmpv6; }

// The port that a contact is about. In the key the ports of ICMP are types.
inline uint16_t servicePort(const FlowKey& key) { return isIcmp(key.protocol) ? uint16_t{0} : key.destinationPort; }

enum class FirstPacket : uint8_t { kRequest, kAnswer, kNeither };

FirstPacket classifyFirstPacket(const Packet& packet);

// An ICMP error that says nobody answers there: unreachable, but not "fragmentation needed" (RFC 792, RFC 1191, RFC
// 4443).
bool isUnreachable(const Packet& packet);

// An ICMP echo reply (RFC 792, RFC 4443).
bool isEchoReply(const Packet& packet);

}  // namespace phantommesh
