// What the choice of snap length copies of captures. From the root of the checkout:
//   cd native/src && g++ -std=c++20 -O2 -o /tmp/snap-share ../../bench/snap-share.cc packet_filter.cc snap_tail.cc
//   capture_failure.cc capture_file.cc pcapng_file.cc byte_source.cc decode.cc decode_transport.cc -lpcap -lz
//   /tmp/snap-share FILE...
// Lengths are those on the wire; a capture that was cut itself cannot be measured, and is left out.
#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "../native/src/capture_file.h"
#include "../native/src/packet_filter.h"
#include "../native/src/snap_tail.h"

using namespace phantommesh;

namespace {

struct Shares {
  uint64_t packets = 0, wire = 0, copied = 0, atHeaders = 0, atMetadata = 0, metadataPackets = 0;
};

void measure(const char* path, Shares& shares) {
  const std::vector<bpf_insn> programs[] = {compileLiveFilter("", true, ""), compileLiveFilter("", false, "")};
  const auto file = CaptureFile::open(path);
  RawPacket packet;
  while (file->next(packet)) {
    const auto& [bytes, length, wire] = packet.captured;
    const bool isEthernet = packet.linkType == LinkType::kEthernet;
    if (length != wire || (!isEthernet && packet.linkType != LinkType::kRawIp)) continue;
    const uint32_t snap = bpf_filter(programs[isEthernet ? 0 : 1].data(), bytes, length, length);
    ++shares.packets;
    shares.wire += wire;
    shares.copied += std::min(snap, wire);
    shares.atHeaders += std::min(kSnapHeaders, wire);
    shares.atMetadata += std::min(kSnapMetadata, wire);
    shares.metadataPackets += snap == kSnapMetadata;
  }
}

void print(const char* name, const Shares& shares) {
  const auto percent = [&](uint64_t part) {
    return 100.0 * static_cast<double>(part) / static_cast<double>(shares.wire);
  };
  std::printf("%-40s %9" PRIu64 " packets %11" PRIu64 " octets; copied: constant 256 %.1f %%, chosen %.1f %%, "
              "constant 2048 %.1f %%; up to 2048 of %.2f %% of packets\n",
              name, shares.packets, shares.wire, percent(shares.atHeaders),
              percent(shares.copied), percent(shares.atMetadata),
              100.0 * static_cast<double>(shares.metadataPackets) / static_cast<double>(shares.packets));
}

}  // namespace

int main(int count, char** words) {
  Shares all;
  for (int i = 1; i < count; ++i) {
    Shares one;
    try {
      measure(words[i], one);
    } catch (const CaptureFailure& failure) {
      std::printf("%s: %s\n", words[i], failure.what());
    }
    if (one.packets == 0) continue;
    print(words[i], one);
    all.packets += one.packets, all.wire += one.wire, all.copied += one.copied;
    all.atHeaders += one.atHeaders, all.atMetadata += one.atMetadata, all.metadataPackets += one.metadataPackets;
  }
  if (all.packets != 0) print("all", all);
  return 0;
}
