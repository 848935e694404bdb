// One meter: raw packets through decoder and flow table, with everything counted.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "capture_file.h"
#include "decode.h"
#include "event_sink.h"
#include "flow_table.h"

namespace phantommesh {

// What one live interface delivered, and what its ring had no room for, since the start.
struct InterfaceCounters {
  uint64_t packets = 0;
  uint64_t dropped = 0;
  uint64_t merged = 0;  // longer than the interface's MTU: several packets that the kernel made one (GRO, TSO)
};

// One live interface as it stands; an event's interfaceIndex is its place in the list, which only grows.
struct InterfaceState {
  InterfaceCounters counters;
  std::string name;        // under which it is captured
  std::string kernelName;  // what the kernel calls it now; empty while it is gone
  uint32_t source = 0;     // place in the configured list: that of its pattern, if it came by one
  bool isOpen = false;
  uint32_t timesLost = 0;
};

// What the meter counted since its start; a snapshot.
struct MeterCounters {
  uint64_t packets = 0;
  FlowCounters flows;
  ObserverCounters observer;
  uint64_t batchesFull = 0;     // events dropped because JavaScript did not take batches
  std::vector<InterfaceState> interfaces;  // empty for files
  uint64_t interfacesLost = 0;       // times that an interface was removed under the capture
  uint64_t interfacesOverLimit = 0;  // names that matched a pattern and found no place
  uint64_t feedFull = 0;             // packets fed from outside that found no room
  uint64_t filtered = 0;        // packets of a file that the filter turned away
  std::array<uint64_t, kDecodeFailures> undecoded{};
};

template <class Observer>
class Meter {
 public:
  Meter(const FlowLimits& limits, Observer& observer, EventSink& sink)
      : observer_(observer), sink_(sink), table_(limits, observer) {}

  void take(const RawPacket& raw, uint8_t interfaceIndex, uint16_t vlanId = 0) {
    ++counters_.packets;
    if (!raw.linkType) return count(DecodeFailure::linkTypeUnknown);
    Packet& packet = table_.nextPacket();
    packet.timestampUs = raw.timestampUs;
    packet.interfaceIndex = interfaceIndex;
    Carried carried;
    if (const auto failure = decode(*raw.linkType, raw.captured, packet, carried)) return count(*failure);
    // The kernel takes the outermost tag out of the packet and hands it over beside it.
    if (vlanId != 0) packet.vlanId = vlanId;
    table_.push();
  }

  // No more packets are at hand: what waits in the burst is worked off.
  void work() { table_.work(); }
  void pass(uint64_t nowUs) { table_.pass(nowUs); }
  void endAll() { table_.endAll(); }

  MeterCounters counters() const {
    MeterCounters counters = counters_;
    counters.flows = table_.counters();
    counters.observer = observer_.counters();
    counters.batchesFull = sink_.droppedFull();
    return counters;
  }

 private:
  void count(DecodeFailure failure) { ++counters_.undecoded[static_cast<size_t>(failure)]; }

  Observer& observer_;
  EventSink& sink_;
  FlowTable<Observer> table_;
  MeterCounters counters_;
};

}  // namespace phantommesh
