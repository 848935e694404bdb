// The tail of snap_tail.h, run by libpcap's interpreter as the kernel runs it: it changes nothing of what a filter lets
// through, and each packet is copied as far as its parsers need.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "../src/capture_file.h"
#include "../src/packet_filter.h"
#include "../src/snap_tail.h"
#include "checks.h"

using namespace phantommesh;

namespace {

using Octets = std::vector<uint8_t>;

constexpr uint32_t kLong = 1400;  // longer than what comes whole anyway

// 64 instructions and more in front of the tail, several returns, `len`, and addresses.
const char* const kFilters[] = {
    "",
    "tcp or udp",
    "not (tcp port 22 or icmp)",
    "len > 600 or (ip and ip[8] < 64)",
    "net 10.0.0.0/8 or net 192.168.0.0/16 or (udp and (port 53 or portrange 1000-2000)) or (tcp[tcpflags] & tcp-syn) "
    "!= 0",
    "ip6 or (host 192.0.2.1 and (tcp dst port 443 or tcp dst port 8443 or udp dst port 443 or udp dst port 51820))",
};

uint32_t run(const std::vector<bpf_insn>& program, const Octets& packet) {
  const auto length = static_cast<uint32_t>(packet.size());
  return bpf_filter(program.data(), packet.data(), length, length);
}

std::vector<bpf_insn> tailed(const char* filter, bool isEthernet) { return compileLiveFilter(filter, isEthernet, ""); }

void append(Octets& packet, std::initializer_list<int> octets) {
  for (const int each : octets) packet.push_back(static_cast<uint8_t>(each));
}
void append16(Octets& packet, uint32_t value) {
  append(packet, {static_cast<int>(value >> 8), static_cast<int>(value & 255)});
}

struct Made {
  std::vector<int> tags = {};     // link types in front of the network header's own
  bool isV6 = false;
  int options = 0;                // words of IPv4 options
  uint8_t protocol = 17;
  uint32_t fragment = 0;
  uint32_t source = 40000;
  uint32_t destination = 50000;
  int tcpBits = 0x10;
  int tcpOptions = 0;             // words
  std::vector<int> payload = {};
  uint32_t length = kLong;        // from the network header on
  bool hasLink = true;
};

Octets make(const Made& made) {
  Octets packet;
  if (made.hasLink) {
    packet.assign(12, 2);
    for (const int tag : made.tags) {
      append16(packet, static_cast<uint32_t>(tag));
      if (tag == 0x8864) append(packet, {0x11, 0, 0, 1, 5, 0, 0, made.isV6 ? 0x57 : 0x21});
      else append16(packet, 7);
    }
    const bool isPppoe = !made.tags.empty() && made.tags.back() == 0x8864;
    if (!isPppoe) append16(packet, made.isV6 ? 0x86dd : 0x0800);
  }
  const size_t start = packet.size();
  if (made.isV6) {
    append(packet, {0x60, 0, 0, 0});
    append16(packet, made.length - 40);
    append(packet, {made.protocol, 64});
    packet.insert(packet.end(), 32, 1);
  } else {
    append(packet, {0x45 + made.options, 0});
    append16(packet, made.length);
    append16(packet, 1);
    append16(packet, made.fragment);
    append(packet, {64, made.protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2});
    packet.insert(packet.end(), static_cast<size_t>(made.options) * 4, 1);
  }
  append16(packet, made.source);
  append16(packet, made.destination);
  if (made.protocol == 6) {
    append(packet, {0, 0, 0, 1, 0, 0, 0, 1, (5 + made.tcpOptions) << 4, made.tcpBits, 1, 0, 0, 0, 0, 0});
    packet.insert(packet.end(), static_cast<size_t>(made.tcpOptions) * 4, 1);
  } else {
    append16(packet, made.length - 20);
    append16(packet, 0);
  }
  for (const int each : made.payload) packet.push_back(static_cast<uint8_t>(each));
  packet.resize(start + made.length, 0);
  return packet;
}

void expectLength(const char* what, const Made& made, uint32_t wanted) {
  for (const bool hasLink : {true, false}) {
    if (!hasLink && !made.tags.empty()) continue;
    Made each = made;
    each.hasLink = hasLink;
    const uint32_t got = run(tailed("", hasLink), make(each));
    if (got != wanted) test::fail(what, hasLink, "copied", got, wanted);
  }
}

bool isPcap(const std::filesystem::path& path) {
  const std::string name = path.filename();
  return name.ends_with(".pcap") || name.ends_with(".pcapng") || name.ends_with(".pcap.gz") || name.ends_with(".cap");
}

// Whatever the packet, the program ends and copies one of three lengths; what was whole in the file is accepted as the
// plain filter accepts it. How many were compared.
struct Compared {
  explicit Compared(const char* filter)
      : plain{{filter, DLT_EN10MB, 65'535}, {filter, DLT_RAW, 65'535}},
        withTail{tailed(filter, true), tailed(filter, false)} {}

  void compare(const Captured& packet, bool isEthernet) const {
    const size_t kind = isEthernet ? 0 : 1;
    // Cut or not, what is here is a packet of this length.
    const uint32_t length = packet.length;
    const uint32_t got = bpf_filter(withTail[kind].data(), packet.bytes, length, length);
    CHECK_EQUAL(got != 0, plain[kind].passes(packet.bytes, length, length));
    CHECK(got == 0 || got == kSnapHeaders || got == kSnapSmall || got == kSnapMetadata);
    CHECK(length > kSnapSmall || got == 0 || got == kSnapSmall);
  }

