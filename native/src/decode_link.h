// What may stand between the start of a frame and its IP header: VLAN tags, MPLS, PPPoE, PPP, provider backbones,
// LLC/SNAP, 802.11. These layers join places that the sender cannot choose, so they make no flow of their own.
#pragma once

#include <cstdint>
#include <optional>

#include "decode.h"
#include "layer.h"
#include "packet.h"

namespace phantommesh {

inline constexpr uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
inline constexpr uint16_t kEtherTypeMpls = 0x8847;  // RFC 3032

inline constexpr int kVlanTagsMax = 4;
inline constexpr int kMplsLabelsMax = 8;    // segment routing stacks a few; RFC 8491 has routers say how many
inline constexpr int kLinkHeadersMax = 12;  // of all kinds together

// A layer and what its EtherType says it is.
struct Link {
  uint16_t etherType;
  Layer layer;
};

// Passes headers until `link` is IPv4 or IPv6; keeps the two outermost VLAN tags in `packet`. The common packet, whose
// EtherType is IP at once, needs none of it.
std::optional<DecodeFailure> passLinkHeaders(Link& link, Packet& packet);

// What starts with a header of its own link type.
std::optional<DecodeFailure> passPpp(Link& link);         // RFC 1661, RFC 1662
std::optional<DecodeFailure> passPppoe(Link& link);       // RFC 2516
std::optional<DecodeFailure> passIeee80211(Link& link);   // IEEE 802.11, data frames
std::optional<DecodeFailure> passIeee80211Swapped(Link& link);  // the octets of frame control the other way round
std::optional<DecodeFailure> passRadiotap(Link& link);    // radiotap.org

}  // namespace phantommesh
