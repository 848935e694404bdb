// pcapng: draft-ietf-opsawg-pcapng. Blocks that carry no packet are passed over by their length.
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "capture_file.h"

namespace phantommesh {
namespace {

using Code = CaptureFailure::Code;

constexpr uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr uint32_t kInterfaceDescription = 1;
constexpr uint32_t kObsoletePacket = 2;
constexpr uint32_t kSimplePacket = 3;
constexpr uint32_t kEnhancedPacket = 6;
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint16_t kOptionEnd = 0;
constexpr uint16_t kOptionTsresol = 9;
constexpr uint16_t kOptionTsoffset = 14;
constexpr uint32_t kBlockOctetsMax = 1u << 20;      // the buffer of a file
constexpr uint32_t kInterfacesMax = 65'536;

struct Interface {
  uint32_t fileLinkType = 0;
  uint32_t snapLength = 0;
  uint64_t ticksPerSecond = 1'000'000;
  int64_t offsetSeconds = 0;

  // Nothing outside 1970..2106, the range of pcap: beyond it seconds do not fit into the 32 bits that the tables keep.
  std::optional<uint64_t> microseconds(uint64_t ticks) const {
    const uint64_t seconds = ticks / ticksPerSecond + static_cast<uint64_t>(offsetSeconds);
    if (seconds > UINT32_MAX) return std::nullopt;
    const uint64_t rest = ticks % ticksPerSecond;
    const auto fraction = static_cast<uint64_t>(static_cast<unsigned __int128>(rest) * 1'000'000 / ticksPerSecond);
    return seconds * 1'000'000 + fraction;
  }
};

class PcapngFile final : public CaptureFile {
 public:
  PcapngFile(std::string path, std::unique_ptr<ByteSource> source) : CaptureFile(std::move(path), std::move(source)) {
    readBlock();  // the first section header: what is wrong with it is told when the file is opened
  }

  bool read(RawPacket& packet) override {
    while (isAtBlock()) {
      if (readBlock() && readPacket(packet)) return true;
    }
    return false;
  }

 private:
  bool isAtBlock() {
    if (block_ != 0) source_->skip(block_);
    block_ = 0;
    if (source_->peek(12) != nullptr) return true;
    if (source_->left() == 0) return false;
    throw CaptureFailure(Code::kFileTruncated, path_, "a block header is cut", source_->offset());
  }

  // Reads the block at the current place; true when it may carry a packet. `block_` is its length, skipped before the
  // next.
  bool readBlock() {
    const uint8_t* header = source_->peek(12);
    if (header == nullptr) {
      throw CaptureFailure(Code::kFileTruncated, path_, "the section header is cut", source_->offset());
    }
    std::memcpy(&type_, header, sizeof type_);
    if (type_ == kSectionHeader) startSection(header);
    type_ = u32(header, 0);
    length_ = u32(header, 4);
    if (length_ < 12 || length_ % 4 != 0) throw corrupt("a block claims " + std::to_string(length_) + " octets");
    if (length_ > kBlockOctetsMax) {
      throw corrupt("a block of " + std::to_string(length_) + " octets is longer than any packet");
    }
    bytes_ = source_->peek(length_);
    if (bytes_ == nullptr) throw CaptureFailure(Code::kFileTruncated, path_, "a block is cut", source_->offset());
    if (u32(bytes_, length_ - 4) != length_) throw corrupt("the two lengths of a block differ");
    block_ = length_;
    if (type_ == kInterfaceDescription) describeInterface();
    return type_ == kEnhancedPacket || type_ == kSimplePacket || type_ == kObsoletePacket;
  }

  void startSection(const uint8_t* header) {
    uint32_t magic;
    std::memcpy(&magic, header + 8, sizeof magic);
    isSwapped_ = magic != kByteOrderMagic;
    if (isSwapped_ && magic != __builtin_bswap32(kByteOrderMagic)) throw corrupt("the byte-order magic makes no sense");
    interfaces_.clear();
  }

  void describeInterface() {
    if (length_ < 20) throw corrupt("an interface description is too short");
    if (interfaces_.size() == kInterfacesMax) throw corrupt("there are more than 65536 interfaces");
    Interface interface;
    interface.fileLinkType = u16(bytes_, 8);
    interface.snapLength = u32(bytes_, 12);
    readOptions(interface);
    interfaces_.push_back(interface);
  }

