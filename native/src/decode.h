// Total decoder: any bytes give a Packet or a reason. It reads headers only and never beyond what was captured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "packet.h"
#include "payload.h"

namespace phantommesh {

// What stands at the start of captured bytes.
enum class LinkType : uint8_t {
  kEthernet,
  kLinuxCookedV1,
  kLinuxCookedV2,
  kRawIp,
  kLoopback,
  kPpp,
  kPppoe,
  kCiscoHdlc,
  kIeee80211,
  kRadiotap,
  kIeee80211Swapped,  // not of captures, as the next: what CAPWAP may carry,
  kMpls               // and what GRE and Geneve may
};
inline constexpr int kLinkTypes = 12;

// From the number in a capture file (https://www.tcpdump.org/linktypes.html; 12 and 14 are DLT_RAW as BSDs wrote it
// into files).
std::optional<LinkType> linkTypeOf(uint32_t fileLinkType);

// Why bytes gave no packet. X(name)
#define PHANTOMMESH_DECODE_FAILURES(X)                                                            \
  X(linkHeaderTruncated)                                                                          \
  X(linkTypeUnknown)                                                                              \
  X(vlanTagsTooMany) /* more than kVlanTagsMax (decode_link.h) */                                  \
  X(mplsLabelsTooMany)                                                                            \
  X(linkHeadersTooMany)                                                                           \
  X(notIp)           /* ARP, LLDP, EAPOL, encrypted radio ...: nothing the meter looks at */      \
  X(ipHeaderTruncated)                                                                            \
  X(ipVersionInvalid)                                                                             \
  X(ipHeaderLengthInvalid)                                                                        \
  X(ipTotalLengthInvalid)

enum class DecodeFailure : uint8_t {
#define X(name) name,
  PHANTOMMESH_DECODE_FAILURES(X)
#undef X
};
inline constexpr int kDecodeFailures = 0
#define X(name) +1
    PHANTOMMESH_DECODE_FAILURES(X)
#undef X
    ;
const char* nameOf(DecodeFailure failure);

// RFC 8200 section 4.1 knows seven headers, each at most once (destination options twice).
inline constexpr int kExtensionHeadersMax = 8;

struct Captured {
  const uint8_t* bytes;
  uint32_t length;      // captured
  uint32_t wireLength;  // on the wire; at least `length`
};

// What decode found beside the headers.
struct Carried {
  Payload payload;  // behind the transport header; none in a fragment other than the first
};

// Fills every field of `packet` but timestampUs and interfaceIndex. Returns nothing on success.
std::optional<DecodeFailure> decode(LinkType linkType, const Captured& captured, Packet& packet, Carried& carried);

}  // namespace phantommesh
