#include "decode_tunnel.h"

#include "decode_link.h"
#include "header_reader.h"
#include "layer.h"

namespace phantommesh {
namespace {

constexpr int kGtpExtensionsMax = 8;

// GRE protocol types are EtherTypes, with some of their own.
constexpr uint16_t kTransparentEthernet = 0x6558;  // RFC 1701
constexpr uint16_t kErspan2 = 0x88be;              // type I too, then without a sequence number
constexpr uint16_t kErspan3 = 0x22eb;
constexpr uint16_t kGrePpp = 0x880b;
constexpr uint16_t kWccp = 0x883e;           // draft-wilson-wrec-wccp-v2
constexpr uint16_t kArubaFirst = 0x8200;     // 802.11 frames from an access point to its controller
constexpr uint16_t kArubaLast = 0x820f;

bool holds(const Layer& layer, uint32_t octets) { return layer.captured >= octets; }

bool setInner(Inner& inner, TunnelKind kind, LinkType linkType, const Layer& layer) {
  inner.kind = kind;
  inner.linkType = linkType;
  inner.captured = {layer.bytes, layer.captured, layer.wire};
  return layer.captured != 0;
}

// What GRE and Geneve name by an EtherType.
bool setByEtherType(Inner& inner, TunnelKind kind, uint16_t etherType, const Layer& layer) {
  switch (etherType) {
    case kEtherTypeIpv4:
    case kEtherTypeIpv6:
      return setInner(inner, kind, LinkType::kRawIp, layer);
    case kTransparentEthernet:
      return setInner(inner, kind, LinkType::kEthernet, layer);
    case kEtherTypeMpls:
      return setInner(inner, kind, LinkType::kMpls, layer);
    default:
      return false;
  }
}

// Type I has no header of its own, type II eight octets, type III twelve and, with the O bit, eight more.
bool findErspan(uint16_t protocol, bool hasSequence, const Layer& layer, Inner& inner) {
  if (protocol == kErspan2 && !hasSequence) return setInner(inner, TunnelKind::kErspan, LinkType::kEthernet, layer);
  uint32_t length = protocol == kErspan2 ? 8 : 12;
  if (!holds(layer, length)) return false;
  const bool isOther = layer.bytes[0] >> 4 != (protocol == kErspan2 ? 1 : 2);
  if (isOther) return false;
  inner.id = read16(layer.bytes + 2) & 0x3ff;
  if (protocol == kErspan3 && (layer.bytes[11] & 1) != 0) length += 8;
  if (!holds(layer, length)) return false;
  return setInner(inner, TunnelKind::kErspan, LinkType::kEthernet, layer.after(length));
}

// Version 2 puts four octets before the packet, version 1 none; only the packet's first nibble tells.
bool findWccp(const Layer& layer, Inner& inner) {
  const bool isIp = holds(layer, 1) && layer.bytes[0] >> 4 == 4;
  if (!isIp && !holds(layer, 4)) return false;
  return setInner(inner, TunnelKind::kGre, LinkType::kRawIp, isIp ? layer : layer.after(4));
}

// RFC 2637 section 4.1. Without a sequence number it is an acknowledgement only.
bool findPptp(uint16_t flags, const Layer& gre, Inner& inner) {
  const bool hasSequence = (flags & 0x1000) != 0;
  const bool hasAcknowledgement = (flags & 0x0080) != 0;
  const uint32_t length = 8 + 4 + (hasAcknowledgement ? 4 : 0);
  if (read16(gre.bytes + 2) != kGrePpp || !hasSequence || !holds(gre, length)) return false;
  return setInner(inner, TunnelKind::kPptp, LinkType::kPpp, gre.after(length));
}

// RFC 2784, RFC 2890.
bool findGre(const Layer& gre, Inner& inner) {
  if (!holds(gre, 4)) return false;
  const uint16_t flags = read16(gre.bytes);
  const uint16_t protocol = read16(gre.bytes + 2);
  const bool hasRouting = (flags & 0x4000) != 0;  // RFC 1701; RFC 2784 has receivers discard it
  const uint32_t version = flags & 7;
  if (version == 1 && holds(gre, 8)) return findPptp(flags, gre, inner);
  if (version != 0 || hasRouting) return false;
  const bool hasChecksum = (flags & 0x8000) != 0;
  const bool hasKey = (flags & 0x2000) != 0;
  const bool hasSequence = (flags & 0x1000) != 0;
  const uint32_t keyAt = 4 + (hasChecksum ? 4 : 0);
  const uint32_t length = keyAt + (hasKey ? 4 : 0) + (hasSequence ? 4 : 0);
  if (!holds(gre, length)) return false;
  if (hasKey) inner.id = read32(gre.bytes + keyAt);
  const Layer layer = gre.after(length);
  if (protocol == kErspan2 || protocol == kErspan3) return findErspan(protocol, hasSequence, layer, inner);
  if (protocol == kWccp) return findWccp(layer, inner);
  if (protocol == kGrePpp) return setInner(inner, TunnelKind::kGre, LinkType::kPpp, layer);
  if (protocol >= kArubaFirst && protocol <= kArubaLast) {
    return setInner(inner, TunnelKind::kGre, LinkType::kIeee80211, layer);
  }
  return setByEtherType(inner, TunnelKind::kGre, protocol, layer);
}

// The I flag must be set and what is reserved 0, but for the policy extension (draft-smith-vxlan-group-policy: flag
// 0x80, with 0x40 and 0x08 in the second octet, and a group).
bool findVxlan(const Layer& vxlan, Inner& inner) {
  if (!holds(vxlan, 8)) return false;
  const uint8_t flags = vxlan.bytes[0];
  const bool hasPolicy = flags == 0x88;
  if (flags != 0x08 && !hasPolicy) return false;
  if (vxlan.bytes[7] != 0 || (!hasPolicy && (read32(vxlan.bytes) & 0x00ff'ffff) != 0)) return false;
  inner.id = read32(vxlan.bytes + 4) >> 8;
  return setInner(inner, TunnelKind::kVxlan, LinkType::kEthernet, vxlan.after(8));
}

bool findVxlanGpe(const Layer& vxlan, Inner& inner) {
  if (!holds(vxlan, 8)) return false;
  constexpr uint8_t kVersion = 0x30, kInstance = 0x08, kNextProtocol = 0x04;
  if ((vxlan.bytes[0] & (kVersion | kInstance | kNextProtocol)) != (kInstance | kNextProtocol)) return false;
  if (vxlan.bytes[1] != 0 || vxlan.bytes[2] != 0 || vxlan.bytes[7] != 0) return false;
  inner.id = read32(vxlan.bytes + 4) >> 8;
  switch (vxlan.bytes[3]) {
    case 1:
    case 2:
      return setInner(inner, TunnelKind::kVxlan, LinkType::kRawIp, vxlan.after(8));
    case 3:
      return setInner(inner, TunnelKind::kVxlan, LinkType::kEthernet, vxlan.after(8));
    default:
      return false;
  }
}

bool findGeneve(const Layer& geneve, Inner& inner) {
  if (!holds(geneve, 8)) return false;
  const bool isVersion0 = geneve.bytes[0] >> 6 == 0;
  const bool isReservedZero = (geneve.bytes[1] & 0x3f) == 0 && geneve.bytes[7] == 0;
  const uint32_t length = 8 + (geneve.bytes[0] & 0x3fu) * 4;
  if (!isVersion0 || !isReservedZero || !holds(geneve, length)) return false;
  inner.id = read32(geneve.bytes + 4) >> 8;
  return setByEtherType(inner, TunnelKind::kGeneve, read16(geneve.bytes + 2), geneve.after(length));
}

// Lengths that a header gives reach beyond the first fragment of a packet, whose rest comes later.
bool isWithin(uint32_t octets, const Layer& layer, bool isFirstFragment) {
  return octets <= layer.wire || isFirstFragment;
}

// TS 29.281 section 5: version 1, protocol type 1, a G-PDU. Any of the flags E, S and PN adds four octets, the last of
// which is the type of the first extension header.
bool findGtpU(const Layer& gtp, bool isFirstFragment, Inner& inner) {
  constexpr uint8_t kGPdu = 255;
  if (!holds(gtp, 8)) return false;
  const uint8_t flags = gtp.bytes[0];
  if ((flags & 0xf8) != 0x30 || gtp.bytes[1] != kGPdu) return false;
  if (!isWithin(read16(gtp.bytes + 2) + 8u, gtp, isFirstFragment)) return false;
  uint32_t length = 8;
  if ((flags & 7) != 0) {
    if (!holds(gtp, 12)) return false;
    length = 12;
    uint8_t next = (flags & 4) != 0 ? gtp.bytes[11] : uint8_t{0};
    for (int i = 0; next != 0; ++i) {
      if (i == kGtpExtensionsMax || !holds(gtp, length + 4) || gtp.bytes[length] == 0) return false;
      length += gtp.bytes[length] * 4u;
      if (!holds(gtp, length)) return false;
      next = gtp.bytes[length - 1];
    }
  }
  return setInner(inner, TunnelKind::kGtpU, LinkType::kRawIp, gtp.after(length));
}

// What Teredo carries is IPv6 to or from an address of its own prefix, 2001:0::/32 (RFC 4380 section 2.6), or, with the
// server, between link-local ones (section 5.2.1).
bool isTeredoPacket(const Layer& ip, bool isAnyPort, bool isFirstFragment) {
  if (!holds(ip, 40) || ip.bytes[0] >> 4 != 6) return false;
  const uint32_t octets = 40u + read16(ip.bytes + 4);
  // A bubble may have more behind it, which belongs to nobody; on a port that is not Teredo's nothing may.
  if (!isWithin(octets, ip, isFirstFragment) || (isAnyPort && octets < ip.wire)) return false;
  constexpr uint32_t kPrefix = 0x2001'0000;
  const bool isOwn = read32(ip.bytes + 8) == kPrefix || read32(ip.bytes + 24) == kPrefix;
  const bool isLinkLocal = (read16(ip.bytes + 8) & 0xffc0) == 0xfe80;
  return isOwn || (isLinkLocal && !isAnyPort);
}

// Section 5.1.1: an authentication header, then an origin indication, then the packet; both may be missing.
bool findTeredo(Layer teredo, bool isFirstFragment, Inner& inner) {
  if (holds(teredo, 13) && read16(teredo.bytes) == 0x0001) {
    const uint32_t length = 13u + teredo.bytes[2] + teredo.bytes[3];
    if (!holds(teredo, length)) return false;
    teredo = teredo.after(length);
  }
  if (holds(teredo, 8) && read16(teredo.bytes) == 0x0000) teredo = teredo.after(8);
  return isTeredoPacket(teredo, false, isFirstFragment) &&
         setInner(inner, TunnelKind::kTeredo, LinkType::kRawIp, teredo);
}

// Section 2 of the draft: lengths of identity (a power of two) and signature (words), the operation in the low half of
// the third octet, of which 1 is forward, and an IP protocol.
bool findAyiya(const Layer& ayiya, Inner& inner) {
  if (!holds(ayiya, 8) || (ayiya.bytes[2] & 15) != 1) return false;
  const uint8_t next = ayiya.bytes[3];
  if (next != kIpv4InIp && next != kIpv6InIp) return false;
  const uint32_t length = 8 + (1u << (ayiya.bytes[0] >> 4)) + (ayiya.bytes[1] >> 4) * 4u;
  if (!holds(ayiya, length + 1)) return false;
  const Layer ip = ayiya.after(length);
  return ip.bytes[0] >> 4 == (next == kIpv6InIp ? 6 : 4) && setInner(inner, TunnelKind::kAyiya, LinkType::kRawIp, ip);
}

// RFC 5415 section 4.3, 4.4: type 0 is a header in clear; three bits of version and DTLS first. With the T bit the
// frame is the radio's own, 802.11 for binding 1; else Ethernet. Fragments (F) are not put together.
bool findCapwap(const Layer& capwap, Inner& inner) {
  if (!holds(capwap, 8) || capwap.bytes[0] != 0) return false;
  const uint32_t bits = read32(capwap.bytes);
  const uint32_t length = ((bits >> 19) & 0x1f) * 4;
  const uint32_t binding = (bits >> 9) & 0x1f;
  const bool isNative = (bits & 0x100) != 0;
  const bool isFragment = (bits & 0x80) != 0;
  const bool isKeepAlive = (bits & 0x08) != 0;
  if (length < 8 || isFragment || isKeepAlive || !holds(capwap, length)) return false;
  const Layer frame = capwap.after(length);
  if (!isNative) return setInner(inner, TunnelKind::kCapwap, LinkType::kEthernet, frame);
  if (binding != 1 || !holds(frame, 2)) return false;
  // Cisco's access points swap the two octets of the frame control field; a data frame's first is 8 in its lower half.
  const bool isSwapped = (frame.bytes[0] & 15) != 8 && (frame.bytes[1] & 15) == 8;
  const LinkType linkType = isSwapped ? LinkType::kIeee80211Swapped : LinkType::kIeee80211;
  return setInner(inner, TunnelKind::kCapwap, linkType, frame);
}

bool findBehindPort(uint16_t port, const Layer& layer, bool isFirstFragment, Inner& inner) {
  switch (port) {
    case kGtpUPort: return findGtpU(layer, isFirstFragment, inner);
    case kTeredoPort: return findTeredo(layer, isFirstFragment, inner);
    case kVxlanPort:
    case kLinuxVxlanPort: return findVxlan(layer, inner);
    case kVxlanGpePort: return findVxlanGpe(layer, inner);
    case kAyiyaPort: return findAyiya(layer, inner);
    case kCapwapPort: return findCapwap(layer, inner);
    case kGenevePort: return findGeneve(layer, inner);
    default: return false;
  }
}

// A tunnel's packets go to its port, whatever they come from; Teredo's and CAPWAP's answers come from it.
bool findInUdp(const Packet& packet, const Layer& layer, Inner& inner) {
  for (const uint16_t port : {packet.destinationPort, packet.sourcePort}) {
    if (findBehindPort(port, layer, packet.isFirstFragment, inner)) return true;
    inner = Inner{};
  }
  return isTeredoPacket(layer, true, packet.isFirstFragment) &&
         setInner(inner, TunnelKind::kTeredo, LinkType::kRawIp, layer);
}

}  // namespace

bool findInner(const Packet& packet, const Payload& payload, Inner& inner) {
  const Layer layer{payload.bytes, payload.captured, payload.octets};
  inner = Inner{};
  switch (packet.protocol) {
    case kIpv4InIp:
    case kIpv6InIp:
      return setInner(inner, TunnelKind::kIpInIp, LinkType::kRawIp, layer);
    case kGre:
      return findGre(layer, inner);
    case kUdp:
      return findInUdp(packet, layer, inner);
    default:
      return false;
  }
}

}  // namespace phantommesh
