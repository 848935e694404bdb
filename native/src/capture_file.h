// Packets of a capture file: pcap (either byte order, micro- or nanoseconds), pcapng, either of them in gzip.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "byte_source.h"
#include "capture_failure.h"
#include "decode.h"

namespace phantommesh {

struct RawPacket {
  Captured captured;
  uint64_t timestampUs;
  std::optional<LinkType> linkType;  // nothing: the decoder knows none like it
  uint32_t fileLinkType;             // its number in the file; within PPI, that of the packet inside
};

class CaptureFile {
 public:
  // Throws CaptureFailure: not readable, not a capture, a link type that the decoder does not know.
  static std::unique_ptr<CaptureFile> open(const std::string& path);
  virtual ~CaptureFile() = default;

  // False at the end. Throws CaptureFailure with the offset where the file is cut or makes no sense; all packets before
  // were given. The packet is valid until the next call. One of a link type nobody knows is given without type; a file
  // of nothing else is refused.
  bool next(RawPacket& packet);
  double progress() const { return source_->progress(); }

 protected:
  CaptureFile(std::string path, std::unique_ptr<ByteSource> source)
      : path_(std::move(path)), source_(std::move(source)) {}
  // Fills all but `linkType`.
  virtual bool read(RawPacket& packet) = 0;
  CaptureFailure linkTypeUnknown(uint32_t fileLinkType) const;

  // libpcap's MAXIMUM_SNAPLEN: what claims to be longer is no packet.
  static constexpr uint32_t kPacketOctetsMax = 262'144;

  std::string path_;
  std::unique_ptr<ByteSource> source_;

 private:
  bool hasKnown_ = false;
  std::optional<uint32_t> unknown_;
};

// The two formats; the magic number has been seen but not consumed.
std::unique_ptr<CaptureFile> openPcap(std::string path, std::unique_ptr<ByteSource> source);
std::unique_ptr<CaptureFile> openPcapng(std::string path, std::unique_ptr<ByteSource> source);

}  // namespace phantommesh
