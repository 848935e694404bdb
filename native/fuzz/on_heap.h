// A payload in memory of exactly its captured octets, so that the address sanitizer sees a read behind them.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../src/payload.h"
#include "packet_steps.h"

namespace phantommesh::fuzz {

// The flags' upper five bits say how many octets of the wire the capture lacks.
class OnHeap {
 public:
  OnHeap(const uint8_t* data, size_t size, uint8_t flags) : bytes_(std::make_unique<uint8_t[]>(size)) {
    if (size > 0) std::memcpy(bytes_.get(), data, size);
    const auto captured = static_cast<uint32_t>(size);
    payload = {size > 0 ? bytes_.get() : nullptr, captured, captured + (flags >> 3) * 16u};
  }

  Payload payload;

 private:
  std::unique_ptr<uint8_t[]> bytes_;
};

}  // namespace phantommesh::fuzz
