#include "packet_feed.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>

namespace phantommesh {

PacketFeed::PacketFeed(uint32_t octets)
    : capacity_(std::bit_ceil(std::max<uint64_t>(octets, 8 * sizeOf(kOctetsMax)))),
      ring_(std::make_unique_for_overwrite<Entry[]>(capacity_ / sizeof(Entry))) {}

bool PacketFeed::push(const uint8_t* bytes, uint32_t captured, uint32_t wireLength, uint64_t timestampUs,
                      uint8_t interfaceIndex, uint32_t fileLinkType) {
  const uint32_t octets = std::min(captured, kOctetsMax);
  uint64_t head = head_.load(std::memory_order_relaxed);
  const uint64_t toEnd = capacity_ - (head & (capacity_ - 1));
  const uint64_t skipped = toEnd < sizeOf(octets) ? toEnd : 0;
  const uint64_t used = head - tail_.load(std::memory_order_acquire);
  if (used + skipped + sizeOf(octets) > capacity_) {
    full_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  if (skipped != 0) {
    entryAt(head)->size = kSkipToStart;
    head += skipped;
  }
  Entry* entry = entryAt(head);
  *entry = {timestampUs, octets, std::max(wireLength, captured), fileLinkType, interfaceIndex};
  if (octets != 0) std::memcpy(entry + 1, bytes, octets);
  head_.store(head + sizeOf(octets), std::memory_order_seq_cst);
  if (isWaiting_.load(std::memory_order_seq_cst)) wakeConsumer();
  return true;
}

void PacketFeed::wakeConsumer() {
  std::lock_guard lock(mutex_);
  filled_.notify_one();
}

void PacketFeed::wait(int timeoutMs) {
  std::unique_lock lock(mutex_);
  isWaiting_.store(true, std::memory_order_seq_cst);
  filled_.wait_for(lock, std::chrono::milliseconds(timeoutMs), [&] {
    return head_.load(std::memory_order_seq_cst) != tail_.load(std::memory_order_relaxed);
  });
  isWaiting_.store(false, std::memory_order_relaxed);
}

RawPacket PacketFeed::packetOf(const Entry& entry) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&entry + 1);
  return {{bytes, entry.size, entry.wireLength}, entry.timestampUs, linkTypeOf(entry.fileLinkType),
          entry.fileLinkType};
}

}  // namespace phantommesh
