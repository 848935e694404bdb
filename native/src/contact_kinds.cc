#include "contact_kinds.h"

#include <algorithm>
#include <cstring>

namespace phantommesh {
namespace {

// UDP services that answer strangers with more than they were sent, by the ports from which their answers come. Sorted.
// From CISA TA14-017A: 17 QOTD, 19 CharGEN, 53, 69 TFTP, 111 portmap, 123, 137 NetBIOS, 161 SNMP, 389 CLDAP, 520 RIPv1,
// 1900 SSDP, 5353 mDNS, 11211 memcached, 27015 Steam, 27960 Quake (its BitTorrent and Kad have no fixed port). From
// later advisories (Shadowserver's reports of open services, NETSCOUT, Akamai): 177 XDMCP, 427 SLP, 500 and 4500 IKE,
// 623 IPMI, 1434 SQL browser, 3283 ARD, 3389 RDP, 3478 STUN, 3702 WS-Discovery, 5093 Sentinel, 5351 NAT-PMP, 5683 CoAP,
// 10001 Ubiquiti, 10074 TP-240, 32414 Plex, 33848 Jenkins, 37810 DVR discovery.
constexpr uint16_t kAmplifiers[] = {
    17,   19,   53,   69,   111,  123,  137,  161,  177,   389,   427,   500,   520,   623,   1434,  1900,  3283,
    3389, 3478, 3702, 4500, 5093, 5351, 5353, 5683, 10001, 10074, 11211, 27015, 27960, 32414, 33848, 37810};
static_assert(std::ranges::is_sorted(kAmplifiers));

bool isAmplifier(uint16_t port) { return std::ranges::binary_search(kAmplifiers, port); }

// IPv4: 224/4 and up (RFC 1112, limited broadcast); x.x.x.255 is a broadcast address in the usual prefixes. IPv6:
// ff00::/8.
bool isManyDestinations(const Packet& packet) {
  uint8_t octets[16];
  std::memcpy(octets, &packet.destination, sizeof octets);
  if (packet.ipVersion == 6) return octets[0] == 0xff;
  return octets[0] >= 224 || (octets[3] == 255 && packet.protocol != kTcp);
}

// All but the first segment of a connection carry ACK (RFC 9293, 3.10.7), or refuse with RST. So without either it is a
// SYN, or one of the probes that scanners send to hear a refusal (NULL, FIN, Xmas).
FirstPacket classifyTcp(uint8_t bits) {
  if ((bits & kRst) != 0 || (bits & (kSyn | kAck)) == (kSyn | kAck)) return FirstPacket::kAnswer;
  return (bits & kAck) != 0 ? FirstPacket::kNeither : FirstPacket::kRequest;
}

// An answer comes from a service's port to another one. Ports 512..1023 are also those of privileged clients
// (rresvport: NFS, rsh), so from there only listed services count; likewise between two ports of services.
FirstPacket classifyUdp(uint16_t sourcePort, uint16_t destinationPort) {
  if (sourcePort == destinationPort) return FirstPacket::kRequest;
  const bool isServiceToClient = sourcePort < 512 && destinationPort >= 1024;
  const bool isFromAmplifier = isAmplifier(sourcePort) && !isAmplifier(destinationPort);
  return isServiceToClient || isFromAmplifier ? FirstPacket::kAnswer : FirstPacket::kRequest;
}

}  // namespace

FirstPacket classifyFirstPacket(const Packet& packet) {
  if (packet.isFragment || packet.isTruncated || isManyDestinations(packet)) return FirstPacket::kNeither;
  switch (packet.protocol) {
    case kTcp:
      return classifyTcp(packet.tcpBits);
    case kUdp:
      return classifyUdp(packet.sourcePort, packet.destinationPort);
    case kIcmp:
    case kIcmpv6:
      if (isEchoReply(packet)) return FirstPacket::kAnswer;
      return packet.icmpType == (packet.protocol == kIcmp ? 8 : 128) ? FirstPacket::kRequest : FirstPacket::kNeither;
    default:
      return FirstPacket::kNeither;
  }
}

bool isUnreachable(const Packet& packet) {
  if (packet.protocol == kIcmpv6) return packet.icmpType == 1;
  return packet.protocol == kIcmp && packet.icmpType == 3 && packet.icmpCode != 4;
}

bool isEchoReply(const Packet& packet) {
  return packet.protocol == kIcmp ? packet.icmpType == 0 : packet.protocol == kIcmpv6 && packet.icmpType == 129;
}

}  // namespace phantommesh
