// Any bytes as packets through the whole meter: decoder, tunnels, metadata, flow table and behaviour tables. Input: one
// octet for the link type, then packets, each after one octet that says how much time has passed and two for its
// length; the upper bit of the first says that the capture cut it to half.
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../src/behaviour_observer.h"
#include "../src/meter.h"
#include "mutate_seeds.h"
#include "packet_steps.h"

using namespace phantommesh;
using namespace phantommesh::fuzz;

namespace {

// What every record must hold, whatever the packets were.
void check(const EventRecord& record) {
  const MetadataFields& metadata = record.metadata;
  require(record.ipVersion[0] == 4 || record.ipVersion[0] == 6);
  require(metadata.application[0] <= static_cast<uint8_t>(Application::kEspInUdp));
  require(metadata.tlsJa4[0] == 0 || metadata.tlsJa4[35] != 0);
  const bool isQuic = metadata.application[0] == static_cast<uint8_t>(Application::kQuic);
  require(metadata.tlsJa4[0] == 0 || (metadata.tlsJa4[0] == 'q') == isQuic);
  require(std::isfinite(metadata.dnsNameEntropyMean[0]) && metadata.dnsNameEntropyMean[0] <= 8.001F);
  require(metadata.dnsNameErrors[0] <= metadata.dnsResponses[0]);
  require(metadata.icmpEchoMismatches[0] <= metadata.icmpEchoReplies[0]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static std::vector<EventRecord> records(64);
  EventSink sink({std::span(records)}, EventSink::WhenFull::kDrop, [] {});
  BehaviourLimits behaviour;
  behaviour.hostsMax = behaviour.pairsMax = behaviour.contactsMax = behaviour.trialsMax = behaviour.namesMax = 64;
  BehaviourObserver observer(behaviour, sink);
  FlowLimits limits;
  limits.flowsMax = 8;
  limits.isFile = true;
  Meter<BehaviourObserver> meter(limits, observer, sink);

  RawPacket raw;
  raw.linkType = static_cast<LinkType>(data[0] % kLinkTypes);
  raw.timestampUs = 1'700'000'000'000'000;
  uint64_t packets = 0;
  const auto take = [&] {
    sink.flush();
    while (const auto batch = sink.take()) {
      for (uint32_t i = 0; i < batch->length; ++i) check(records[i]);
    }
  };
  for (size_t at = 1; at + 3 <= size; ++packets) {
    raw.timestampUs += static_cast<uint64_t>(kStepsUs[(data[at] & 0x7f) % kStepsUs.size()]);
    const size_t length = std::min<size_t>(data[at + 1] << 8 | data[at + 2], size - at - 3);
    const size_t captured = (data[at] & 0x80) != 0 ? length / 2 : length;
    // A copy of its own, so that a read behind the end is seen; and gone once the meter has it.
    const auto bytes = std::make_unique<uint8_t[]>(captured);
    std::memcpy(bytes.get(), data + at + 3, captured);
    raw.captured = {bytes.get(), static_cast<uint32_t>(captured), static_cast<uint32_t>(length)};
    meter.take(raw, 0);
    if (packets % 8 == 7) meter.work();
    take();
    at += 3 + length;
  }
  meter.endAll();
  take();
  const MeterCounters counters = meter.counters();
  require(counters.packets == packets && counters.flows.activeFlows == 0);
  return 0;
}
