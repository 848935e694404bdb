// BPF filter expressions (pcap-filter(7)), compiled by libpcap: run here for files, in the kernel for interfaces.
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <string>
#include <vector>

namespace phantommesh {

class PacketFilter {
 public:
  // Throws CaptureFailure with libpcap's words when the expression is not valid for this link type (as files number
  // it). `snapLength` is what the program returns for each packet that passes.
  PacketFilter(const std::string& expression, uint32_t fileLinkType, uint32_t snapLength);
  ~PacketFilter() { pcap_freecode(&program_); }
  PacketFilter(const PacketFilter&) = delete;
  PacketFilter& operator=(const PacketFilter&) = delete;

  bool passes(const uint8_t* bytes, uint32_t captured, uint32_t wire) const {
    return bpf_filter(program_.bf_insns, bytes, wire, captured) != 0;
  }
  const bpf_program& program() const { return program_; }

 private:
  bpf_program program_{};
};

// The filter of a live interface, with the choice of how much to copy behind it (snap_tail.h). `interfaceName` is
// opened for a moment where the expression speaks of VLAN tags. Throws CaptureFailure.
std::vector<bpf_insn> compileLiveFilter(const std::string& expression, bool isEthernet,
                                        const std::string& interfaceName);

}  // namespace phantommesh
