// How much of a packet the kernel hands over, decided packet by packet: a tail of classic BPF behind the operator's
// filter, whose return value is the number of octets to copy (packet(7), socket(7): SO_ATTACH_FILTER).
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <vector>

namespace phantommesh {

// Octets from the link header on (from the IP header where there is none).
inline constexpr uint32_t kSnapHeaders = 256;    // headers with tags, extension headers and options to spare
inline constexpr uint32_t kSnapSmall = 512;      // a packet up to here comes whole; so much of what a tunnel carries
inline constexpr uint32_t kSnapMetadata = 2048;  // a packet that a parser reads: a whole one at any customary MTU

// The program with each accepting return leading into the tail. It accepts and refuses what `filter` does. Throws
// CaptureFailure (kFilterInvalid) when the two together are longer than the kernel takes.
std::vector<bpf_insn> withSnapTail(const bpf_program& filter, bool isEthernet);

}  // namespace phantommesh
