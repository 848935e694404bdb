// DNS messages (RFC 1035 section 4), mDNS and LLMNR with them: their format is the same (RFC 6762, RFC 4795).
//
// Only what can be a message is one: a known opcode, no Z bit, counts that fit into the octets on the wire, a question
// of well-formed labels, and answers whose names and lengths hold. What the capture cut stays at its initial value and
// `isCut` says so: the question when its name or type was cut, answerOctets and addresses from the cut on.
#pragma once

#include "../payload.h"
#include "packet_metadata.h"

namespace phantommesh {

bool readDnsMessage(const Payload& payload, DnsMessage& message);

// With the two octets of length before it (RFC 7766 section 8). The message must start with this packet; what follows
// in the next ones counts as cut.
bool readDnsOverTcp(const Payload& payload, DnsMessage& message);

}  // namespace phantommesh
