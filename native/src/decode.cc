#include "decode.h"

#include "decode_link.h"
#include "decode_transport.h"
#include "header_reader.h"
#include "layer.h"

namespace phantommesh {
namespace {

using Failure = std::optional<DecodeFailure>;

// What the header says, but not more than was on the wire: else sixty octets could claim to be 64 kB and spoil every
// counter of volume (the receiver drops such a packet). A length of 0 is segmentation offload's, or a jumbogram's: the
// wire knows.
uint32_t octetsOnWire(uint32_t claimed, const Layer& ip) {
  return claimed == 0 || claimed > ip.wire ? ip.wire : claimed;
}

Failure decodeIpv4(const Layer& ip, Packet& packet, Carried& carried) {
  if (ip.captured < 20) return DecodeFailure::ipHeaderTruncated;
  const uint8_t* header = ip.bytes;
  if (header[0] >> 4 != 4) return DecodeFailure::ipVersionInvalid;
  const uint32_t headerLength = (header[0] & 15u) * 4;
  if (headerLength < 20) return DecodeFailure::ipHeaderLengthInvalid;
  const uint32_t octets = octetsOnWire(read16(header + 2), ip);
  if (octets < headerLength) return DecodeFailure::ipTotalLengthInvalid;

  packet.ipVersion = 4;
  packet.octets = octets;
  packet.ttl = header[8];
  packet.protocol = header[9];
  packet.source = readAddress4(header + 12);
  packet.destination = readAddress4(header + 16);
  const uint32_t fragment = read16(header + 6);
  const bool moreFragments = (fragment & 0x2000) != 0;
  packet.isFragment = (fragment & 0x1fff) != 0;
  packet.isFirstFragment = moreFragments && !packet.isFragment;
  if (packet.isFragment || packet.isFirstFragment) packet.fragmentId = read16(header + 4);

  const uint32_t payload = octets - headerLength;
  const uint32_t present = ip.captured > headerLength ? ip.captured - headerLength : 0;
  decodeTransport({header + headerLength, present < payload ? present : payload, payload}, packet, carried.payload);
  return std::nullopt;
}

constexpr bool isExtensionHeader(uint8_t protocol) {
  switch (protocol) {
    case 0:    // hop-by-hop options
    case 43:   // routing
    case 44:   // fragment
    case 51:   // authentication
    case 60:   // destination options
    case 135:  // mobility
    case 139:  // host identity
    case 140:  // shim6
      return true;
    default:
      return false;
  }
}

// Walks the extension headers from `offset` on; returns the offset of what follows them, or of the header where it had
// to stop. A chain cut by the capture, or longer than the bound, leaves `protocol` at the header that could not be
// passed.
uint32_t skipExtensionHeaders(const Layer& ip, uint32_t offset, Packet& packet) {
  for (int i = 0; i < kExtensionHeadersMax && isExtensionHeader(packet.protocol) && !packet.isFragment; ++i) {
    if (offset + 8 > ip.captured) {
      packet.isTruncated = ip.wire > ip.captured;
      return offset;
    }
    const uint8_t* header = ip.bytes + offset;
    uint32_t length = (header[1] + 1u) * 8;
    if (packet.protocol == 44) {
      length = 8;
      const uint32_t fragment = read16(header + 2);
      packet.isFragment = (fragment & 0xfff8) != 0;
      packet.isFirstFragment = (fragment & 1) != 0 && !packet.isFragment;
      if (packet.isFragment || packet.isFirstFragment) packet.fragmentId = read32(header + 4);
    } else if (packet.protocol == 51) {
      length = (header[1] + 2u) * 4;  // RFC 4302 section 2.2
    }
    packet.protocol = header[0];
    offset += length;
  }
  return offset;
}

Failure decodeIpv6(const Layer& ip, Packet& packet, Carried& carried) {
  if (ip.captured < 40) return DecodeFailure::ipHeaderTruncated;
  const uint8_t* header = ip.bytes;
  if (header[0] >> 4 != 6) return DecodeFailure::ipVersionInvalid;
  const uint32_t payloadLength = read16(header + 4);
  packet.octets = octetsOnWire(payloadLength == 0 ? 0 : 40 + payloadLength, ip);
  packet.ipVersion = 6;
  packet.protocol = header[6];
  packet.ttl = header[7];
  packet.source = readAddress6(header + 8);
  packet.destination = readAddress6(header + 24);

  const uint32_t offset = skipExtensionHeaders(ip, 40, packet);
  const uint32_t payload = packet.octets > offset ? packet.octets - offset : 0;
  const uint32_t present = ip.captured > offset ? ip.captured - offset : 0;
  const uint8_t* transport = ip.bytes + (present != 0 ? offset : 0);
  decodeTransport({transport, present < payload ? present : payload, payload}, packet, carried.payload);
  return std::nullopt;
}

Failure decodeIp(const Layer& ip, Packet& packet, Carried& carried) {
  if (ip.captured == 0) return DecodeFailure::ipHeaderTruncated;
  const uint8_t version = ip.bytes[0] >> 4;
  if (version == 4) return decodeIpv4(ip, packet, carried);
  if (version == 6) return decodeIpv6(ip, packet, carried);
  return DecodeFailure::ipVersionInvalid;
}

// `link` is what its EtherType says. Most packets are IP at once; whatever stands before it is passed.
Failure decodeEtherType(Link link, Packet& packet, Carried& carried) {
  if (link.etherType == kEtherTypeIpv4) return decodeIpv4(link.layer, packet, carried);
  if (link.etherType == kEtherTypeIpv6) return decodeIpv6(link.layer, packet, carried);
  if (const Failure failure = passLinkHeaders(link, packet)) return failure;
  return link.etherType == kEtherTypeIpv4 ? decodeIpv4(link.layer, packet, carried)
                                          : decodeIpv6(link.layer, packet, carried);
}

// A link type with a header of its own; the EtherType is what it says follows.
template <class Pass>
Failure decodeBehind(Pass pass, const Layer& frame, Packet& packet, Carried& carried) {
  Link link{0, frame};
  if (const Failure failure = pass(link)) return failure;
  return decodeEtherType(link, packet, carried);
}

// DLT_NULL writes the address family in the byte order of the machine that captured, DLT_LOOP in network order, and
// AF_INET6 is 10, 24, 28 or 30: the version nibble of what follows tells more.
Failure decodeLoopback(const Layer& frame, Packet& packet, Carried& carried) {
  if (frame.captured < 4) return DecodeFailure::linkHeaderTruncated;
  const Layer ip = frame.after(4);
  if (ip.captured != 0 && ip.bytes[0] >> 4 != 4 && ip.bytes[0] >> 4 != 6) return DecodeFailure::notIp;
  return decodeIp(ip, packet, carried);
}

}  // namespace

std::optional<LinkType> linkTypeOf(uint32_t fileLinkType) {
  switch (fileLinkType) {
    case 0:    // NULL
    case 108:  // LOOP
      return LinkType::kLoopback;
    case 1:
      return LinkType::kEthernet;
    case 12:
    case 14:
    case 101:  // RAW
    case 228:  // IPV4
    case 229:  // IPV6
      return LinkType::kRawIp;
    case 113:
      return LinkType::kLinuxCookedV1;
    case 276:
      return LinkType::kLinuxCookedV2;
    case 9:    // PPP
    case 50:   // PPP_HDLC
      return LinkType::kPpp;
    case 51:  // PPP_ETHER
      return LinkType::kPppoe;
    case 104:  // C_HDLC
      return LinkType::kCiscoHdlc;
    case 105:  // IEEE802_11
      return LinkType::kIeee80211;
    case 127:  // IEEE802_11_RADIOTAP
      return LinkType::kRadiotap;
    default:
      return std::nullopt;
  }
}

const char* nameOf(DecodeFailure failure) {
  static constexpr const char* kNames[] = {
#define X(name) #name,
      PHANTOMMESH_DECODE_FAILURES(X)
#undef X
  };
  return kNames[static_cast<int>(failure)];
}

Failure decode(LinkType linkType, const Captured& captured, Packet& packet, Carried& carried) {
  carried = Carried{};
  const uint64_t timestampUs = packet.timestampUs;
  const uint8_t interfaceIndex = packet.interfaceIndex;
  packet = Packet{};
  packet.timestampUs = timestampUs;
  packet.interfaceIndex = interfaceIndex;

  const Layer frame{captured.bytes, captured.length, captured.wireLength};
  switch (linkType) {
    case LinkType::kEthernet:
      if (frame.captured < 14) return DecodeFailure::linkHeaderTruncated;
      return decodeEtherType({read16(frame.bytes + 12), frame.after(14)}, packet, carried);
    case LinkType::kLinuxCookedV1:
      if (frame.captured < 16) return DecodeFailure::linkHeaderTruncated;
      return decodeEtherType({read16(frame.bytes + 14), frame.after(16)}, packet, carried);
    case LinkType::kLinuxCookedV2:
      if (frame.captured < 20) return DecodeFailure::linkHeaderTruncated;
      return decodeEtherType({read16(frame.bytes), frame.after(20)}, packet, carried);
    case LinkType::kRawIp:
      return decodeIp(frame, packet, carried);
    case LinkType::kLoopback:
      return decodeLoopback(frame, packet, carried);
    case LinkType::kPpp:
      return decodeBehind(passPpp, frame, packet, carried);
    case LinkType::kPppoe:
      return decodeBehind(passPppoe, frame, packet, carried);
    case LinkType::kCiscoHdlc:
      // Address and control, then an EtherType (RFC 1547 section 4.3.1).
      if (frame.captured < 4) return DecodeFailure::linkHeaderTruncated;
      return decodeEtherType({read16(frame.bytes + 2), frame.after(4)}, packet, carried);
    case LinkType::kIeee80211:
      return decodeBehind(passIeee80211, frame, packet, carried);
    case LinkType::kIeee80211Swapped:
      return decodeBehind(passIeee80211Swapped, frame, packet, carried);
    case LinkType::kRadiotap:
      return decodeBehind(passRadiotap, frame, packet, carried);
    case LinkType::kMpls:
      return decodeEtherType({kEtherTypeMpls, frame}, packet, carried);
  }
  return DecodeFailure::linkTypeUnknown;
}

}  // namespace phantommesh
