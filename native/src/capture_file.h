// Packets of a capture file: pcap (either byte order, micro- or nanoseconds), pcapng, either of them in gzip.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "byte_source.h"
#include "decode.h"

namespace phantommesh {

struct RawPacket {
  Captured captured;
  uint64_t timestampUs;
  std::optional<LinkType> linkType;  // nothing: the decoder knows none like it
  uint32_t fileLinkType;             // its number in the file
};

class CaptureFile {
 public:
  // Throws CaptureFailure: not readable, not a capture, a link type that the decoder does not know.
  static std::unique_ptr<CaptureFile> open(const std::string& path);
  virtual ~CaptureFile() = default;

  // False at the end. Throws CaptureFailure with the offset where the file is cut or makes no sense; all packets before were given.
  // The packet is valid until the next call.
  virtual bool next(RawPacket& packet) = 0;
  double progress() const { return source_->progress(); }

 protected:
  CaptureFile(std::string path, std::unique_ptr<ByteSource> source) : path_(std::move(path)), source_(std::move(source)) {}

  // libpcap's MAXIMUM_SNAPLEN: what claims to be longer is no packet.
  static constexpr uint32_t kPacketOctetsMax = 262'144;

  std::string path_;
  std::unique_ptr<ByteSource> source_;
};

// The two formats; the magic number has been seen but not consumed.
std::unique_ptr<CaptureFile> openPcap(std::string path, std::unique_ptr<ByteSource> source);
std::unique_ptr<CaptureFile> openPcapng(std::string path, std::unique_ptr<ByteSource> source);

}  // namespace phantommesh
