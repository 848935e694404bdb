// SSH before its keys are in use: the identification string (RFC 4253 section 4.2) and the key exchange (section 6, 7).
// A packet is read when it starts the payload. After NEWKEYS nothing is in clear text, and nothing is recognised.
#pragma once

#include "../payload.h"
#include "packet_metadata.h"

namespace phantommesh {

// softwareOctets and softwareHash stay 0 where the capture cut the identification string.
bool readSshPacket(const Payload& payload, SshPacket& packet);

}  // namespace phantommesh
