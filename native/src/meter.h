// One meter: raw packets through decoder and flow table, with everything counted.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "capture_file.h"
#include "decode.h"
#include "decode_tunnel.h"
#include "event_sink.h"
#include "flow_table.h"
#include "metadata/metadata_reader.h"

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
  uint64_t packets = 0;         // captured
  uint64_t innerPackets = 0;    // packets within them that were metered too
  uint64_t innerUndecoded = 0;  // tunnel headers with no IP packet behind them: ARP, encrypted, cut by the capture
  uint64_t tunnelsTooDeep = 0;  // packets within more than kTunnelDepthMax tunnels
  uint64_t contextsFull = 0;    // packets whose VLAN or tunnel could not be named (flow_context.h)
  FlowCounters flows;
  ObserverCounters observer;
  uint64_t batchesFull = 0;     // events dropped because JavaScript did not take batches
  std::vector<InterfaceState> interfaces;  // empty for files
  uint64_t interfacesLost = 0;       // times that an interface was removed under the capture
  uint64_t interfacesOverLimit = 0;  // names that matched a pattern and found no place
  uint64_t feedFull = 0;             // packets fed from outside that found no room
  uint64_t filtered = 0;        // packets of a file that the filter turned away
  std::array<uint64_t, kDecodeFailures> undecoded{};
  std::vector<NamedCount> metadata;         // hellos read, and why others were not whole
  std::vector<NamedCount> metadataDropped;  // not read for want of room or time
};

template <class Observer>
class Meter {
 public:
  // Without `readsMetadata` headers only.
  Meter(const FlowLimits& limits, Observer& observer, EventSink& sink, bool readsMetadata = true)
      : observer_(observer), sink_(sink), table_(limits, observer), metadata_(limits.hashSecret),
        readsMetadata_(readsMetadata) {}

  void take(const RawPacket& raw, uint8_t interfaceIndex, uint16_t vlanId = 0) {
    ++counters_.packets;
    if (!raw.linkType) return count(DecodeFailure::linkTypeUnknown);
    Packet& packet = table_.nextPacket();
    packet.timestampUs = raw.timestampUs;
    packet.interfaceIndex = interfaceIndex;
    Carried carried;
    if (const auto failure = decode(*raw.linkType, raw.captured, packet, carried)) return count(*failure);
    // The kernel takes the outermost tag out of the packet and hands it over beside it.
    if (vlanId != 0) {
      packet.innerVlanId = packet.vlanId;
      packet.vlanId = vlanId;
    }
    if (mayCarryTunnel(packet, carried.payload)) return takeTunnel(packet, carried);
    readMetadata(packet, carried.payload);
    table_.push();
  }

  // No more packets are at hand: what waits in the burst is worked off.
  void work() { table_.work(); }
  void pass(uint64_t nowUs) { table_.pass(nowUs); }
  void endAll() { table_.endAll(); }

  MeterCounters counters() const {
    MeterCounters counters = counters_;
    counters.flows = table_.counters();
    counters.contextsFull = table_.contexts().overflowed();
    counters.observer = observer_.counters();
    counters.batchesFull = sink_.droppedFull();
    counters.metadata = metadata_.counts();
    counters.metadataDropped = metadata_.dropped();
    return counters;
  }

 private:
  // A packet that may have another in it, and that one another: each is a packet of a flow of its own.
  void takeTunnel(Packet& captured, const Carried& carried) {
    const uint64_t timestampUs = captured.timestampUs;
    const uint8_t interfaceIndex = captured.interfaceIndex;
    Packet* packet = &captured;
    Payload payload = carried.payload;
    Enclosure around;
    for (uint8_t depth = 0;; ++depth) {
      Inner inner;
      const bool hasInner = mayCarryTunnel(*packet, payload) && findInner(*packet, payload, inner);
      // Read before the push: the place of the packet may be taken again after it.
      const Enclosure within = enclosureOf(inner, *packet, static_cast<uint8_t>(depth + 1));
      readMetadata(*packet, payload);
      const uint16_t context = table_.push(depth == 0 ? nullptr : &around);
      if (!hasInner) return;
      if (depth == kTunnelDepthMax) {
        ++counters_.tunnelsTooDeep;
        return;
      }
      around = within;
      around.context = context;
      packet = &table_.nextPacket();
      packet->timestampUs = timestampUs;
      packet->interfaceIndex = interfaceIndex;
      Carried next;
      if (decode(inner.linkType, inner.captured, *packet, next)) {
        ++counters_.innerUndecoded;
        return;
      }
      packet->context = markOf(around);
      ++counters_.innerPackets;
      payload = next.payload;
    }
  }

  void readMetadata(Packet& packet, const Payload& payload) {
    packet.hasMetadata = readsMetadata_ && metadata_.read(packet, payload, table_.nextMetadata());
  }

  void count(DecodeFailure failure) { ++counters_.undecoded[static_cast<size_t>(failure)]; }

  Observer& observer_;
  EventSink& sink_;
  FlowTable<Observer> table_;
  MetadataReader metadata_;
  const bool readsMetadata_;
  MeterCounters counters_;
};

}  // namespace phantommesh
