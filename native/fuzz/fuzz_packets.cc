// Any bytes as packets: decoder, flow table and behaviour tables. Input: one octet for the link type, then packets,
// each after one octet that says how much time has passed and two for its length.
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../src/behaviour_observer.h"
#include "../src/decode.h"
#include "../src/decode_tunnel.h"
#include "../src/flow_table.h"
#include "mutate_seeds.h"
#include "packet_steps.h"

using namespace phantommesh;
using namespace phantommesh::fuzz;

namespace {

// As Meter does it: the packet, then each one within it. Every octet that is handed on may be read.
uint64_t pushAll(FlowTable<BehaviourObserver>& table, LinkType linkType, Captured captured, uint64_t nowUs) {
  static volatile uint8_t read;
  uint64_t octets = 0;
  Enclosure around;
  for (uint8_t depth = 0; depth <= kTunnelDepthMax; ++depth) {
    Packet& packet = table.nextPacket();
    packet.timestampUs = nowUs;
    Carried carried;
    if (decode(linkType, captured, packet, carried)) return octets;
    for (uint32_t i = 0; i < carried.payload.captured; ++i) read = carried.payload.bytes[i];
    require(carried.payload.captured <= carried.payload.octets);
    require(packet.ipVersion == 4 || packet.ipVersion == 6);
    require(packet.payloadOctets <= packet.octets);
    require(depth == 0 || packet.octets <= captured.wireLength);
    octets += packet.octets;
    Inner inner;
    const bool hasInner = mayCarryTunnel(packet, carried.payload) && findInner(packet, carried.payload, inner);
    const Enclosure within = enclosureOf(inner, packet, static_cast<uint8_t>(depth + 1));
    const uint16_t context = table.push(depth == 0 ? nullptr : &around);
    if (!hasInner) return octets;
    require(inner.kind != TunnelKind::kNone && inner.captured.length <= inner.captured.wireLength);
    require(inner.captured.bytes >= captured.bytes);
    require(inner.captured.bytes + inner.captured.length <= captured.bytes + captured.length);
    around = within;
    around.context = context;
    linkType = inner.linkType;
    captured = inner.captured;
  }
  return octets;
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

  const auto linkType = static_cast<LinkType>(data[0] % kLinkTypes);
  uint64_t nowUs = 1'700'000'000'000'000;
  uint64_t octets = 0;
  for (size_t at = 1; at + 3 <= size;) {
    nowUs += static_cast<uint64_t>(kStepsUs[data[at] % kStepsUs.size()]);
    const size_t length = std::min<size_t>(data[at + 1] << 8 | data[at + 2], size - at - 3);
    // A copy of its own, so that a read behind the end is seen.
    const auto bytes = std::make_unique<uint8_t[]>(length);
    std::memcpy(bytes.get(), data + at + 3, length);
    const auto wire = static_cast<uint32_t>(length);
    octets += pushAll(table, linkType, {bytes.get(), wire, wire}, nowUs);
    while (sink.take()) {
    }
    at += 3 + length;
  }
  table.endAll();
  require(table.counters().activeFlows == 0);
  require(table.counters().octets == octets);
  require(table.contexts().used() <= behaviour.trialsMax * (kTunnelDepthMax + 1));  // what open requests still hold
  return 0;
}
