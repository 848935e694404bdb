#include "decode_link.h"

#include <cstring>

#include "header_reader.h"

namespace phantommesh {
namespace {

using Failure = std::optional<DecodeFailure>;

constexpr uint16_t kEtherTypeVlan = 0x8100;          // IEEE 802.1Q
constexpr uint16_t kEtherTypeProvider = 0x88a8;      // IEEE 802.1ad
constexpr uint16_t kEtherTypeOldQinQ = 0x9100;       // before 802.1ad, still met
constexpr uint16_t kEtherTypeOlderQinQ = 0x9200;
constexpr uint16_t kEtherTypeMplsMulticast = 0x8848;  // RFC 5332: upstream-assigned labels
constexpr uint16_t kEtherTypePppoe = 0x8864;          // RFC 2516: the session stage; discovery carries no IP
constexpr uint16_t kEtherTypeBackbone = 0x88e7;       // IEEE 802.1ah, I-TAG
constexpr uint16_t kLengthsEnd = 0x0600;              // IEEE 802.3: below it the field is a length

constexpr uint16_t kPppIpv4 = 0x0021;  // IANA PPP numbers
constexpr uint16_t kPppIpv6 = 0x0057;
constexpr uint16_t kPppMpls = 0x0281;

Failure passVlanTag(Link& link, Packet& packet, int tag) {
  if (tag == kVlanTagsMax) return DecodeFailure::vlanTagsTooMany;
  if (link.layer.captured < 4) return DecodeFailure::linkHeaderTruncated;
  const uint16_t id = read16(link.layer.bytes) & 0x0fff;
  if (tag == 0) packet.vlanId = id;
  else if (tag == 1) packet.innerVlanId = id;
  link = {read16(link.layer.bytes + 2), link.layer.after(4)};
  return std::nullopt;
}

// The label stack says nowhere what it carries. Behind its bottom the first nibble tells (RFC 4928 section 3): 4 and 6
// are IP, 0 is the control word of a pseudowire (RFC 4385), which is taken to be Ethernet (RFC 4448). An Ethernet
// pseudowire without control word cannot be told from IP by its first octet; it is not looked for.
Failure passMpls(Link& link) {
  Layer layer = link.layer;
  for (int label = 0;; ++label) {
    if (label == kMplsLabelsMax) return DecodeFailure::mplsLabelsTooMany;
    if (layer.captured < 4) return DecodeFailure::linkHeaderTruncated;
    const bool isBottom = (layer.bytes[2] & 1) != 0;
    layer = layer.after(4);
    if (isBottom) break;
  }
  if (layer.captured == 0) return DecodeFailure::linkHeaderTruncated;
  switch (layer.bytes[0] >> 4) {
    case 4:
      link = {kEtherTypeIpv4, layer};
      return std::nullopt;
    case 6:
      link = {kEtherTypeIpv6, layer};
      return std::nullopt;
    case 0:
      if (layer.captured < 4 + 14) return DecodeFailure::linkHeaderTruncated;
      link = {read16(layer.bytes + 4 + 12), layer.after(4 + 14)};
      return std::nullopt;
    default:
      return DecodeFailure::notIp;
  }
}

// Service tag of four octets, then the customer's Ethernet header.
Failure passBackboneTag(Link& link) {
  if (link.layer.captured < 4 + 14) return DecodeFailure::linkHeaderTruncated;
  link = {read16(link.layer.bytes + 4 + 12), link.layer.after(4 + 14)};
  return std::nullopt;
}

// LLC with SNAP and OUI 0 carries an EtherType (RFC 1042).
Failure passSnap(Link& link) {
  static constexpr uint8_t kSnap[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
  if (link.layer.captured < 8 || std::memcmp(link.layer.bytes, kSnap, sizeof kSnap) != 0) return DecodeFailure::notIp;
  link = {read16(link.layer.bytes + 6), link.layer.after(8)};
  // A length again is no EtherType.
  return link.etherType < kLengthsEnd ? Failure{DecodeFailure::notIp} : std::nullopt;
}

}  // namespace

Failure passPpp(Link& link) {
  Layer layer = link.layer;
  // Address and control, which peers may agree to leave out (RFC 1661 section 6.6).
  if (layer.captured >= 2 && layer.bytes[0] == 0xff && layer.bytes[1] == 0x03) layer = layer.after(2);
  if (layer.captured == 0) return DecodeFailure::linkHeaderTruncated;
  uint16_t protocol = layer.bytes[0];
  if ((protocol & 1) != 0) {
    layer = layer.after(1);  // protocol field compression (section 6.5): an odd octet is the last
  } else {
    if (layer.captured < 2) return DecodeFailure::linkHeaderTruncated;
    protocol = read16(layer.bytes);
    layer = layer.after(2);
  }
  link.layer = layer;
  switch (protocol) {
    case kPppIpv4: link.etherType = kEtherTypeIpv4; return std::nullopt;
    case kPppIpv6: link.etherType = kEtherTypeIpv6; return std::nullopt;
    case kPppMpls: link.etherType = kEtherTypeMpls; return std::nullopt;
    default: return DecodeFailure::notIp;  // LCP, IPCP; compressed or encrypted (RFC 1962, RFC 1968)
  }
}

Failure passPppoe(Link& link) {
  const Layer& layer = link.layer;
  if (layer.captured < 6) return DecodeFailure::linkHeaderTruncated;
  // Version 1, type 1, code 0: session data.
  if (layer.bytes[0] != 0x11 || layer.bytes[1] != 0) return DecodeFailure::notIp;
  link.layer = layer.after(6);
  return passPpp(link);
}

namespace {

Failure passDataFrame(Link& link, bool isSwapped) {
  const Layer& layer = link.layer;
  if (layer.captured < 24) return DecodeFailure::linkHeaderTruncated;
  const uint8_t control = layer.bytes[isSwapped ? 1 : 0];
  const uint8_t flags = layer.bytes[isSwapped ? 0 : 1];
  const bool isData = (control & 0x0f) == 0x08;  // version 0, type 2
  const bool isEmpty = (control & 0x40) != 0;    // null function subtypes
  const bool isProtected = (flags & 0x40) != 0;
  if (!isData || isEmpty || isProtected) return DecodeFailure::notIp;
  uint32_t length = 24;
  if ((flags & 3) == 3) length += 6;  // to and from the distribution system: a fourth address
  if ((control & 0x80) != 0) {
    if (layer.captured < length + 2) return DecodeFailure::linkHeaderTruncated;
    const bool isAggregate = (layer.bytes[length] & 0x80) != 0;
    length += 2;
    if ((flags & 0x80) != 0) length += 4;  // HT control
    if (isAggregate) length += 14;         // A-MSDU: the first of its frames is read
  }
  if (layer.captured < length) return DecodeFailure::linkHeaderTruncated;
  link.layer = layer.after(length);
  return passSnap(link);
}

}  // namespace

Failure passIeee80211(Link& link) { return passDataFrame(link, false); }

Failure passIeee80211Swapped(Link& link) { return passDataFrame(link, true); }

Failure passRadiotap(Link& link) {
  const Layer& layer = link.layer;
  if (layer.captured < 8) return DecodeFailure::linkHeaderTruncated;
  const uint32_t length = layer.bytes[2] | uint32_t{layer.bytes[3]} << 8;  // little-endian, whatever the host
  if (layer.bytes[0] != 0 || length < 8) return DecodeFailure::notIp;
  if (length > layer.captured) return DecodeFailure::linkHeaderTruncated;
  link.layer = layer.after(length);
  return passIeee80211(link);
}

Failure passLinkHeaders(Link& link, Packet& packet) {
  int tags = 0;
  for (int headers = 0; headers < kLinkHeadersMax; ++headers) {
    Failure failure;
    switch (link.etherType) {
      case kEtherTypeIpv4:
      case kEtherTypeIpv6:
        return std::nullopt;
      case kEtherTypeVlan:
      case kEtherTypeProvider:
      case kEtherTypeOldQinQ:
      case kEtherTypeOlderQinQ:
        failure = passVlanTag(link, packet, tags++);
        break;
      case kEtherTypeMpls:
      case kEtherTypeMplsMulticast:
        failure = passMpls(link);
        break;
      case kEtherTypePppoe:
        failure = passPppoe(link);
        break;
      case kEtherTypeBackbone:
        failure = passBackboneTag(link);
        break;
      default:
        failure = link.etherType < kLengthsEnd ? passSnap(link) : Failure{DecodeFailure::notIp};
    }
    if (failure) return failure;
  }
  return DecodeFailure::linkHeadersTooMany;
}

}  // namespace phantommesh
