// The octets of a file in order, as they are or unpacked from gzip, through a buffer that holds any packet in one
// piece.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace phantommesh {

class ByteSource {
 public:
  // Throws CaptureFailure for what is not a readable, regular, non-empty file.
  static std::unique_ptr<ByteSource> open(const std::string& path);
  virtual ~ByteSource() = default;

  // `count` octets from the current place on, or null when the source ends before. Valid until the next call.
  const uint8_t* peek(size_t count) {
    if (static_cast<size_t>(end_ - at_) >= count || refill(count)) return at_;
    return nullptr;
  }
  // After a peek of at least as many.
  void skip(size_t count) {
    __builtin_prefetch(at_ + count + 256);  // the next packets' headers
    at_ += count;
  }
  // Octets left at the current place; after a failed peek this is all there is.
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  uint64_t offset() const { return startOffset_ + static_cast<uint64_t>(at_ - start_); }
  // How much of the file on disk has been read, 0..1.
  virtual double progress() const = 0;

 protected:
  ByteSource() = default;
  virtual bool refill(size_t count) = 0;

  const uint8_t* start_ = nullptr;
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  uint64_t startOffset_ = 0;
};

}  // namespace phantommesh
