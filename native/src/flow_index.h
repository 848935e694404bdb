// From the hash of a key to the slot of its flow: open addressing, linear probing, 8 octets a place, half full at most.
// Removal shifts back what follows (Knuth 6.4, algorithm R), so there are no tombstones and no rehashing.
#pragma once

#include <bit>
#include <cstdint>

#include "lazy_array.h"

namespace phantommesh {

class FlowIndex {
 public:
  explicit FlowIndex(uint32_t slots) : mask_(std::bit_ceil(uint64_t{slots} * 2) - 1), places_(mask_ + 1) {}

  void prefetch(uint32_t hash) const { __builtin_prefetch(&places_[hash & mask_], 1); }

  // The slot that stands first at the place of this hash; a guess for prefetching, 0 when the place is empty.
  uint32_t firstCandidate(uint32_t hash) const { return places_[hash & mask_].slot; }

  // The first slot with this hash that `matches` accepts, 0 when there is none.
  template <class Matches>
  uint32_t find(uint32_t hash, Matches matches) const {
    for (uint64_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Place& place = places_[at];
      if (place.slot == 0) return 0;
      if (place.hash == hash && matches(place.slot)) return place.slot;
    }
  }

  void insert(uint32_t hash, uint32_t slot) {
    uint64_t at = hash & mask_;
    while (places_[at].slot != 0) at = (at + 1) & mask_;
    places_[at] = {slot, hash};
  }

  void remove(uint32_t hash, uint32_t slot) {
    uint64_t hole = hash & mask_;
    while (places_[hole].slot != slot) hole = (hole + 1) & mask_;
    for (uint64_t at = (hole + 1) & mask_; places_[at].slot != 0; at = (at + 1) & mask_) {
      const uint64_t home = places_[at].hash & mask_;
      if (((at - home) & mask_) < ((at - hole) & mask_)) continue;  // its own place lies behind the hole
      places_[hole] = places_[at];
      hole = at;
    }
    places_[hole] = {0, 0};
  }

 private:
  struct Place {
    uint32_t slot;
    uint32_t hash;
  };

  uint64_t mask_;
  LazyArray<Place> places_;
};

}  // namespace phantommesh
