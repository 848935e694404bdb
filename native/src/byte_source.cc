#include "byte_source.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "capture_failure.h"

namespace phantommesh {
namespace {

using Code = CaptureFailure::Code;

// Shows the file through a window that moves on: memory stays bounded, and the size is looked at anew each time, so that a file that
// was cut meanwhile is a truncated file. (Cutting it within the window while it is read still kills the reader: SIGBUS.)
class MappedFile final : public ByteSource {
 public:
  // Takes the descriptor.
  MappedFile(int descriptor, size_t size, std::string path) : path_(std::move(path)), descriptor_(descriptor), size_(size) {}
  ~MappedFile() override {
    unmap();
    close(descriptor_);
  }

  double progress() const override { return static_cast<double>(offset()) / static_cast<double>(size_); }

 private:
  static constexpr size_t kWindowOctets = 32u << 20;

  bool refill(size_t count) override {
    const uint64_t from = offset();
    struct stat status {};
    const uint64_t size = fstat(descriptor_, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
    // At the end of the file the rest is mapped even if it is too short: the reader asks how much is left.
    if (size > from + left()) map(from, std::min<uint64_t>(size - from, std::max(kWindowOctets, count)));
    return left() >= count;
  }

  void map(uint64_t from, size_t length) {
    const uint64_t pageStart = from & ~uint64_t{kPageOctets - 1};
    const size_t ahead = from - pageStart;
    void* memory = mmap(nullptr, ahead + length, PROT_READ, MAP_PRIVATE, descriptor_, static_cast<off_t>(pageStart));
    if (memory == MAP_FAILED) throw CaptureFailure(Code::kFileUnreadable, path_, std::strerror(errno), from);
    madvise(memory, ahead + length, MADV_SEQUENTIAL);
    unmap();
    start_ = static_cast<const uint8_t*>(memory);
    at_ = start_ + ahead;
    end_ = at_ + length;
    startOffset_ = pageStart;
  }

  void unmap() {
    if (start_ != nullptr) munmap(const_cast<uint8_t*>(start_), static_cast<size_t>(end_ - start_));
  }

  static constexpr size_t kPageOctets = 65'536;  // a multiple of every page size Linux has on x64 and arm64

  std::string path_;
  int descriptor_;
  size_t size_;
};

class GzipFile final : public ByteSource {
 public:
  // Takes the descriptor.
  GzipFile(int descriptor, size_t size, const std::string& path) : path_(path), size_(size), buffer_(kBufferOctets) {
    file_ = gzdopen(descriptor, "rb");
    if (file_ == nullptr) {
      close(descriptor);
      throw CaptureFailure(Code::kFileUnreadable, path, "out of memory");
    }
    gzbuffer(file_, 1u << 17);
    start_ = at_ = end_ = buffer_.data();
  }
  ~GzipFile() override { gzclose(file_); }

  double progress() const override { return std::min(1.0, static_cast<double>(gzoffset(file_)) / static_cast<double>(size_)); }

 private:
  static constexpr size_t kBufferOctets = 1u << 20;  // above any packet or block that the readers accept

  bool refill(size_t count) override {
    if (count > buffer_.size()) return false;
    const size_t kept = left();
    std::memmove(buffer_.data(), at_, kept);
    startOffset_ += static_cast<uint64_t>(at_ - start_);
    at_ = start_;
    size_t filled = kept;
    while (filled < count && !isEnded_) {
      const int got = gzread(file_, buffer_.data() + filled, static_cast<unsigned>(buffer_.size() - filled));
      // A damaged or cut stream ends here: what was unpacked before is good, the reader reports the place.
      if (got <= 0) isEnded_ = true;
      else filled += static_cast<size_t>(got);
    }
    end_ = start_ + filled;
    if (filled >= count) return true;
    int error = Z_OK;
    const char* message = gzerror(file_, &error);
    if (error != Z_OK && filled == 0) throw CaptureFailure(Code::kFileCorrupt, path_, message, offset());
    return false;
  }

  std::string path_;
  size_t size_;
  gzFile file_;
  std::vector<uint8_t> buffer_;
  bool isEnded_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> ByteSource::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) throw CaptureFailure(Code::kFileUnreadable, path, std::strerror(errno));
  const auto refuse = [&](Code code, const char* reason) {
    close(descriptor);
    return CaptureFailure(code, path, reason);
  };
  struct stat status {};
  if (fstat(descriptor, &status) != 0) throw refuse(Code::kFileUnreadable, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) throw refuse(Code::kFileUnreadable, "it is a directory");
  if (!S_ISREG(status.st_mode)) throw refuse(Code::kFileUnreadable, "it is not a regular file");
  if (status.st_size == 0) throw refuse(Code::kFileFormat, "the file is empty");
  const auto size = static_cast<size_t>(status.st_size);
  uint8_t magic[2] = {0, 0};
  if (pread(descriptor, magic, sizeof magic, 0) < 0) throw refuse(Code::kFileUnreadable, std::strerror(errno));
  if (magic[0] == 0x1f && magic[1] == 0x8b) return std::make_unique<GzipFile>(descriptor, size, path);
  return std::make_unique<MappedFile>(descriptor, size, path);
}

}  // namespace phantommesh
