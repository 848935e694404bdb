// The observer of `meter`: finished flows as records, nothing else. Behaviour fields of its records stay zero.
#pragma once

#include <cstdint>

#include "event_sink.h"
#include "fill_flow_fields.h"
#include "flow_context.h"
#include "flow.h"
#include "metadata/packet_metadata.h"

namespace phantommesh {

class RecordObserver {
 public:
  // Without `recordFlows` nobody wants the records: the flows are only counted.
  RecordObserver(bool recordFlows, EventSink& sink) : recordFlows_(recordFlows), sink_(sink) {}

  void useContexts(FlowContexts& contexts) { contexts_ = &contexts; }
  void flowStarted(Flow&, const Packet&) {}
  void packetSeen(Flow&, const Packet&, int) {}
  void metadataSeen(Flow&, const Packet&, const PacketMetadata&) {}
  void icmpErrorSeen(Flow*, const Packet&) {}
  void advance(uint64_t) {}
  void segmentStarted(uint64_t) { ++segment_; }

  void flowEnded(Flow& flow, uint64_t nowUs) {
    if (!recordFlows_) return;
    EventRecord* record = sink_.reserve();
    if (record == nullptr) return;
    fillFlowFields(flow, *record);
    fillContext(flow, *contexts_, *record);
    record->observedAtMs[0] = static_cast<double>(nowUs) * 1e-3;
    record->segment[0] = segment_;
    record->cause[0] = kFlowEnd;
    record->purpose[0] = kRecord;
    sink_.commit();
  }

  // Records are not offered to scoring, so none counts as received.
  ObserverCounters counters() const { return {}; }

 private:
  const bool recordFlows_;
  EventSink& sink_;
  const FlowContexts* contexts_ = nullptr;
  uint32_t segment_ = 0;
};

}  // namespace phantommesh
