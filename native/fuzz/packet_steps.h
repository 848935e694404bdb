// What the fuzzers of packets share: steps of packet time, and an assertion that a fuzzer sees.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>

namespace phantommesh::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

// Back and ahead, around every timeout.
inline constexpr std::array<int64_t, 10> kStepsUs = {0,           1,             1000, 300'000,  2'500'000,
                                                     130'000'000, 4'000'000'000, -500, -500'000, -10'000'000};

}  // namespace phantommesh::fuzz