  PacketFilter plain[2];
  std::vector<bpf_insn> withTail[2];
};

uint64_t compareFile(const std::string& path, const std::vector<std::unique_ptr<Compared>>& filters) {
  uint64_t compared = 0;
  try {
    const auto file = CaptureFile::open(path);
    RawPacket packet;
    while (file->next(packet)) {
      if (packet.linkType != LinkType::kEthernet && packet.linkType != LinkType::kRawIp) continue;
      for (const auto& each : filters) each->compare(packet.captured, packet.linkType == LinkType::kEthernet);
      ++compared;
    }
  } catch (const CaptureFailure&) {
    // A broken file of the collection: what was readable has been compared.
  }
  return compared;
}

}  // namespace

TEST("small packets come whole, of long ones without metadata the headers") {
  expectLength("small", {.length = 498}, kSnapSmall);
  expectLength("udp", {}, kSnapHeaders);
  expectLength("udp v6", {.isV6 = true}, kSnapHeaders);
  expectLength("tcp", {.protocol = 6, .payload = {0x17, 3, 3}}, kSnapHeaders);
  expectLength("icmp", {.protocol = 1}, kSnapHeaders);
  expectLength("fragment", {.fragment = 100, .destination = 53}, kSnapHeaders);
  expectLength("first fragment", {.fragment = 0x2000, .destination = 53}, kSnapMetadata);
}

TEST("TLS: what begins a handshake, and the last segment of what a client says to a TLS port") {
  for (const bool isV6 : {false, true}) {
    expectLength("hello", {.isV6 = isV6, .protocol = 6, .payload = {0x16, 3, 1}}, kSnapMetadata);
    expectLength("options", {.isV6 = isV6, .protocol = 6, .tcpOptions = 10, .payload = {0x16, 3, 3}}, kSnapMetadata);
    expectLength("second", {.isV6 = isV6, .protocol = 6, .destination = 443, .tcpBits = 0x18}, kSnapMetadata);
    expectLength("upload", {.isV6 = isV6, .protocol = 6, .destination = 443}, kSnapHeaders);
    expectLength("download", {.isV6 = isV6, .protocol = 6, .source = 443, .tcpBits = 0x18}, kSnapHeaders);
  }
  expectLength("IP options", {.options = 10, .protocol = 6, .tcpOptions = 10, .payload = {0x16, 3, 3}}, kSnapMetadata);
}

TEST("DNS whole over both transports, in both directions") {
  for (const uint32_t port : {53u, 5353u, 5355u}) {
    expectLength("answer", {.source = port}, kSnapMetadata);
    expectLength("question", {.destination = port}, kSnapMetadata);
  }
  expectLength("tcp", {.protocol = 6, .source = 53}, kSnapMetadata);
}

TEST("QUIC: Initial packets of both versions, no others") {
  for (const int first : {0xc0, 0xc3, 0xd1}) expectLength("initial", {.payload = {first}}, kSnapMetadata);
  for (const int first : {0xe0, 0xf0, 0x40, 0x80, 0}) expectLength("other", {.payload = {first}}, kSnapHeaders);
  expectLength("short", {.payload = {0xc0}, .length = 1000}, kSnapHeaders);
}

TEST("tunnels: outer and inner headers") {
  for (const uint8_t protocol : {4, 41, 47}) {
    expectLength("v4", {.protocol = protocol}, kSnapSmall);
    expectLength("v6", {.isV6 = true, .protocol = protocol}, kSnapSmall);
  }
  for (const uint32_t port : {4789u, 8472u, 6081u, 2152u, 3544u}) {
    expectLength("udp", {.destination = port}, kSnapSmall);
  }
}

TEST("through tags, PPPoE and MPLS") {
  const Made hello{.protocol = 6, .payload = {0x16, 3, 1}};
  for (const int tag : {0x8100, 0x88a8, 0x8864}) {
    for (const bool isV6 : {false, true}) {
      Made each = hello;
      each.tags = {tag};
      each.isV6 = isV6;
      expectLength("tagged", each, kSnapMetadata);
    }
  }
  expectLength("two tags", {.tags = {0x88a8, 0x8100}, .protocol = 6}, kSnapSmall);
  expectLength("MPLS", {.tags = {0x8847}, .protocol = 6}, kSnapSmall);
}

TEST("any octets of any length: the program ends, refuses nothing, and copies one of three lengths") {
  srand(test::seed());
  const std::vector<bpf_insn> programs[] = {tailed("", true), tailed("", false)};
  for (int round = 0; round < 20'000; ++round) {
    Octets packet(static_cast<size_t>(rand() % 1600 + 1));
    for (size_t i = 0; i < std::min<size_t>(packet.size(), 200); ++i) packet[i] = static_cast<uint8_t>(rand());
    if (packet.size() > 14 && round % 2 == 0) packet[12] = 8, packet[13] = 0, packet[14] = 0x45;
    for (const auto& program : programs) {
      const uint32_t got = run(program, packet);
      const bool isShort = packet.size() <= kSnapSmall;
      CHECK(got == kSnapSmall || (!isShort && (got == kSnapHeaders || got == kSnapMetadata)));
    }
  }
}

TEST("a filter accepts the same packets of real captures with the tail as without") {
  const char* folder = std::getenv("PHANTOMMESH_CAPTURES");
  if (folder == nullptr) return;
  std::vector<std::unique_ptr<Compared>> filters;
  for (const char* filter : kFilters) filters.push_back(std::make_unique<Compared>(filter));
  uint64_t compared = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !isPcap(entry.path())) continue;
    compared += compareFile(entry.path(), filters);
  }
  CHECK(compared > 0);
}
