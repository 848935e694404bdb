#include "decode_transport.h"

#include "header_reader.h"

namespace phantommesh {
namespace {

// A header that is shorter on the wire than its protocol demands is the sender's fault, not the capture's.
bool isCutByCapture(const Transport& transport, uint32_t needed) {
  return transport.captured < needed && transport.octets > transport.captured;
}

uint32_t minus(uint32_t octets, uint32_t header) { return octets > header ? octets - header : 0; }

void decodeTcp(const Transport& tcp, Packet& packet) {
  packet.payloadOctets = minus(tcp.octets, 20);
  if (tcp.captured < 16) {
    packet.isTruncated |= isCutByCapture(tcp, 16);
    return;
  }
  const uint8_t* header = tcp.bytes;
  packet.tcpSequence = read32(header + 4);
  packet.tcpAcknowledgement = read32(header + 8);
  packet.tcpBits = header[13];
  packet.tcpWindow = read16(header + 14);
  packet.payloadOctets = minus(tcp.octets, (header[12] >> 4) * 4u);
}

// Type and code decide; errors quote the start of the packet they are about (RFC 792; RFC 4443 section 2.4 c).
bool isError(const Packet& packet) {
  if (packet.protocol == kIcmpv6) return packet.icmpType >= 1 && packet.icmpType <= 4;
  switch (packet.icmpType) {
    case 3:   // destination unreachable
    case 4:   // source quench
    case 5:   // redirect
    case 11:  // time exceeded
    case 12:  // parameter problem
      return true;
    default:
      return false;
  }
}

struct Quoted {
  uint8_t protocol = 0;
  Address source;
  Address destination;
  uint32_t headerLength = 0;
  bool isLaterFragment = false;
};

bool readQuotedHeader(const uint8_t* bytes, uint32_t length, Quoted& quoted) {
  if (length >= 20 && bytes[0] >> 4 == 4) {
    quoted.headerLength = (bytes[0] & 15u) * 4;
    quoted.isLaterFragment = (read16(bytes + 6) & 0x1fff) != 0;
    quoted.protocol = bytes[9];
    quoted.source = readAddress4(bytes + 12);
    quoted.destination = readAddress4(bytes + 16);
    return quoted.headerLength >= 20;
  }
  if (length >= 40 && bytes[0] >> 4 == 6) {
    // Extension headers in a quoted packet are not walked: the quote then names no ports and matches no flow.
    quoted.headerLength = 40;
    quoted.protocol = bytes[6];
    quoted.source = readAddress6(bytes + 8);
    quoted.destination = readAddress6(bytes + 24);
    return true;
  }
  return false;
}

void decodeQuoted(const uint8_t* bytes, uint32_t length, Packet& packet) {
  Quoted quoted;
  if (!readQuotedHeader(bytes, length, quoted)) return;
  packet.quotesPacket = true;
  packet.quotedProtocol = quoted.protocol;
  packet.quotedSource = quoted.source;
  packet.quotedDestination = quoted.destination;
  if (quoted.isLaterFragment || length < quoted.headerLength + 4) return;
  const uint8_t* transport = bytes + quoted.headerLength;
  if (quoted.protocol == kTcp || quoted.protocol == kUdp || quoted.protocol == kSctp) {
    packet.quotedSourcePort = read16(transport);
    packet.quotedDestinationPort = read16(transport + 2);
  } else if (quoted.protocol == kIcmp || quoted.protocol == kIcmpv6) {
    packet.quotedSourcePort = transport[0];  // type and code; flow_key.h maps them
    packet.quotedDestinationPort = transport[1];
  }
}

void decodeIcmp(const Transport& icmp, Packet& packet) {
  packet.payloadOctets = minus(icmp.octets, 8);
  if (icmp.captured < 2) {
    packet.isTruncated |= isCutByCapture(icmp, 2);
    return;
  }
  packet.icmpType = icmp.bytes[0];
  packet.icmpCode = icmp.bytes[1];
  if (!isError(packet)) return;
  if (icmp.captured > 8) decodeQuoted(icmp.bytes + 8, icmp.captured - 8, packet);
  packet.isTruncated |= !packet.quotesPacket && isCutByCapture(icmp, 8 + 40);
}

// Behind the `header` octets of the transport header; payloadOctets is known by now.
Payload payloadOf(const Transport& transport, uint32_t header, const Packet& packet) {
  if (transport.captured < header) return {nullptr, 0, packet.payloadOctets};
  const uint32_t present = transport.captured - header;
  const uint32_t captured = present < packet.payloadOctets ? present : packet.payloadOctets;
  return {transport.bytes + header, captured, packet.payloadOctets};
}

}  // namespace

void decodeTransport(const Transport& transport, Packet& packet, Payload& payload) {
  packet.payloadOctets = transport.octets;
  if (packet.isFragment) return;
  switch (packet.protocol) {
    case kTcp:
    case kUdp:
    case kSctp:
      if (transport.captured < 4) {
        packet.isTruncated |= isCutByCapture(transport, 4);
        return;
      }
      packet.sourcePort = read16(transport.bytes);
      packet.destinationPort = read16(transport.bytes + 2);
      if (packet.protocol == kTcp) decodeTcp(transport, packet);
      else packet.payloadOctets = minus(transport.octets, packet.protocol == kUdp ? 8 : 12);
      // A data offset that points into the header itself leaves no payload to read.
      if (packet.protocol != kTcp || transport.octets - packet.payloadOctets >= 20) {
        payload = payloadOf(transport, transport.octets - packet.payloadOctets, packet);
      }
      return;
    case kIcmp:
    case kIcmpv6:
      decodeIcmp(transport, packet);
      payload = payloadOf(transport, 8, packet);
      return;
    default:
      // No transport header that is known: tunnels (decode_tunnel.h) and all else.
      payload = {transport.bytes, transport.captured, transport.octets};
      return;
  }
}

}  // namespace phantommesh
