// Which contacts (source, destination, protocol, destination port) were made before: a set-associative cache of
// fingerprints, eight a set, the longest unused of a set forgotten first. A forgotten contact counts as a first contact
// when it is made again: a live service then adds an answered trial, which never raises suspicion. 47 bits tell
// contacts apart, so a new one is taken for known once in 2^29.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lazy_array.h"

namespace phantommesh {

class ContactMemory {
 public:
  explicit ContactMemory(uint32_t contactsMax)
      : setMask_(std::bit_ceil((contactsMax + kWays - 1) / kWays) - 1), sets_(size_t{setMask_} + 1) {}

  bool knows(uint64_t contact) const {
    const Set& set = sets_[contact & setMask_];
    return wayOf(set, fingerprintOf(contact)) < kWays;
  }

  // Notes the contact as the most recently used; true when it was not known.
  bool remember(uint64_t contact) {
    const auto number = static_cast<uint32_t>(contact & setMask_);
    Set& set = sets_[number];
    const uint32_t fingerprint = fingerprintOf(contact);
    const uint32_t found = wayOf(set, fingerprint);
    const bool isNew = found == kWays;
    if (isNew && used_.size() < kUsedMax) used_.push_back(number);
    if (isNew && set.fingerprints[kWays - 1] != 0) ++forgotten_;
    for (uint32_t way = isNew ? kWays - 1 : found; way > 0; --way) set.fingerprints[way] = set.fingerprints[way - 1];
    set.fingerprints[0] = fingerprint;
    return isNew;
  }

  // Few contacts cost little to forget: the time of a file may jump with every packet.
  void clear() {
    if (used_.size() < kUsedMax) {
      for (const uint32_t set : used_) sets_[set] = {};
    } else {
      for (uint32_t set = 0; set <= setMask_; ++set) sets_[set] = {};
    }
    used_.clear();
  }

  uint64_t forgotten() const { return forgotten_; }

 private:
  static constexpr uint32_t kWays = 8;
  static constexpr size_t kUsedMax = 4096;
  struct Set {
    uint32_t fingerprints[kWays];  // most recently used first; 0 = free
  };

  static uint32_t fingerprintOf(uint64_t contact) {
    const uint32_t upper = static_cast<uint32_t>(contact >> 32);
    return upper == 0 ? 1 : upper;
  }
  static uint32_t wayOf(const Set& set, uint32_t fingerprint) {
    uint32_t way = 0;
    while (way < kWays && set.fingerprints[way] != fingerprint) ++way;
    return way;
  }

  const uint32_t setMask_;
  uint64_t forgotten_ = 0;
  LazyArray<Set> sets_;
  std::vector<uint32_t> used_;  // sets written since the last `clear`; when it is full, it may be any
};

}  // namespace phantommesh
