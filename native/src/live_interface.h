// One network interface through AF_PACKET with a TPACKET_V3 ring.
#pragma once

#include <linux/if_packet.h>

#include <cstdint>
#include <string>

#include "capture_file.h"
#include "meter.h"

namespace phantommesh {

class LiveInterface {
 public:
  // Throws CaptureFailure: no such interface, no privilege, a filter that does not compile.
  LiveInterface(const std::string& name, const std::string& filter, uint32_t ringOctets);
  ~LiveInterface();
  LiveInterface(const LiveInterface&) = delete;
  LiveInterface& operator=(const LiveInterface&) = delete;

  int descriptor() const { return descriptor_; }
  // The kernel's number of the interface: it outlives a new name, not a removal.
  int index() const { return index_; }

  // Gives every packet of the next full block to `take(RawPacket, vlanId)` and the block back to the kernel. False:
  // none is full.
  template <class Take>
  bool readBlock(Take take) {
    tpacket_block_desc* block = blockAt(next_);
    if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) return false;
    const uint8_t* at = reinterpret_cast<const uint8_t*>(block) + block->hdr.bh1.offset_to_first_pkt;
    for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; ++i) {
      RawPacket packet;
      uint16_t vlanId = 0;
      const auto* header = reinterpret_cast<const tpacket3_hdr*>(at);
      if (describe(header, packet, vlanId)) take(packet, vlanId);
      at += header->tp_next_offset;
    }
    __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    next_ = (next_ + 1) % blocks_;
    return true;
  }

  // Asks the kernel; since the start.
  InterfaceCounters counters();
  // After poll said POLLERR: takes the error off the socket. An interface that went down is seen again when it comes
  // up.
  void recover();
  // Asks the kernel again how long a packet of this interface may be.
  void refreshMtu(const std::string& currentName);

 private:
  tpacket_block_desc* blockAt(uint32_t index) const {
    return reinterpret_cast<tpacket_block_desc*>(ring_ + size_t{index} * kBlockOctets);
  }
  bool describe(const tpacket3_hdr* header, RawPacket& packet, uint16_t& vlanId);
  void openSocket();
  void attachFilter(const std::string& filter);
  void mapRing(uint32_t ringOctets);
  void bindTo(int index);
  void require(int status, const char* what);

  // Many small blocks: at 1 ms retirement each holds a millisecond of thin traffic, so the ring bridges as many
  // milliseconds in which this thread does not run as it has blocks.
  static constexpr uint32_t kBlockOctets = 64u << 10;
  static constexpr uint32_t kRetireMs = 1;

  std::string name_;
  int index_ = 0;
  bool isLoopback_ = false;
  LinkType linkType_ = LinkType::kEthernet;
  int descriptor_ = -1;
  uint8_t* ring_ = nullptr;
  uint32_t blocks_ = 0;
  uint32_t next_ = 0;
  uint32_t lengthMax_ = UINT32_MAX;  // of a packet that is no merged one, with its link header
  InterfaceCounters counters_;
};

}  // namespace phantommesh
