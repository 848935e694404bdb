// Which events are scored when there are more than the budget of a second of packet time.
//
// Dynamic thresholds (Choudhury and Hahne 1998): a bucket is admitted while it has had less than `kAlpha` times what is
// left of the second's budget. One heavy bucket gets 8/9 of the budget and leaves 1/9 to all others; n of them get
// equal shares. It needs neither history nor sorting, and the same packets always give the same answer.
//
// An event must be admitted by its source's bucket *and* by its destination's: a flood with a million spoofed sources
// is one destination. Evidence events (a host or a pair crossed a threshold) have an eighth of the budget to
// themselves, and the rest like all.
#pragma once

#include <array>
#include <cstdint>

#include "hashing.h"

namespace phantommesh {

class EventBudget {
 public:
  explicit EventBudget(uint32_t eventsPerSecond)
      : evidence_(eventsPerSecond / kEvidenceShare), ordinary_(eventsPerSecond - eventsPerSecond / kEvidenceShare) {}

  bool admit(uint64_t sourceHash, uint64_t destinationHash, bool isEvidence, uint32_t second) {
    if (second != second_) startSecond(second);
    // Keyed by the second, so that two hosts which share a bucket do not share the next one.
    const size_t source = mixHash(sourceHash, second) % kBuckets;
    const size_t destination = mixHash(destinationHash, ~uint64_t{second}) % kBuckets;
    return (isEvidence && evidence_.admit(source, destination)) || ordinary_.admit(source, destination);
  }

 private:
  static constexpr uint32_t kEvidenceShare = 8;
  static constexpr size_t kBuckets = 4096;
  static constexpr uint64_t kAlpha = 8;

  struct Pool {
    explicit Pool(uint32_t budget) : budget(budget), left(budget) {}

    bool admit(size_t source, size_t destination) {
      const uint64_t threshold = kAlpha * left;
      if (bySource[source] >= threshold || byDestination[destination] >= threshold) return false;
      ++bySource[source];
      ++byDestination[destination];
      --left;
      return true;
    }

    uint32_t budget;
    uint32_t left;
    std::array<uint32_t, kBuckets> bySource{};
    std::array<uint32_t, kBuckets> byDestination{};
  };

  void startSecond(uint32_t second) {
    second_ = second;
    for (Pool* pool : {&evidence_, &ordinary_}) {
      if (pool->left == pool->budget) continue;
      pool->left = pool->budget;
      pool->bySource.fill(0);
      pool->byDestination.fill(0);
    }
  }

  uint32_t second_ = 0;
  Pool evidence_;
  Pool ordinary_;
};

}  // namespace phantommesh