  void readOptions(Interface& interface) {
    for (uint32_t at = 16; at + 4 <= length_ - 4;) {
      const uint16_t code = u16(bytes_, at);
      const uint16_t octets = u16(bytes_, at + 2);
      at += 4;
      if (code == kOptionEnd || at + octets > length_ - 4) return;
      if (code == kOptionTsresol && octets == 1) interface.ticksPerSecond = resolution(bytes_[at]);
      if (code == kOptionTsoffset && octets == 8) interface.offsetSeconds = static_cast<int64_t>(u64(bytes_, at));
      at += (octets + 3u) & ~3u;
    }
  }

  uint64_t resolution(uint8_t value) const {
    const unsigned exponent = value & 0x7f;
    if (value & 0x80) {
      if (exponent > 63) throw corrupt("a timestamp resolution makes no sense");
      return uint64_t{1} << exponent;
    }
    if (exponent > 19) throw corrupt("a timestamp resolution makes no sense");
    uint64_t ticks = 1;
    for (unsigned i = 0; i < exponent; ++i) ticks *= 10;
    return ticks;
  }

  bool readPacket(RawPacket& packet) {
    const bool isSimple = type_ == kSimplePacket;
    const uint32_t start = isSimple ? 12 : 28;
    if (length_ < start + 4) throw corrupt("a packet block is too short");
    const uint32_t number = isSimple ? 0 : type_ == kEnhancedPacket ? u32(bytes_, 8) : u16(bytes_, 8);
    if (number >= interfaces_.size()) {
      throw corrupt("a packet names interface " + std::to_string(number) + ", which is not described");
    }
    const Interface& interface = interfaces_[number];
    const uint32_t room = length_ - start - 4;
    const uint32_t wire = u32(bytes_, isSimple ? 8 : 24);
    uint32_t captured = isSimple ? wire : u32(bytes_, 20);
    if (isSimple) {
      if (interface.snapLength != 0 && captured > interface.snapLength) captured = interface.snapLength;
      if (captured > room) captured = room;
    }
    if (captured > room || captured > kPacketOctetsMax) {
      throw corrupt("a packet claims " + std::to_string(captured) + " octets");
    }
    // A simple packet has no time of its own: it gets that of the packet before.
    if (!isSimple) {
      const auto timestampUs = interface.microseconds(uint64_t{u32(bytes_, 12)} << 32 | u32(bytes_, 16));
      if (!timestampUs) throw corrupt("a packet's time is not between 1970 and 2106");
      lastUs_ = *timestampUs;
    }
    packet.captured = {bytes_ + start, captured, wire > captured ? wire : captured};
    packet.timestampUs = lastUs_;
    packet.fileLinkType = interface.fileLinkType;
    return true;
  }

  CaptureFailure corrupt(std::string reason) const {
    return {Code::kFileCorrupt, path_, std::move(reason), source_->offset()};
  }

  uint16_t u16(const uint8_t* bytes, size_t at) const {
    uint16_t value;
    std::memcpy(&value, bytes + at, sizeof value);
    return isSwapped_ ? __builtin_bswap16(value) : value;
  }
  uint32_t u32(const uint8_t* bytes, size_t at) const {
    uint32_t value;
    std::memcpy(&value, bytes + at, sizeof value);
    return isSwapped_ ? __builtin_bswap32(value) : value;
  }
  uint64_t u64(const uint8_t* bytes, size_t at) const {
    uint64_t value;
    std::memcpy(&value, bytes + at, sizeof value);
    return isSwapped_ ? __builtin_bswap64(value) : value;
  }

  bool isSwapped_ = false;
  uint32_t type_ = 0;
  uint32_t length_ = 0;
  uint32_t block_ = 0;
  const uint8_t* bytes_ = nullptr;
  uint64_t lastUs_ = 0;
  std::vector<Interface> interfaces_;
};

}  // namespace

std::unique_ptr<CaptureFile> openPcapng(std::string path, std::unique_ptr<ByteSource> source) {
  return std::make_unique<PcapngFile>(std::move(path), std::move(source));
}

}  // namespace phantommesh
