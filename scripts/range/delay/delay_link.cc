// A link with the delay of the wide world between two network namespaces of the range: kernels without netem have nothing of the kind.
//
//   delay-link NAMESPACE INTERFACE NAMESPACE INTERFACE MS_MIN MS_MAX
//
// Makes a TUN device in each of two namespaces (names as `ip netns` knows them) and carries every packet from one to the other, late by a
// one-way delay that depends on the far address alone: the same server is always equally far away, and packets to and from it stay in
// order. A far address is the one on the side of the second namespace. Prints "ready" once both devices exist; ends on SIGTERM.
// Bound: 65 536 packets under way in each direction, further ones are dropped as a router's full queue drops them.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <queue>
#include <string>
#include <vector>

namespace {

constexpr size_t kUnderWayMax = 65536;
constexpr size_t kPacketMax = 65536;
/// Packets read from one device before the other gets its turn.
constexpr int kBurst = 64;

struct Late {
  int64_t due_us;
  uint64_t number;
  std::vector<uint8_t> packet;
  bool operator>(const Late& other) const {
    return due_us != other.due_us ? due_us > other.due_us : number > other.number;
  }
};
using Queue = std::priority_queue<Late, std::vector<Late>, std::greater<>>;

int64_t now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

[[noreturn]] void fail(const char* what, const char* name) {
  std::fprintf(stderr, "delay-link: %s %s: %s\n", what, name, std::strerror(errno));
  std::exit(1);
}

int open_tun(const char* space, const char* interface_name) {
  const std::string path = std::string("/run/netns/") + space;
  const int space_fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (space_fd < 0) fail("cannot open", path.c_str());
  if (setns(space_fd, CLONE_NEWNET) != 0) fail("cannot enter", path.c_str());
  close(space_fd);
  const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) fail("cannot open", "/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, interface_name, IFNAMSIZ - 1);
  if (ioctl(device, TUNSETIFF, &request) != 0) fail("cannot make", interface_name);
  return device;
}

/// FNV-1a over the address: any two servers differ, and a run with the same addresses has the same delays.
int64_t delay_us(const uint8_t* packet, size_t size, bool towards_far, int64_t min_us, int64_t max_us) {
  size_t offset = 0;
  size_t length = 0;
  if (size >= 20 && packet[0] >> 4 == 4) {
    offset = towards_far ? 16 : 12;
    length = 4;
  } else if (size >= 40 && packet[0] >> 4 == 6) {
    offset = towards_far ? 24 : 8;
    length = 16;
  }
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; ++i) hash = (hash ^ packet[offset + i]) * 16777619u;
  // Squared: most servers are near, some are on other continents.
  const double share = (hash >> 8) / 16777216.0;
  return min_us + static_cast<int64_t>(share * share * static_cast<double>(max_us - min_us));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: delay-link NAMESPACE INTERFACE NAMESPACE INTERFACE MS_MIN MS_MAX\n");
    return 2;
  }
  const int near = open_tun(argv[1], argv[2]);
  const int far = open_tun(argv[3], argv[4]);
  const int64_t min_us = std::atoll(argv[5]) * 1000;
  const int64_t max_us = std::atoll(argv[6]) * 1000;
  std::puts("ready");
  std::fflush(stdout);

  const int from[2] = {near, far};
  const int to[2] = {far, near};
  Queue queues[2];
  uint64_t number = 0;
  std::vector<uint8_t> buffer(kPacketMax);
  for (;;) {
    int64_t wait_us = 1000000;
    for (const Queue& queue : queues) {
      if (!queue.empty()) wait_us = std::min(wait_us, std::max<int64_t>(0, queue.top().due_us - now_us()));
    }
    pollfd ready[2] = {{near, POLLIN, 0}, {far, POLLIN, 0}};
    const timespec wait = {wait_us / 1000000, wait_us % 1000000 * 1000};
    if (ppoll(ready, 2, &wait, nullptr) < 0 && errno != EINTR) fail("cannot wait on", "the devices");
    const int64_t now = now_us();
    for (int side = 0; side < 2; ++side) {
      for (int count = 0; count < kBurst && (ready[side].revents & POLLIN) != 0; ++count) {
        const ssize_t size = read(from[side], buffer.data(), buffer.size());
        if (size <= 0) break;
        if (queues[side].size() >= kUnderWayMax) continue;
        const int64_t late = delay_us(buffer.data(), static_cast<size_t>(size), side == 0, min_us, max_us);
        queues[side].push({now + late, number++, {buffer.begin(), buffer.begin() + size}});
      }
      while (!queues[side].empty() && queues[side].top().due_us <= now) {
        const std::vector<uint8_t>& packet = queues[side].top().packet;
        // A device that is down or full loses the packet, as any link would.
        [[maybe_unused]] const ssize_t written = write(to[side], packet.data(), packet.size());
        queues[side].pop();
      }
    }
  }
}
