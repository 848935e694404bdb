#include "text_measures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "../hashing.h"

namespace phantommesh {

namespace {

// c log2 c, for the counts that names have.
const std::array<float, 256> kCountLogs = [] {
  std::array<float, 256> logs{};
  for (size_t count = 2; count < logs.size(); ++count) {
    logs[count] = static_cast<float>(count) * std::log2(static_cast<float>(count));
  }
  return logs;
}();

float countLog(uint32_t count) {
  if (count < kCountLogs.size()) return kCountLogs[count];
  return static_cast<float>(count) * std::log2(static_cast<float>(count));
}

}  // namespace

float entropyOf(const uint8_t* octets, uint32_t count) {
  if (count == 0) return 0;
  std::array<uint16_t, 256> frequencies{};
  count = std::min(count, uint32_t{UINT16_MAX});
  for (uint32_t i = 0; i < count; ++i) ++frequencies[octets[i]];
  float sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    sum += countLog(frequencies[octets[i]]);
    frequencies[octets[i]] = 0;
  }
  // H = log2 n - (sum of c log2 c) / n; rounding may leave less than nothing.
  const auto total = static_cast<float>(count);
  return std::fmax(0.0f, std::log2(total) - sum / total);
}

uint32_t hashOctets(const uint8_t* octets, uint32_t count) {
  uint64_t hash = count;
  while (count > 0) {
    uint64_t word = 0;
    const uint32_t taken = count < sizeof word ? count : static_cast<uint32_t>(sizeof word);
    std::memcpy(&word, octets, taken);
    hash = mixHash(hash, word);
    octets += taken;
    count -= taken;
  }
  hash = mixHash(hash, 0);
  return static_cast<uint32_t>(hash ^ hash >> 32);
}

}  // namespace phantommesh
