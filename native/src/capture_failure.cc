#include "capture_failure.h"

namespace phantommesh {

const char* nameOf(CaptureFailure::Code code) {
  switch (code) {
    case CaptureFailure::Code::kFileUnreadable: return "CAPTURE_FILE_UNREADABLE";
    case CaptureFailure::Code::kFileFormat: return "CAPTURE_FILE_FORMAT_UNKNOWN";
    case CaptureFailure::Code::kFileCorrupt: return "CAPTURE_FILE_CORRUPT";
    case CaptureFailure::Code::kFileTruncated: return "CAPTURE_FILE_TRUNCATED";
    case CaptureFailure::Code::kLinkTypeUnknown: return "CAPTURE_LINK_TYPE_UNKNOWN";
    case CaptureFailure::Code::kInterfaceMissing: return "CAPTURE_INTERFACE_MISSING";
    case CaptureFailure::Code::kPermissionDenied: return "CAPTURE_PERMISSION_DENIED";
    case CaptureFailure::Code::kInterfaceFailed: return "CAPTURE_INTERFACE_FAILED";
    case CaptureFailure::Code::kFilterInvalid: return "CAPTURE_FILTER_INVALID";
  }
  return "";
}

}  // namespace phantommesh
