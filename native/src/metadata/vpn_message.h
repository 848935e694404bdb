// What VPN protocols say in clear text: WireGuard (Donenfeld 2017, section 5.4), OpenVPN (the reference's ssl_pkt.h and
// tls_crypt.h), IKE (RFC 7296, RFC 2408) and its way through NAT (RFC 3948).
//
// HandshakeStep here: kRequest opens a handshake, kAnswer is the other side's first word, kComplete ends it, kData is
// traffic, kKeepAlive an empty message, kRefused says that the answerer does no handshake now (WireGuard's cookie
// reply, IKE's notify in place of a security association), kNone anything in between.
//
// Port numbers are the caller's: nothing here is recognised by them but ESP on port 4500, which is nothing but an SPI,
// a sequence number and ciphertext.
#pragma once

#include "../payload.h"
#include "packet_metadata.h"

namespace phantommesh {

bool readWireGuard(const Payload& payload, VpnMessage& message);

// A hard reset, which opens a session, is told by its size and counters. The other control messages look like uTP, BFD,
// PFCP and more, and data is one octet before ciphertext: they count only with `isKnownOpenVpn`, after a hard reset was
// seen on the flow. A session that is older than the meter stays unknown.
bool readOpenVpnUdp(const Payload& payload, bool isKnownOpenVpn, VpnMessage& message);
// With two octets of length; the message must start with this packet.
bool readOpenVpnTcp(const Payload& payload, bool isKnownOpenVpn, VpnMessage& message);

// With `isNatTraversalPort`: behind four zero octets; otherwise a keep-alive or ESP, told as kEspInUdp.
bool readIke(const Payload& payload, bool isNatTraversalPort, VpnMessage& message);

}  // namespace phantommesh
