// Exponentially decayed counters over all windows at once, by forward decay (Cormode et al. 2009): an increment at time
// t is added with weight exp((t - landmark) / window), and a sum is divided by the weight of the moment at which it is
// read. So a packet costs a multiplication and an addition a window, no exponential, and every reading is exact.
// Landmarks advance every 16 s, before weights grow out of the range of a float; a record catches up when it is next
// touched.
#pragma once

#include <cmath>
#include <cstdint>

#include "event_record.h"

namespace phantommesh {

class DecayClock {
 public:
  // Packet time never goes back; an earlier instant is taken for the present one.
  void moveTo(uint64_t nowUs) {
    if (nowUs <= nowUs_) return;
    const uint64_t elapsedUs = nowUs - nowUs_;
    if (elapsedUs > kSeriesUsMax || nowUs >= epochEndUs_) return jumpTo(nowUs);
    nowUs_ = nowUs;
    // exp by its series: at 16 ms and a window of 1 s the first term left out is 3e-9, and 1000 such steps make an
    // epoch.
    for (int k = 0; k < kWindows; ++k) {
      const double x = static_cast<double>(elapsedUs) * kPerWindowUs[k];
      weight_[k] *= 1 + x * (1 + x * (0.5 + x * (1.0 / 6)));
    }
  }

  void reset() { *this = DecayClock(); }

  uint64_t nowUs() const { return nowUs_; }
  uint32_t nowSecond() const { return static_cast<uint32_t>(nowUs_ / 1'000'000); }
  uint32_t epoch() const { return epoch_; }
  const double (&weight() const)[kWindows] { return weight_; }

  // What sums of `epoch` must be multiplied with to count in the present one.
  void catchUp(uint32_t epoch, double (&factor)[kWindows]) const {
    const double seconds = -static_cast<double>(kEpochSeconds) * (epoch_ - epoch);
    for (int k = 0; k < kWindows; ++k) factor[k] = std::exp(seconds / kWindowSeconds[k]);
  }

 private:
  static constexpr uint64_t kEpochSeconds = 16;
  static constexpr uint64_t kSeriesUsMax = 16'000;
  static constexpr double kPerWindowUs[kWindows] = {
      1e-6 / kWindowSeconds[0], 1e-6 / kWindowSeconds[1], 1e-6 / kWindowSeconds[2],
      1e-6 / kWindowSeconds[3], 1e-6 / kWindowSeconds[4]};

  void jumpTo(uint64_t nowUs) {
    nowUs_ = nowUs;
    epoch_ = static_cast<uint32_t>(nowUs / (kEpochSeconds * 1'000'000));
    epochEndUs_ = (uint64_t{epoch_} + 1) * kEpochSeconds * 1'000'000;
    const auto landmark = static_cast<double>(uint64_t{epoch_} * kEpochSeconds);
    const double sinceLandmark = 1e-6 * static_cast<double>(nowUs) - landmark;
    for (int k = 0; k < kWindows; ++k) weight_[k] = std::exp(sinceLandmark / kWindowSeconds[k]);
  }

  uint64_t nowUs_ = 0;
  uint64_t epochEndUs_ = 0;
  uint32_t epoch_ = 0;
  double weight_[kWindows] = {1, 1, 1, 1, 1};
};

// `volumes` grow with every packet and keep doubles: an octet still counts beside 10^15. `counts` grow with rarer
// things and keep floats: adding ones, they stop at 2^24 = 16.7 million in a window, far beyond any threshold.
template <int kVolumes, int kCounts>
struct DecayedCounters {
  double volumes[kVolumes][kWindows];
  float counts[kCounts][kWindows];

  void addVolume(int which, double amount, const DecayClock& clock) {
    for (int k = 0; k < kWindows; ++k) volumes[which][k] += amount * clock.weight()[k];
  }
  void addCount(int which, const DecayClock& clock) {
    for (int k = 0; k < kWindows; ++k) counts[which][k] += static_cast<float>(clock.weight()[k]);
  }
  void catchUp(uint32_t epoch, const DecayClock& clock) {
    double factor[kWindows];
    clock.catchUp(epoch, factor);
    for (auto& volume : volumes) {
      for (int k = 0; k < kWindows; ++k) volume[k] *= factor[k];
    }
    for (auto& count : counts) {
      for (int k = 0; k < kWindows; ++k) count[k] *= static_cast<float>(factor[k]);
    }
  }
};

}  // namespace phantommesh
