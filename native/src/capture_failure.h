// Why a source of packets could not be opened or read on. Thrown in native code only; the addon hands it to JavaScript
// as data.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace phantommesh {

struct CaptureFailure : std::runtime_error {
  // The codes of agent/capture/errors.ts.
  enum class Code {
    kFileUnreadable,
    kFileFormat,
    kFileCorrupt,
    kFileTruncated,
    kLinkTypeUnknown,
    kInterfaceMissing,
    kPermissionDenied,
    kInterfaceFailed,
    kFilterInvalid
  };

  CaptureFailure(Code code, std::string place, std::string reason, uint64_t offset = 0)
      : std::runtime_error(reason), code(code), place(std::move(place)), offset(offset) {}

  Code code;
  std::string place;  // file or interface
  uint64_t offset;    // octets into the file (of the uncompressed text of a gzip file); a link type's number
};

const char* nameOf(CaptureFailure::Code code);

}  // namespace phantommesh
