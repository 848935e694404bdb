// Fuzzer input as packets of a few flows: records of a flags octet, two octets of length and the payload.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../src/packet.h"
#include "../src/payload.h"
#include "packet_steps.h"

namespace phantommesh::fuzz {

// Flags: bits 0 and 1 the flow, 2 the direction, 3 a sequence number of its own (two more octets), 4 a capture that cut
// the payload to half, 5 and 6 the time that passed.
template <class Take>
void eachPacket(const uint8_t* data, size_t size, uint8_t protocol, Take take) {
  static constexpr int64_t kStepsUs[] = {0, 1'000, 2'000'000, -11'000'000};
  uint64_t nowUs = 1'700'000'000'000'000;
  uint32_t sequences[8] = {};
  for (size_t at = 0; at + 5 <= size;) {
    const uint8_t flags = data[at];
    const size_t length = std::min<size_t>(data[at + 1] << 8 | data[at + 2], size - at - 5);
    nowUs += static_cast<uint64_t>(kStepsUs[flags >> 5 & 3]);
    Packet packet;
    packet.timestampUs = nowUs;
    packet.protocol = protocol;
    packet.ipVersion = 4;
    packet.source.high = (flags & 4) != 0 ? 1 : 2;
    packet.destination.high = 3 - packet.source.high;
    packet.sourcePort = flags & 3;
    packet.destinationPort = 443;
    uint32_t& sequence = sequences[flags & 7];
    if ((flags & 8) != 0) sequence = static_cast<uint32_t>(data[at + 3] << 8 | data[at + 4]);
    packet.tcpSequence = sequence;
    sequence += static_cast<uint32_t>(length);
    // A copy of its own, so that a read behind the end is seen.
    const size_t captured = (flags & 16) != 0 ? length / 2 : length;
    const auto bytes = std::make_unique<uint8_t[]>(captured);
    std::memcpy(bytes.get(), data + at + 5, captured);
    take(packet, Payload{bytes.get(), static_cast<uint32_t>(captured), static_cast<uint32_t>(length)});
    at += 5 + length;
  }
}

// JA4 as it must look: `t13d1516h2_8daaf6152771_e5627efa2ab1`.
inline void requireJa4(const char (&text)[37], const char* transports) {
  if (text[0] == 0) return;
  require(std::strlen(text) == 36 && std::strchr(transports, text[0]) != nullptr && text[10] == '_' && text[23] == '_');
}

}  // namespace phantommesh::fuzz
