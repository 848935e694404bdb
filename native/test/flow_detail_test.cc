// Goal: a flow that notes its first packets and gets its detail late is the same as one that had it from the start.
#include <cstring>
#include <random>

#include "../src/fill_flow_fields.h"
#include "../src/update_flow.h"
#include "checks.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

Packet randomPacket(std::mt19937& random, uint8_t protocol) {
  const auto below = [&](uint32_t bound) { return random() % bound; };
  Packet packet;
  packet.protocol = protocol;
  packet.isFragment = below(20) == 0;
  packet.isTruncated = below(20) == 0;
  packet.payloadOctets = below(20) == 0 ? 65'500 + below(100) : below(1460);
  packet.octets = packet.payloadOctets + 40;
  packet.tcpWindow = static_cast<uint16_t>(random());
  packet.tcpBits = static_cast<uint8_t>(below(4) == 0 ? random() & ~uint32_t{kRst} : uint32_t{kAck});
  packet.tcpSequence = below(3);
  packet.tcpAcknowledgement = below(3);
  packet.ttl = static_cast<uint8_t>(below(256));
  return packet;
}

}  // namespace

TEST("a late detail is the same as an early one, after each packet, whatever the packets are") {
  std::mt19937 random(seed());
  for (int run = 0; run < 20'000; ++run) {
    const uint8_t protocol = random() % 3 == 0 ? kUdp : kTcp;
    Flow early;
    FlowDetail earlyDetail;
    early.key.protocol = protocol;
    early.firstUs = early.lastUs = 1'700'000'000'000'000;
    Flow late = early;
    FlowDetail lateDetail;
    giveDetail(early, earlyDetail);
    uint64_t nowUs = early.firstUs;
    for (int i = 0; i < 20; ++i) {
      Packet packet = randomPacket(random, protocol);
      packet.timestampUs = nowUs;
      nowUs += random() % 50 == 0 ? uint64_t{random()} * 2 : random() % 2'000'000;
      const int direction = i == 0 ? 0 : static_cast<int>(random() & 1);
      updateFlow(early, packet, direction);
      if (!late.hasDetail && !isEarly(late, packet)) giveDetail(late, lateDetail);
      updateFlow(late, packet, direction);
      EventRecord records[2];
      std::memset(static_cast<void*>(records), 0, sizeof records);
      fillFlowFields(early, records[0]);
      fillFlowFields(late, records[1]);
      CHECK(std::memcmp(&records[0], &records[1], sizeof(EventRecord)) == 0);
      CHECK_EQUAL(late.packetCount(), i + 1);
    }
    CHECK(late.hasDetail);
  }
}
