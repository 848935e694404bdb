// Any bytes as packets: decoder, flow table and behaviour tables. Input: one octet for the link type, then packets,
// each after one octet that says how much time has passed and two for its length.
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../src/behaviour_observer.h"
#include "../src/decode.h"
#include "../src/flow_table.h"
#include "mutate_seeds.h"

using namespace phantommesh;

namespace {

// Steps of packet time, back and ahead, around every timeout.
constexpr std::array<int64_t, 10> kStepsUs = {0,           1,             1000, 300'000,  2'500'000,
                                              130'000'000, 4'000'000'000, -500, -500'000, -10'000'000};

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static std::vector<EventRecord> records(64);
  EventSink sink({std::span(records)}, EventSink::WhenFull::kDrop, [] {});
  BehaviourLimits behaviour;
  behaviour.hostsMax = behaviour.pairsMax = behaviour.contactsMax = behaviour.trialsMax = 64;
  BehaviourObserver observer(behaviour, sink);
  FlowLimits limits;
  limits.flowsMax = 8;
  limits.isFile = true;
  FlowTable<BehaviourObserver> table(limits, observer);

  const auto linkType = static_cast<LinkType>(data[0] % 5);
  uint64_t nowUs = 1'700'000'000'000'000;
  uint64_t octets = 0;
  static volatile uint8_t read;
  for (size_t at = 1; at + 3 <= size;) {
    nowUs += static_cast<uint64_t>(kStepsUs[data[at] % kStepsUs.size()]);
    const size_t length = std::min<size_t>(data[at + 1] << 8 | data[at + 2], size - at - 3);
    // A copy of its own, so that a read behind the end is seen.
    const auto bytes = std::make_unique<uint8_t[]>(length);
    std::memcpy(bytes.get(), data + at + 3, length);
    Packet& packet = table.nextPacket();
    packet.timestampUs = nowUs;
    Carried carried;
    if (!decode(linkType, {bytes.get(), static_cast<uint32_t>(length), static_cast<uint32_t>(length)}, packet, carried)) {
      for (uint32_t i = 0; i < carried.payload.captured; ++i) read = carried.payload.bytes[i];
      require(carried.payload.captured <= carried.payload.octets);
      require(packet.ipVersion == 4 || packet.ipVersion == 6);
      require(packet.payloadOctets <= packet.octets);
      octets += packet.octets;
      table.push();
    }
    while (sink.take()) {
    }
    at += 3 + length;
  }
  table.endAll();
  require(table.counters().activeFlows == 0);
  require(table.counters().octets == octets);
  return 0;
}
