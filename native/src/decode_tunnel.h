// Packets within packets: what a tunnel's header says of the packet behind it.
//
// Looked for after a packet was decoded, and only where the protocol or a port makes a tunnel possible, so that all
// other packets pay for one comparison. Kinds borne by UDP must also have a header that makes sense: other traffic on
// such a port has no inner packet.
#pragma once

#include <cstdint>

#include "decode.h"
#include "decode_transport.h"
#include "packet.h"
#include "payload.h"

namespace phantommesh {

// The order is part of the event record: append only. X(name)
#define PHANTOMMESH_TUNNEL_KINDS(X)                                                                          \
  X(kNone)                                                                                                   \
  X(kIpInIp)   /* protocols 4 and 41: RFC 2003, RFC 2473, RFC 4213 (6in4) */                                 \
  X(kGre)      /* RFC 2784, RFC 2890; id: the key */                                                         \
  X(kPptp)     /* RFC 2637: GRE version 1 with PPP, neither compressed nor encrypted */                      \
  X(kErspan)   /* draft-foschiano-erspan; types I, II, III; id: the session */                               \
  X(kVxlan)    /* RFC 7348, draft-ietf-nvo3-vxlan-gpe; id: the VNI */                                        \
  X(kGeneve)   /* RFC 8926; id: the VNI */                                                                   \
  X(kTeredo)   /* RFC 4380 */                                                                                \
  X(kGtpU)     /* 3GPP TS 29.281; no id, since each direction has a TEID of its own */                       \
  X(kAyiya)    /* draft-massar-v6ops-ayiya */                                                                \
  X(kCapwap)   /* RFC 5415, data channel without DTLS */                                                     \
  X(kUnlisted) /* the table of contexts was full: some VLAN or tunnel */

enum class TunnelKind : uint8_t {
#define X(name) name,
  PHANTOMMESH_TUNNEL_KINDS(X)
#undef X
};

inline constexpr int kTunnelDepthMax = 4;  // a packet in a packet is depth 1

struct Inner {
  TunnelKind kind = TunnelKind::kNone;
  LinkType linkType = LinkType::kRawIp;
  uint32_t id = 0;  // equal in both directions, else 0
  Captured captured{};
};

// Ports of IANA's registry but for 8472 (what Linux took for VXLAN before it was assigned one) and 5072 (AYIYA).
enum TunnelPort : uint16_t {
  kGtpUPort = 2152,
  kTeredoPort = 3544,
  kVxlanPort = 4789,
  kVxlanGpePort = 4790,
  kAyiyaPort = 5072,
  kCapwapPort = 5247,
  kGenevePort = 6081,
  kLinuxVxlanPort = 8472
};

constexpr bool isTunnelPort(uint16_t port) {
  // Most ports are below the least of them or above the greatest.
  if (static_cast<uint16_t>(port - kGtpUPort) > kLinuxVxlanPort - kGtpUPort) return false;
  switch (port) {
    case kGtpUPort:
    case kTeredoPort:
    case kVxlanPort:
    case kVxlanGpePort:
    case kAyiyaPort:
    case kCapwapPort:
    case kGenevePort:
    case kLinuxVxlanPort:
      return true;
    default:
      return false;
  }
}

// Whether `findInner` is worth asking. A Teredo client speaks with relays and other clients on any port (RFC 4380
// section 5.2), so UDP that begins like IPv6 is looked at too.
inline bool mayCarryTunnel(const Packet& packet, const Payload& payload) {
  if (packet.protocol == kTcp) return false;
  if (packet.protocol == kUdp) {
    return isTunnelPort(packet.destinationPort) || isTunnelPort(packet.sourcePort) ||
           (payload.captured >= 40 && payload.bytes[0] >> 4 == 6);
  }
  const bool isTunnel = packet.protocol == kIpv4InIp || packet.protocol == kIpv6InIp || packet.protocol == kGre;
  return isTunnel && payload.captured != 0;
}

// True when the headers of a tunnel were found; `inner` is then what is behind them, not yet decoded.
bool findInner(const Packet& packet, const Payload& payload, Inner& inner);

}  // namespace phantommesh
