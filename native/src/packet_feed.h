// Packets that another capture library hands over: a bounded ring of octets between the thread that has them and the
// thread that meters them. One producer, one consumer, no lock where there is something to read.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "capture_file.h"

namespace phantommesh {

class PacketFeed {
 public:
  // What is longer is cut; the wire length tells. As much as a live interface hands over at most.
  static constexpr uint32_t kOctetsMax = 2048;

  // `octets`: rounded up to a power of two.
  explicit PacketFeed(uint32_t octets);

  // Producer. False: there is no room; the packet is counted and gone. `fileLinkType` as files number it.
  bool push(const uint8_t* bytes, uint32_t captured, uint32_t wireLength, uint64_t timestampUs,
            uint8_t interfaceIndex, uint32_t fileLinkType);
  uint64_t full() const { return full_; }

  // Consumer. Gives every packet that is there, up to `countMax`, to `take(RawPacket, interfaceIndex)`; false: none.
  template <class Take>
  bool read(uint32_t countMax, Take take) {
    uint64_t tail = tail_.load(std::memory_order_relaxed);
    const uint64_t head = head_.load(std::memory_order_acquire);
    if (tail == head) return false;
    for (uint32_t count = 0; tail != head && count < countMax; ++count) {
      const Entry* entry = entryAt(tail);
      if (entry->size != kSkipToStart) take(packetOf(*entry), entry->interfaceIndex);
      tail += entry->size == kSkipToStart ? capacity_ - (tail & (capacity_ - 1)) : sizeOf(entry->size);
    }
    tail_.store(tail, std::memory_order_release);
    return true;
  }
  // Waits until there is something, or so long.
  void wait(int timeoutMs);

 private:
  struct alignas(32) Entry {
    uint64_t timestampUs;
    uint32_t size;  // octets that follow
    uint32_t wireLength;
    uint32_t fileLinkType;
    uint8_t interfaceIndex;
  };
  static constexpr uint32_t kSkipToStart = UINT32_MAX;  // an entry does not wrap around

  // Whole entries, so that one that says "on at the start" always fits before the end.
  static uint32_t sizeOf(uint32_t octets) {
    return static_cast<uint32_t>(sizeof(Entry) + (octets + sizeof(Entry) - 1) / sizeof(Entry) * sizeof(Entry));
  }
  Entry* entryAt(uint64_t place) const { return &ring_[(place & (capacity_ - 1)) / sizeof(Entry)]; }
  static RawPacket packetOf(const Entry& entry);
  void wakeConsumer();

  const uint64_t capacity_;
  const std::unique_ptr<Entry[]> ring_;
  // Octets ever written and read: they only grow, so full and empty cannot be confused.
  alignas(64) std::atomic<uint64_t> head_ = 0;
  alignas(64) std::atomic<uint64_t> tail_ = 0;
  std::atomic<uint64_t> full_ = 0;
  std::atomic<bool> isWaiting_ = false;
  std::mutex mutex_;
  std::condition_variable filled_;
};

}  // namespace phantommesh
