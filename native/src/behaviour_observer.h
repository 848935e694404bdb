// Observer of the flow table: keeps what hosts and pairs did, and emits an event when there is something to judge.
#pragma once

#include <cstdint>

#include "behaviour_limits.h"
#include "event_record.h"
#include "event_sink.h"
#include "flow.h"
#include "packet.h"

namespace phantommesh {

// Not thread-safe: it belongs to the thread that fills `sink`. A Flow must not move between flowStarted and flowEnded.
class BehaviourObserver {
 public:
  BehaviourObserver(const BehaviourLimits& limits, EventSink& sink) : limits_(limits), sink_(sink) {}

  void flowStarted(Flow&, const Packet&) {}
  void packetSeen(Flow&, const Packet&, int) {}
  void icmpErrorSeen(Flow*, const Packet&) {}
  void flowEnded(Flow&, uint64_t) {}
  void advance(uint64_t) {}
  void segmentStarted(uint64_t) {}
  ObserverCounters counters() const { return {}; }

 private:
  const BehaviourLimits limits_;
  EventSink& sink_;
};

}  // namespace phantommesh
