// Transport headers: ports, TCP fields, ICMP with the packet it quotes.
#pragma once

#include <cstdint>

#include "packet.h"
#include "payload.h"

namespace phantommesh {

enum Protocol : uint8_t {
  kIcmp = 1,
  kIpv4InIp = 4,  // RFC 2003
  kTcp = 6,
  kUdp = 17,
  kIpv6InIp = 41,  // RFC 2473, RFC 4213
  kGre = 47,       // RFC 2784
  kIcmpv6 = 58,
  kSctp = 132
};

struct Transport {
  const uint8_t* bytes;
  uint32_t captured;  // at most `octets`
  uint32_t octets;    // by the IP header
};

// Fills the transport fields and says where the payload is. What the capture cut leaves zeros and `isTruncated`; a
// fragment other than the first has no header.
void decodeTransport(const Transport& transport, Packet& packet, Payload& payload);

}  // namespace phantommesh
