// Echo request and reply (RFC 792; RFC 4443 section 4). A reply repeats its request's payload, so two hashes that
// differ are a tunnel, or a broken host; compare them only where as much was captured of both.
#pragma once

#include "../packet.h"
#include "../payload.h"
#include "packet_metadata.h"

namespace phantommesh {

// `payload` as decode gives it: behind the eight octets of the header. Where it has bytes, the header was captured
// before them, and identifier and sequence are read from there; an echo without payload does not show them.
bool readIcmpEcho(const Packet& packet, const Payload& payload, IcmpEcho& echo);

}  // namespace phantommesh
