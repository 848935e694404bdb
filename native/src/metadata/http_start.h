// The start line of an HTTP/1 message (RFC 9112 sections 3 and 4), when it starts the payload. A line that is whole
// must name its version; one that the packet ends within counts for the methods of RFC 9110, RFC 5789 and WebDAV
// (RFC 4918, RFC 3253). HTTP/2's preface (RFC 9113 section 3.4) is a request of another method.
#pragma once

#include "../payload.h"
#include "packet_metadata.h"

namespace phantommesh {

// Spaces within a target, which no target may have and attacks do, are part of it.
bool readHttpStart(const Payload& payload, HttpStart& start);

}  // namespace phantommesh
