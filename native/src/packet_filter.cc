#include "packet_filter.h"

#include <cctype>
#include <memory>

#include "capture_failure.h"
#include "snap_tail.h"

namespace phantommesh {
namespace {

using Code = CaptureFailure::Code;

constexpr uint32_t kWholePacket = 65'535;

struct CloseHandle {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
struct FreeCode {
  bpf_program program{};
  ~FreeCode() { pcap_freecode(&program); }
};

bool hasWord(const std::string& text, const std::string& word) {
  const auto isPart = [&](size_t at) { return at < text.size() && std::isalnum(static_cast<uint8_t>(text[at])); };
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    if (!isPart(at + word.size()) && (at == 0 || !isPart(at - 1))) return true;
  }
  return false;
}

// The kernel takes the outer tag out of a packet before a filter sees it. Only for a handle on an open interface does
// libpcap compile `vlan` into a look at where the kernel keeps the tag.
std::vector<bpf_insn> compileVlanFilter(const std::string& expression, const std::string& interfaceName) {
  char reason[PCAP_ERRBUF_SIZE] = "";
  const std::unique_ptr<pcap_t, CloseHandle> handle(pcap_create(interfaceName.c_str(), reason));
  if (handle == nullptr) throw CaptureFailure(Code::kInterfaceFailed, interfaceName, reason);
  pcap_set_snaplen(handle.get(), kWholePacket);
  pcap_set_buffer_size(handle.get(), 1 << 18);
  const int status = pcap_activate(handle.get());
  if (status == PCAP_ERROR_PERM_DENIED) throw CaptureFailure(Code::kPermissionDenied, interfaceName, "CAP_NET_RAW");
  if (status < 0) throw CaptureFailure(Code::kInterfaceFailed, interfaceName, pcap_statustostr(status));
  FreeCode filter;
  if (pcap_compile(handle.get(), &filter.program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    throw CaptureFailure(Code::kFilterInvalid, expression, pcap_geterr(handle.get()));
  }
  return withSnapTail(filter.program, true);
}

}  // namespace

PacketFilter::PacketFilter(const std::string& expression, uint32_t fileLinkType, uint32_t snapLength) {
  // 101 is the number of raw IP in files; DLT_RAW, which libpcap wants here, is 12 on Linux.
  const int dataLink = fileLinkType == 101 ? DLT_RAW : static_cast<int>(fileLinkType);
  pcap_t* handle = pcap_open_dead(dataLink, static_cast<int>(snapLength));
  if (handle == nullptr) throw CaptureFailure(Code::kFilterInvalid, expression, "out of memory");
  const int status = pcap_compile(handle, &program_, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN);
  const std::string reason = status == 0 ? "" : pcap_geterr(handle);
  pcap_close(handle);
  if (status != 0) throw CaptureFailure(Code::kFilterInvalid, expression, reason);
}

std::vector<bpf_insn> compileLiveFilter(const std::string& expression, bool isEthernet,
                                        const std::string& interfaceName) {
  try {
    if (isEthernet && hasWord(expression, "vlan")) return compileVlanFilter(expression, interfaceName);
    const PacketFilter filter(expression, isEthernet ? DLT_EN10MB : DLT_RAW, kWholePacket);
    return withSnapTail(filter.program(), isEthernet);
  } catch (CaptureFailure& failure) {
    if (failure.place.empty()) failure.place = expression;
    throw;
  }
}

}  // namespace phantommesh
