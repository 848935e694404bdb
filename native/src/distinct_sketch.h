// How many distinct things were seen in each window: HyperLogLog (Flajolet et al. 2007) of 32 registers with linear
// counting for small numbers. Standard error 1.04 / sqrt(32) = 18 % for many, below 17 % up to 16, one thing is counted
// as one.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "event_record.h"

namespace phantommesh {

// Linear counting (Whang et al. 1990): -m ln(share of empty registers), by number of empty registers.
struct LinearCount {
  float count[33];
  LinearCount() : count{} {
    for (int empty = 1; empty <= 32; ++empty) count[empty] = static_cast<float>(32 * std::log(32.0 / empty));
  }
};
inline const LinearCount kLinearCount;

// All zero is empty.
class DistinctSketch {
 public:
  void insert(uint64_t hash) {
    const unsigned which = hash & 31;
    const uint64_t rank = rankOf(hash);
    uint64_t& word = registers_[which >> 4];
    const unsigned shift = (which & 15) * 4;
    const uint64_t old = (word >> shift) & 15;
    if (rank <= old) return;
    word += (rank - old) << shift;
    // The harmonic sum is kept as it changes, so that reading needs no pass over the registers. Powers of two: exact in
    // a float.
    shortfall_ += powerOfHalf(old) - powerOfHalf(rank);
  }

  float estimate() const {
    const float raw = kAlpha * kRegisters * kRegisters / (kRegisters - shortfall_);
    if (raw > 2.5f * kRegisters) return raw;
    const unsigned empty = kRegisters - occupied(registers_[0]) - occupied(registers_[1]);
    return empty == 0 ? raw : kLinearCount.count[empty];
  }

 private:
  static constexpr unsigned kRegisters = 32;
  static constexpr float kAlpha = 0.697f;  // Flajolet et al. 2007, figure 3, m = 32

  static uint64_t rankOf(uint64_t hash) {
    const int zeros = std::countl_zero(hash);
    return zeros >= 14 ? 15 : static_cast<uint64_t>(zeros) + 1;
  }
  static float powerOfHalf(uint64_t exponent) { return 1.0f / static_cast<float>(1u << exponent); }
  // Nibbles that are not zero: their lowest bits, summed into the topmost nibble.
  static unsigned occupied(uint64_t word) {
    constexpr uint64_t kLowest = 0x1111111111111111;
    const uint64_t any = (word | word >> 1 | word >> 2 | word >> 3) & kLowest;
    return any == kLowest ? 16 : static_cast<unsigned>((any * kLowest) >> 60);
  }

  uint64_t registers_[2];
  float shortfall_;  // 32 minus the harmonic sum
};

// Two sketches a window: one begun with the present stretch of that length, one with the stretch before. What the older
// saw beyond the younger counts by the part of its stretch that still lies in the window.
class DistinctCounter {
 public:
  void insert(uint64_t hash) {
    for (int k = 0; k < kWindows; ++k) {
      younger_[k].insert(hash);
      older_[k].insert(hash);
    }
  }

  // Before anything is inserted or read at `nowSecond` when the last time was `thenSecond`.
  void rotate(uint32_t thenSecond, uint32_t nowSecond) {
    for (int k = 0; k < kWindows; ++k) {
      const uint32_t stretches = nowSecond / kStretchSeconds[k] - thenSecond / kStretchSeconds[k];
      if (stretches == 0) return;  // stretches nest: longer ones have not ended either
      older_[k] = stretches == 1 ? younger_[k] : DistinctSketch{};
      younger_[k] = DistinctSketch{};
    }
  }

  void estimate(const float (&stretchPassed)[kWindows], float (&into)[kWindows]) const {
    for (int k = 0; k < kWindows; ++k) {
      const float younger = younger_[k].estimate();
      const float beyond = older_[k].estimate() - younger;
      into[k] = younger + (beyond > 0 ? beyond * (1 - stretchPassed[k]) : 0);
    }
  }

  // The same for one thing alone that was last seen at `thenSecond`.
  static void estimateOne(uint32_t thenSecond, uint32_t nowSecond, const float (&stretchPassed)[kWindows],
                          float (&into)[kWindows]) {
    for (int k = 0; k < kWindows; ++k) {
      const uint32_t stretches = nowSecond / kStretchSeconds[k] - thenSecond / kStretchSeconds[k];
      into[k] = stretches == 0 ? 1 : stretches == 1 ? 1 - stretchPassed[k] : 0;
    }
  }

  // The part of the present stretch of each window that has passed at `nowUs`.
  static void stretchPassed(uint64_t nowUs, float (&into)[kWindows]) {
    const uint64_t second = nowUs / 1'000'000;
    const double fraction = static_cast<double>(nowUs - second * 1'000'000) * 1e-6;
    for (int k = 0; k < kWindows; ++k) {
      into[k] = static_cast<float>((static_cast<double>(second % kStretchSeconds[k]) + fraction) / kWindowSeconds[k]);
    }
  }

 private:
  static constexpr uint32_t kStretchSeconds[kWindows] = {1, 10, 60, 3600, 86400};

  DistinctSketch younger_[kWindows];
  DistinctSketch older_[kWindows];
};

// Distinct counts of several kinds of things that always come together (a peer, and its port). Most hosts and pairs
// only ever see one such combination: it is remembered by itself, and the sketches' memory is not touched before there
// is a second one.
template <int kKinds>
struct DistinctThings {
  using Counters = DistinctCounter[kKinds];
  using Hashes = uint64_t[kKinds];

  // `takeCounters` gives the memory of the sketches; it is asked for it only when it is needed.
  template <class TakeCounters>
  void insert(const Hashes& hashes, uint32_t nowSecond, TakeCounters takeCounters) {
    if (!areMany) {
      if (lastSecond == 0 || std::equal(hashes, hashes + kKinds, first)) {
        std::copy(hashes, hashes + kKinds, first);
        lastSecond = nowSecond;
        return;
      }
      areMany = true;
      Counters& counters = takeCounters();
      for (int kind = 0; kind < kKinds; ++kind) {
        counters[kind] = DistinctCounter{};
        counters[kind].insert(first[kind]);
      }
    }
    Counters& counters = takeCounters();
    rotate(counters, nowSecond);
    for (int kind = 0; kind < kKinds; ++kind) counters[kind].insert(hashes[kind]);
  }

  // Before the counters are read.
  void rotate(Counters& counters, uint32_t nowSecond) {
    if (!areMany || lastSecond == nowSecond) return;
    for (DistinctCounter& each : counters) each.rotate(lastSecond, nowSecond);
    lastSecond = nowSecond;
  }

  uint64_t first[kKinds];
  uint32_t lastSecond;  // when the only one was last seen, or to which the counters are rotated
  bool areMany;
};

}  // namespace phantommesh
