// Contexts: what shares a number, what does not, and that forged tunnels leave nothing behind.
#include "../src/flow_context.h"

#include <memory>
#include <vector>

#include "../src/flow_table.h"
#include "../src/record_observer.h"
#include "checks.h"
#include "observed_traffic.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

Enclosure vxlan(uint32_t id, Address from, Address to, uint16_t outer = 0) {
  return {TunnelKind::kVxlan, 4, static_cast<uint8_t>(outer == 0 ? 1 : 2), outer, id, from, to};
}

const Address kA = ipv4(192, 0, 2, 1);
const Address kB = ipv4(192, 0, 2, 2);

}  // namespace

TEST("a tunnel has one number in both directions, and another tunnel has another") {
  FlowContexts contexts(seed());
  const Enclosure there = vxlan(7, kA, kB), back = vxlan(7, kB, kA), other = vxlan(8, kA, kB);
  const uint16_t number = contexts.enter(0, 0, &there);
  CHECK(number != 0);
  CHECK_EQUAL(contexts.enter(0, 0, &back), number);
  CHECK(contexts.enter(0, 0, &other) != number);
  CHECK(contexts.enter(5, 0, &there) != number);
  CHECK(contexts.enter(5, 6, nullptr) != contexts.enter(6, 5, nullptr));
  CHECK_EQUAL(contexts.used(), 5);
}

TEST("a number lives as long as it is held, and so does the one around it") {
  FlowContexts contexts(seed());
  const Enclosure outer = vxlan(1, kA, kB);
  const uint16_t around = contexts.enter(3, 0, &outer);
  const Enclosure inner = vxlan(2, kA, kB, around);
  const uint16_t within = contexts.enter(0, 0, &inner);
  contexts.leave(around);
  CHECK_EQUAL(contexts.used(), 2);
  CHECK_EQUAL(contexts.at(within).shownVlanId, 3);  // the inner frame had no tag of its own
  CHECK_EQUAL(contexts.at(within).tunnel.depth, 2);
  contexts.leave(within);
  CHECK_EQUAL(contexts.used(), 0);
}

TEST("a full table shares one number, counts it, and is free again") {
  FlowContexts contexts(seed());
  std::vector<uint16_t> held;
  for (uint32_t i = 0; i < FlowContexts::kContextsMax; ++i) {
    const Enclosure forged = vxlan(i, ipv4(i), kB);
    held.push_back(contexts.enter(0, 0, &forged));
  }
  CHECK_EQUAL(contexts.overflowed(), 0);
  const Enclosure late = vxlan(1, kB, kA);
  CHECK_EQUAL(contexts.enter(0, 0, &late), FlowContexts::kOverflow);
  CHECK_EQUAL(contexts.overflowed(), 1);
  contexts.leave(FlowContexts::kOverflow);
  CHECK(contexts.at(FlowContexts::kOverflow).tunnel.kind == TunnelKind::kUnlisted);
  // A known tunnel keeps its number.
  const Enclosure known = vxlan(9, ipv4(9), kB);
  CHECK_EQUAL(contexts.enter(0, 0, &known), held[9]);
  contexts.leave(held[9]);
  for (const uint16_t number : held) contexts.leave(number);
  CHECK_EQUAL(contexts.used(), 0);
  CHECK(contexts.enter(0, 0, &late) != FlowContexts::kOverflow);
}

TEST("200 000 forged tunnels leave nothing behind, and a tunnel after them has its name") {
  std::vector<EventRecord> buffers[2] = {std::vector<EventRecord>(512), std::vector<EventRecord>(512)};
  uint64_t unlisted = 0, named = 0;
  EventSink* self = nullptr;
  const auto take = [&] {
    while (const auto batch = self->take()) {
      for (uint32_t i = 0; i < batch->length; ++i) {
        const uint8_t kind = buffers[batch->buffer][i].tunnelKind[0];
        unlisted += kind == static_cast<uint8_t>(TunnelKind::kUnlisted);
        named += kind == static_cast<uint8_t>(TunnelKind::kVxlan);
      }
    }
  };
  EventSink sink({std::span(buffers[0]), std::span(buffers[1])}, EventSink::WhenFull::kDrop, take);
  self = &sink;
  RecordObserver observer(true, sink);
  FlowLimits limits = fileLimits();
  limits.flowsMax = 1 << 18;
  FlowTable<RecordObserver> table(limits, observer);
  uint64_t nowUs = Traffic::kStartUs;
  const auto push = [&](const Enclosure& tunnel) {
    Packet& packet = table.nextPacket();
    packet = Packet{};
    packet.timestampUs = nowUs;
    packet.source = ipv4(10, 0, 0, 1);
    packet.destination = ipv4(10, 0, 0, 2);
    packet.ipVersion = 4;
    packet.protocol = kUdp;
    packet.octets = 40;
    table.push(&tunnel);
  };
  // 1 ms apart: 120 000 of them live at once under the idle timeout, more than there are numbers.
  for (uint32_t i = 0; i < 200'000; ++i, nowUs += 1'000) push(vxlan(i & 0xffffff, ipv4(0x0a000000 + i), kB));
  table.work();
  CHECK(table.contexts().overflowed() > 0);
  CHECK(table.contexts().used() <= FlowContexts::kContextsMax);
  nowUs += 200'000'000;
  table.pass(nowUs);
  sink.flush();
  take();
  CHECK_EQUAL(table.contexts().used(), 0);
  CHECK(unlisted > 0);
  named = 0;
  push(vxlan(5, kA, kB));
  table.endAll();
  sink.flush();
  take();
  CHECK_EQUAL(named, 1);
  CHECK_EQUAL(table.contexts().used(), 0);
}

TEST("a question that outlives its flow still names the tunnel it came in") {
  std::vector<EventRecord> buffers[2] = {std::vector<EventRecord>(64), std::vector<EventRecord>(64)};
  EventSink sink({std::span(buffers[0]), std::span(buffers[1])}, EventSink::WhenFull::kDrop, [] {});
  BehaviourObserver observer({}, sink);
  FlowLimits limits = fileLimits();
  limits.idleTimeoutUs = 1'000'000;  // shorter than a question waits
  FlowTable<BehaviourObserver> table(limits, observer);
  const Enclosure tunnel = vxlan(5, kA, kB);
  Packet& packet = table.nextPacket();
  packet = Packet{};
  packet.timestampUs = Traffic::kStartUs;
  packet.source = ipv4(10, 0, 0, 1);
  packet.destination = ipv4(10, 0, 0, 2);
  packet.destinationPort = 443;
  packet.ipVersion = 4;
  packet.protocol = kTcp;
  packet.tcpBits = kSyn;
  packet.octets = 40;
  table.push(&tunnel);
  table.work();
  table.pass(Traffic::kStartUs + 1'500'000);
  CHECK_EQUAL(table.counters().activeFlows, 0);
  CHECK_EQUAL(observer.openRequests(), 1);
  CHECK_EQUAL(table.contexts().used(), 1);
  table.pass(Traffic::kStartUs + 60'000'000);
  CHECK_EQUAL(observer.openRequests(), 0);
  CHECK_EQUAL(table.contexts().used(), 0);
}
