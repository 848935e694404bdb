#include "packet_filter.h"

#include "capture_failure.h"

namespace phantommesh {

PacketFilter::PacketFilter(const std::string& expression, uint32_t fileLinkType, uint32_t snapLength) {
  // 101 is the number of raw IP in files; DLT_RAW, which libpcap wants here, is 12 on Linux.
  const int dataLink = fileLinkType == 101 ? DLT_RAW : static_cast<int>(fileLinkType);
  pcap_t* handle = pcap_open_dead(dataLink, static_cast<int>(snapLength));
  if (handle == nullptr) throw CaptureFailure(CaptureFailure::Code::kFilterInvalid, expression, "out of memory");
  const int status = pcap_compile(handle, &program_, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN);
  const std::string reason = status == 0 ? "" : pcap_geterr(handle);
  pcap_close(handle);
  if (status != 0) throw CaptureFailure(CaptureFailure::Code::kFilterInvalid, expression, reason);
}

}  // namespace phantommesh
