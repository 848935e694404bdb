// A driver for LLVMFuzzerTestOneInput where there is no libFuzzer:   program RUNS SEED FILE...
// Each run takes a seed file, changes it in a few places, and hands it over. The same arguments give the same inputs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace phantommesh::fuzz {

using Bytes = std::vector<uint8_t>;

inline void mutate(Bytes& bytes, std::mt19937_64& random) {
  static constexpr uint8_t kTelling[] = {0x00, 0x01, 0x04, 0x05, 0x06, 0x0f, 0x11, 0x2b, 0x2c, 0x33,
                                         0x3a, 0x3c, 0x40, 0x45, 0x60, 0x7f, 0x80, 0x81, 0xff};
  for (uint64_t changes = 1 + random() % 6; changes > 0 && !bytes.empty(); --changes) {
    const size_t at = random() % bytes.size();
    switch (random() % 6) {
      case 0: bytes[at] ^= static_cast<uint8_t>(1u << (random() % 8)); break;
      case 1: bytes[at] = kTelling[random() % std::size(kTelling)]; break;
      case 2: bytes[at] = static_cast<uint8_t>(random()); break;
      case 3: bytes.resize(at); break;
      case 4:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), kTelling[random() % std::size(kTelling)]);
        break;
      default: {
        const Bytes piece(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                          bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), at + 1 + random() % 64)));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(random() % bytes.size()), piece.begin(), piece.end());
      }
    }
  }
}

inline int drive(int count, char** arguments) {
  if (count < 4) return std::fprintf(stderr, "usage: %s RUNS SEED FILE...\n", arguments[0]), 2;
  std::vector<Bytes> seeds;
  for (int i = 3; i < count; ++i) {
    std::ifstream file(arguments[i], std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  for (const Bytes& seed : seeds) LLVMFuzzerTestOneInput(seed.data(), seed.size());
  std::mt19937_64 random(std::strtoull(arguments[2], nullptr, 10));
  const long runs = std::strtol(arguments[1], nullptr, 10);
  for (long run = 0; run < runs; ++run) {
    Bytes bytes = seeds[random() % seeds.size()];
    mutate(bytes, random);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%ld runs of seed %s\n", runs, arguments[2]);
  return 0;
}

}  // namespace phantommesh::fuzz

#ifndef PHANTOMMESH_LIBFUZZER
int main(int count, char** arguments) { return phantommesh::fuzz::drive(count, arguments); }
#endif
