#include "capture_file.h"

#include <cstring>
#include <utility>


namespace phantommesh {
namespace {

using Code = CaptureFailure::Code;

// Per-Packet Information (CACE Technologies, 2007): version, flags, length of the header with its fields, link type of
// the packet behind it; all little-endian, whatever the file is.
constexpr uint32_t kPpi = 192;
constexpr uint32_t kPpiHeaderMin = 8;

// What stands behind the PPI header takes its place. One that makes no sense stays, and is of no link type.
void unwrapPpi(RawPacket& packet) {
  Captured& captured = packet.captured;
  if (captured.length < kPpiHeaderMin) return;
  const uint8_t* header = captured.bytes;
  const uint32_t length = header[2] | uint32_t{header[3]} << 8;
  if (header[0] != 0 || length < kPpiHeaderMin || length > captured.length) return;
  packet.fileLinkType = header[4] | uint32_t{header[5]} << 8 | uint32_t{header[6]} << 16 | uint32_t{header[7]} << 24;
  captured = {header + length, captured.length - length, captured.wireLength - length};
}

class PcapFile final : public CaptureFile {
 public:
  PcapFile(std::string path, std::unique_ptr<ByteSource> source) : CaptureFile(std::move(path), std::move(source)) {
    const uint8_t* header = source_->peek(kFileHeader);
    if (header == nullptr) {
      throw CaptureFailure(Code::kFileTruncated, path_, "the pcap header is cut", source_->offset());
    }
    uint32_t magic;
    std::memcpy(&magic, header, sizeof magic);
    isSwapped_ = magic == kMicroSwapped || magic == kNanoSwapped;
    isNano_ = magic == kNano || magic == kNanoSwapped;
    fileLinkType_ = field(header, 20) & 0xffff;  // above it: length of a frame check sequence
    if (fileLinkType_ != kPpi && !linkTypeOf(fileLinkType_)) throw linkTypeUnknown(fileLinkType_);
    source_->skip(kFileHeader);
  }

  static bool isMagic(uint32_t magic) {
    return magic == kMicro || magic == kMicroSwapped || magic == kNano || magic == kNanoSwapped;
  }

  bool read(RawPacket& packet) override {
    const uint8_t* header = source_->peek(kPacketHeader);
    if (header == nullptr) {
      if (source_->left() == 0) return false;
      throw CaptureFailure(Code::kFileTruncated, path_, "a packet header is cut", source_->offset());
    }
    const uint32_t seconds = field(header, 0);
    const uint32_t fraction = field(header, 4);
    const uint32_t captured = field(header, 8);
    const uint32_t wire = field(header, 12);
    if (captured > kPacketOctetsMax) {
      const std::string reason = "a packet claims " + std::to_string(captured) + " octets";
      throw CaptureFailure(Code::kFileCorrupt, path_, reason, source_->offset());
    }
    header = source_->peek(kPacketHeader + captured);
    if (header == nullptr) throw CaptureFailure(Code::kFileTruncated, path_, "a packet is cut", source_->offset());
    packet.captured = {header + kPacketHeader, captured, wire > captured ? wire : captured};
    packet.timestampUs = uint64_t{seconds} * 1'000'000 + (isNano_ ? fraction / 1000 : fraction);
    packet.fileLinkType = fileLinkType_;
    source_->skip(kPacketHeader + captured);
    return true;
  }

 private:
  static constexpr uint32_t kMicro = 0xa1b2c3d4;
  static constexpr uint32_t kMicroSwapped = 0xd4c3b2a1;
  static constexpr uint32_t kNano = 0xa1b23c4d;
  static constexpr uint32_t kNanoSwapped = 0x4d3cb2a1;
  static constexpr size_t kFileHeader = 24;
  static constexpr size_t kPacketHeader = 16;

  uint32_t field(const uint8_t* header, size_t offset) const {
    uint32_t value;
    std::memcpy(&value, header + offset, sizeof value);
    return isSwapped_ ? __builtin_bswap32(value) : value;
  }

  bool isSwapped_ = false;
  bool isNano_ = false;
  uint32_t fileLinkType_ = 0;
};

}  // namespace

bool CaptureFile::next(RawPacket& packet) {
  if (!read(packet)) {
    if (unknown_ && !hasKnown_) throw linkTypeUnknown(*unknown_);
    return false;
  }
  if (packet.fileLinkType == kPpi) unwrapPpi(packet);
  packet.linkType = linkTypeOf(packet.fileLinkType);
  if (packet.linkType) hasKnown_ = true;
  else unknown_ = packet.fileLinkType;
  return true;
}

CaptureFailure CaptureFile::linkTypeUnknown(uint32_t fileLinkType) const {
  return {Code::kLinkTypeUnknown, path_, "link type " + std::to_string(fileLinkType) + " is not known", fileLinkType};
}

std::unique_ptr<CaptureFile> openPcap(std::string path, std::unique_ptr<ByteSource> source) {
  return std::make_unique<PcapFile>(std::move(path), std::move(source));
}

std::unique_ptr<CaptureFile> CaptureFile::open(const std::string& path) {
  std::unique_ptr<ByteSource> source = ByteSource::open(path);
  const uint8_t* start = source->peek(4);
  uint32_t magic = 0;
  if (start != nullptr) std::memcpy(&magic, start, sizeof magic);
  if (PcapFile::isMagic(magic)) return openPcap(path, std::move(source));
  if (magic == 0x0a0d0d0a) return openPcapng(path, std::move(source));
  throw CaptureFailure(Code::kFileFormat, path, "it is neither pcap nor pcapng (nor one of them in gzip)");
}

}  // namespace phantommesh
