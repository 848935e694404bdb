// Messages built octet by octet, and what every parser must keep: it reads nothing behind `captured`, and a message
// that is cut anywhere stays itself or nothing.
#pragma once

#include <cstring>
#include <initializer_list>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "../src/payload.h"
#include "checks.h"

namespace phantommesh::test {

using Octets = std::string;

inline Octets octets(std::initializer_list<int> values) {
  Octets all;
  for (const int value : values) all.push_back(static_cast<char>(value));
  return all;
}
inline Octets word16(uint32_t value) {
  return octets({static_cast<int>(value >> 8 & 255), static_cast<int>(value & 255)});
}
inline Octets word32(uint32_t value) { return word16(value >> 16) + word16(value); }

// Its own heap copy of exactly `captured` octets: the address sanitizer sees a read behind it.
class OnHeap {
 public:
  OnHeap(const Octets& bytes, size_t captured) : bytes_(std::make_unique<uint8_t[]>(captured)) {
    std::memcpy(bytes_.get(), bytes.data(), captured);
    payload_ = {bytes_.get(), static_cast<uint32_t>(captured), static_cast<uint32_t>(bytes.size())};
  }
  explicit OnHeap(const Octets& bytes) : OnHeap(bytes, bytes.size()) {}
  operator const Payload&() const { return payload_; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  Payload payload_;
};

// `read(payload)` for a message whose capture ends at each of its octets, the wire length staying.
template <class Read>
void forEachCut(const Octets& message, Read read) {
  for (size_t captured = 0; captured <= message.size(); ++captured) read(OnHeap(message, captured), captured);
}

// The share of random payloads that `read` accepts: of every length up to 300, a quarter of them cut. This is how often
// ciphertext on a known port is misread.
template <class Read>
double acceptedOfRandom(const char* name, Read read, int runs = 200'000) {
  std::mt19937_64 random(seed());
  int accepted = 0;
  for (int run = 0; run < runs; ++run) {
    Octets bytes(random() % 300 + 1, '\0');
    for (char& each : bytes) each = static_cast<char>(random());
    accepted += read(OnHeap(bytes, random() % 4 == 0 ? random() % bytes.size() : bytes.size())) ? 1 : 0;
  }
  const double share = static_cast<double>(accepted) / runs;
  std::fprintf(stderr, "random bytes taken for %s: %d of %d\n", name, accepted, runs);
  return share;
}

}  // namespace phantommesh::test
