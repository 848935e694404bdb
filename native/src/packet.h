// One decoded packet: what the decoder found, and nothing of the payload.
#pragma once

#include <cstdint>

namespace phantommesh {

// An address as 16 octets in network order; IPv4 stands in the first four, the rest is zero.
struct Address {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const Address&, const Address&) = default;
};

// TCP control bits, RFC 9293 section 3.1.
enum TcpBit : uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32, kEce = 64, kCwr = 128 };

struct Packet {
  uint64_t timestampUs = 0;       // since the epoch, from the kernel or the file
  Address source;
  Address destination;
  uint16_t sourcePort = 0;        // 0 where the protocol has none or a fragment hides it
  uint16_t destinationPort = 0;
  uint32_t octets = 0;            // layer 3, from the IP header
  uint32_t payloadOctets = 0;     // layer 4 payload by the headers, not by what was captured
  uint32_t tcpSequence = 0;
  uint32_t tcpAcknowledgement = 0;
  uint16_t tcpWindow = 0;
  uint16_t vlanId = 0;            // outermost tag; 0 means none
  uint16_t innerVlanId = 0;       // the tag within it (IEEE 802.1ad); 0 means none
  // Which VLAN and tunnel (flow_context.h); the flow table's, 0 means neither. Before the push: a mark of the tunnel.
  uint16_t context = 0;
  uint8_t ipVersion = 0;          // 4 or 6
  uint8_t protocol = 0;           // IANA protocol number after extension headers
  uint8_t tcpBits = 0;
  uint8_t ttl = 0;                // hop limit in IPv6
  uint8_t icmpType = 0;
  uint8_t icmpCode = 0;
  uint8_t interfaceIndex = 0;     // index of the capture source
  bool isFragment = false;        // any fragment but the first: ports are unknown
  bool isFirstFragment = false;   // has the ports that the other fragments lack
  uint32_t fragmentId = 0;        // IP identification, for fragments only
  bool isTruncated = false;       // the capture cut the transport header
  bool hasMetadata = false;       // something was read of its payload (metadata/packet_metadata.h)
  // For ICMP errors: the flow they quote (RFC 792, RFC 4443), so that a refusal counts against the right contact.
  bool quotesPacket = false;
  uint8_t quotedProtocol = 0;
  uint16_t quotedSourcePort = 0;
  uint16_t quotedDestinationPort = 0;
  Address quotedSource;
  Address quotedDestination;
};

}  // namespace phantommesh
