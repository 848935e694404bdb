#include "live_interface.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "capture_failure.h"
#include "packet_filter.h"

namespace phantommesh {
namespace {

using Code = CaptureFailure::Code;

constexpr uint32_t kEthernetOctets = 14;
constexpr uint32_t kTagOctets = 8;  // two tags, or one and PPPoE: part of the packet, not of the MTU

// netdevice(7). False: there is no such interface.
bool ask(const std::string& name, unsigned long what, ifreq& request) {
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  const int status = ioctl(descriptor, what, &request);
  close(descriptor);
  return status == 0;
}

// ARPHRD_* of an interface, or -1.
int hardwareType(const std::string& name) {
  ifreq request{};
  return ask(name, SIOCGIFHWADDR, request) ? request.ifr_hwaddr.sa_family : -1;
}

}  // namespace

LiveInterface::LiveInterface(const std::string& name, const std::string& filter, uint32_t ringOctets) : name_(name) {
  index_ = static_cast<int>(if_nametoindex(name.c_str()));
  if (index_ == 0) throw CaptureFailure(Code::kInterfaceMissing, name, "there is no such interface");
  const int type = hardwareType(name);
  isLoopback_ = type == ARPHRD_LOOPBACK;
  // Whatever link header other devices have (none on tun and WireGuard), a datagram socket gives the packet from its IP
  // header on.
  linkType_ = type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK ? LinkType::kEthernet : LinkType::kRawIp;
  refreshMtu(name);
  try {
    openSocket();
    attachFilter(filter);
    mapRing(ringOctets);
    bindTo(index_);
  } catch (...) {
    if (ring_ != nullptr) munmap(ring_, size_t{blocks_} * kBlockOctets);
    if (descriptor_ >= 0) close(descriptor_);
    throw;
  }
}

LiveInterface::~LiveInterface() {
  munmap(ring_, size_t{blocks_} * kBlockOctets);
  close(descriptor_);
}

void LiveInterface::openSocket() {
  // Protocol 0: nothing is queued before `bindTo`, so no packet of another interface, and none that the filter had not
  // seen.
  descriptor_ = socket(AF_PACKET, (linkType_ == LinkType::kEthernet ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (descriptor_ >= 0) return;
  if (errno == EPERM || errno == EACCES) throw CaptureFailure(Code::kPermissionDenied, name_, "CAP_NET_RAW");
  throw CaptureFailure(Code::kInterfaceFailed, name_, std::string("socket: ") + std::strerror(errno));
}

void LiveInterface::attachFilter(const std::string& filter) {
  std::vector<bpf_insn> compiled = compileLiveFilter(filter, linkType_ == LinkType::kEthernet, name_);
  // libpcap's instructions and the kernel's have the same layout (both are BSD's).
  static_assert(sizeof(bpf_insn) == sizeof(sock_filter));
  const sock_fprog program{static_cast<unsigned short>(compiled.size()),
                           reinterpret_cast<sock_filter*>(compiled.data())};
  require(setsockopt(descriptor_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), "SO_ATTACH_FILTER");
}

void LiveInterface::mapRing(uint32_t ringOctets) {
  const int version = TPACKET_V3;
  require(setsockopt(descriptor_, SOL_PACKET, PACKET_VERSION, &version, sizeof version), "PACKET_VERSION");
  blocks_ = std::max(8u, ringOctets / kBlockOctets);
  tpacket_req3 request{};
  request.tp_block_size = kBlockOctets;
  request.tp_block_nr = blocks_;
  request.tp_frame_size = 2048;  // the kernel checks it, TPACKET_V3 packs by length
  request.tp_frame_nr = kBlockOctets / request.tp_frame_size * blocks_;
  request.tp_retire_blk_tov = kRetireMs;
  require(setsockopt(descriptor_, SOL_PACKET, PACKET_RX_RING, &request, sizeof request), "PACKET_RX_RING");
  void* memory = mmap(nullptr, size_t{blocks_} * kBlockOctets, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  require(memory == MAP_FAILED ? -1 : 0, "mmap of the ring");
  ring_ = static_cast<uint8_t*>(memory);
}

void LiveInterface::bindTo(int index) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  require(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
}

bool LiveInterface::describe(const tpacket3_hdr* header, RawPacket& packet, uint16_t& vlanId) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(header);
  const auto* address = reinterpret_cast<const sockaddr_ll*>(bytes + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
  // The loopback device shows every packet twice, on its way out and on its way in.
  if (isLoopback_ && address->sll_pkttype == PACKET_OUTGOING) return false;
  const uint32_t start = linkType_ == LinkType::kEthernet ? header->tp_mac : header->tp_net;
  packet.captured = {bytes + start, header->tp_snaplen, std::max(header->tp_len, header->tp_snaplen)};
  counters_.merged += packet.captured.wireLength > lengthMax_;
  packet.timestampUs = uint64_t{header->tp_sec} * 1'000'000 + header->tp_nsec / 1000;
  packet.linkType = linkType_;
  packet.fileLinkType = 0;
  vlanId = header->tp_status & TP_STATUS_VLAN_VALID ? header->hv1.tp_vlan_tci & 0x0fff : 0;
  return true;
}

InterfaceCounters LiveInterface::counters() {
  tpacket_stats_v3 statistics{};
  socklen_t size = sizeof statistics;
  // Reading sets the kernel's counters back to zero; its packets include those it dropped.
  if (getsockopt(descriptor_, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0) {
    counters_.packets += statistics.tp_packets - statistics.tp_drops;
    counters_.dropped += statistics.tp_drops;
  }
  return counters_;
}

void LiveInterface::recover() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
}

void LiveInterface::refreshMtu(const std::string& currentName) {
  ifreq request{};
  if (!ask(currentName, SIOCGIFMTU, request)) return;
  lengthMax_ = static_cast<uint32_t>(request.ifr_mtu);
  if (linkType_ == LinkType::kEthernet) lengthMax_ += kEthernetOctets + kTagOctets;
}

void LiveInterface::require(int status, const char* what) {
  if (status >= 0) return;
  const Code code = errno == EPERM || errno == EACCES ? Code::kPermissionDenied : Code::kInterfaceFailed;
  const std::string reason = std::string(what) + ": " + std::strerror(errno);
  throw CaptureFailure(code, name_, code == Code::kPermissionDenied ? "CAP_NET_RAW" : reason);
}

}  // namespace phantommesh
