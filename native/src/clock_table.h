// A bounded map from keys to fixed records that forgets the least recently used, approximated by a clock hand (second
// chance). A record starts without a second chance and earns it by being used again, so a flood of keys seen once
// evicts itself first. Indexes are hints: after an eviction an index may hold another key's record, so users compare
// `key` before they believe one.
#pragma once

#include <bit>
#include <cstdint>

#include "lazy_array.h"

namespace phantommesh {

// Record: trivially copyable, with `key`, `uint32_t hash`, `uint32_t annex` and `bool isReferenced`. Index 0 means
// none. Annex: what not every record needs, in a slab of its own. Whoever takes one finds in it what its last user
// left.
template <class Key, class Record, class Annex>
class ClockTable {
 public:
  explicit ClockTable(uint32_t recordsMax)
      : recordsMax_(recordsMax), mask_(std::bit_ceil(2 * recordsMax) - 1), slots_(size_t{mask_} + 1),
        records_(size_t{recordsMax} + 1), annexes_(size_t{recordsMax} + 1), freeAnnexes_(recordsMax) {}

  Record& at(uint32_t index) { return records_[index]; }
  // Only for reading when the record may have none: then it is nobody's.
  Annex& annexOf(const Record& record) { return annexes_[record.annex]; }
  Annex& takeAnnex(Record& record) {
    if (record.annex == 0) record.annex = annexesFree_ != 0 ? freeAnnexes_[--annexesFree_] : ++annexesUsed_;
    return annexes_[record.annex];
  }
  bool holds(uint32_t index, const Key& key) const { return index != 0 && records_[index].key == key; }

  uint32_t find(const Key& key, uint32_t hash) const {
    for (uint32_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
      const Slot& each = slots_[slot];
      if (each.index == 0) return 0;
      if (each.hash == hash && records_[each.index].key == key) return each.index;
    }
  }

  // A zeroed record but for key and hash. The key must not be there yet.
  uint32_t insert(const Key& key, uint32_t hash) {
    const uint32_t index = size_ < recordsMax_ ? ++size_ : evict();
    uint32_t slot = hash & mask_;
    while (slots_[slot].index != 0) slot = (slot + 1) & mask_;
    slots_[slot] = {hash, index};
    records_[index] = Record{};
    records_[index].key = key;
    records_[index].hash = hash;
    return index;
  }

  // In work proportional to what is there: the time of a file may jump with every packet.
  void clear() {
    for (uint32_t index = 1; index <= size_; ++index) {
      uint32_t slot = records_[index].hash & mask_;
      while (slots_[slot].index != index) slot = (slot + 1) & mask_;
      slots_[slot] = {};
      records_[index].key = Key{};
    }
    size_ = hand_ = annexesUsed_ = annexesFree_ = 0;
  }

  uint32_t size() const { return size_; }
  uint64_t evictions() const { return evictions_; }

 private:
  struct Slot {
    uint32_t hash;
    uint32_t index;
  };
  // A table of nothing but used records is not swept to the end: the last one looked at goes.
  static constexpr int kHandStepsMax = 64;

  uint32_t evict() {
    for (int step = 0; step < kHandStepsMax; ++step) {
      hand_ = hand_ == recordsMax_ ? 1 : hand_ + 1;
      if (!records_[hand_].isReferenced) break;
      records_[hand_].isReferenced = false;
    }
    removeSlotOf(hand_);
    if (records_[hand_].annex != 0) freeAnnexes_[annexesFree_++] = records_[hand_].annex;
    ++evictions_;
    return hand_;
  }

  // Linear probing without tombstones (Knuth 6.4, algorithm R): later entries of the run move into the gap.
  void removeSlotOf(uint32_t index) {
    uint32_t gap = records_[index].hash & mask_;
    while (slots_[gap].index != index) gap = (gap + 1) & mask_;
    for (uint32_t next = (gap + 1) & mask_; slots_[next].index != 0; next = (next + 1) & mask_) {
      const uint32_t home = slots_[next].hash & mask_;
      if (((next - home) & mask_) < ((next - gap) & mask_)) continue;
      slots_[gap] = slots_[next];
      gap = next;
    }
    slots_[gap] = {};
  }

  const uint32_t recordsMax_;
  const uint32_t mask_;
  uint32_t size_ = 0;
  uint32_t hand_ = 0;
  uint32_t annexesUsed_ = 0;
  uint32_t annexesFree_ = 0;
  uint64_t evictions_ = 0;
  LazyArray<Slot> slots_;
  LazyArray<Record> records_;
  LazyArray<Annex> annexes_;
  LazyArray<uint32_t> freeAnnexes_;
};

}  // namespace phantommesh
