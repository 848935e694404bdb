// The table of living flows: packets in, calls to the observer out (the concept stands at the end of flow.h).
//
// Packets are taken in bursts of 32 so that the memory of one packet is fetched while another is worked on: its place in the index
// when it is pushed, the flow's record when the burst starts, use in the last pass.
//
// Choices:
// - One idle timeout for all protocols. It is exact: a packet that comes later starts a new flow even if the old one was not yet
//   collected. A flow's end may be told up to a tick (262 ms) late.
// - The active timeout is looked at when a packet arrives; a silent flow is the idle timeout's. What goes on continues in place
//   under a new id, with direction, TCP state and proof of the return path.
// - A TCP flow closed by FIN from both sides or by RST lingers kClosedLingerUs, so that last acknowledgements and repeated RSTs
//   stay with it. A SYN on a flow that is closed, closing or was joined midstream starts a new one.
// - Packet time never goes back: a packet up to kReorderUs late gets the time of the one before it. A larger step back, or in files
//   a step of more than kJumpUs ahead, starts a new segment: all flows end as forcedEnd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "activity_lists.h"
#include "flow.h"
#include "flow_index.h"
#include "flow_key.h"
#include "fragment_ports.h"
#include "packet.h"
#include "update_flow.h"

namespace phantommesh {

struct FlowLimits {
  uint32_t flowsMax = 1u << 20;
  uint64_t idleTimeoutUs = 120'000'000;     // RFC 4787 REQ-5: the least UDP mapping time of a NAT
  uint64_t activeTimeoutUs = 1'800'000'000; // what exporters take by default (RFC 7011 leaves it open): half an hour
  uint64_t hashSecret = 0x9e3779b97f4a7c15; // random for live interfaces; fixed for files, where the same input gives the same output
  bool isFile = false;
};

struct FlowCounters {
  uint64_t flows = 0;         // started, continuations included
  uint64_t octets = 0;        // layer 3, of decoded packets
  uint32_t activeFlows = 0;
  uint64_t endedEarly = 0;    // lackOfResources
  uint64_t reordered = 0;     // packets moved up to the time of the one before
  uint64_t segments = 0;      // jumps of packet time
};

template <class Observer>
class FlowTable {
 public:
  FlowTable(const FlowLimits& limits, Observer& observer)
      : limits_(limits), observer_(observer), hash_(limits.hashSecret), slab_(size_t{limits.flowsMax} + 1), lists_(limits.flowsMax),
        index_(limits.flowsMax) {}

  // The place to decode the next packet into; `push` takes it.
  Packet& nextPacket() { return burst_[waiting_].packet; }

  void push() {
    Waiting& waiting = burst_[waiting_];
    if (waiting.packet.isFragment || waiting.packet.isFirstFragment) fragments_.visit(waiting.packet);
    waiting.key = keyOf(waiting.packet);
    waiting.hash = hash_(waiting.key, waiting.packet.interfaceIndex);
    index_.prefetch(waiting.hash);
    if (++waiting_ == kBurst) work();
  }

  // Works on the packets pushed so far.
  void work() {
    for (uint32_t i = 0; i < waiting_; ++i) prefetchFlow(index_.firstCandidate(burst_[i].hash));
    for (uint32_t i = 0; i < waiting_; ++i) see(burst_[i]);
    waiting_ = 0;
  }

  // No packet came, yet time has passed.
  void pass(uint64_t nowUs) {
    work();
    if (hasStarted_ && nowUs >= nextTickUs_) tick(nowUs);
  }

  // The end of the source.
  void endAll() {
    work();
    for (const auto list : {ActivityLists::kOpen, ActivityLists::kClosed}) {
      while (const uint32_t slot = lists_.oldest(list)) end(slot, reasonFor(slab_[slot], kForcedEnd));
    }
  }

  const FlowCounters& counters() const { return counters_; }
  uint64_t nowUs() const { return nowUs_; }

 private:
  static constexpr uint32_t kBurst = 32;
  static constexpr uint64_t kTickUs = 65'536;
  static constexpr uint64_t kClosedLingerUs = 2'000'000;  // three repetitions of a FIN on Linux: 200, 600, 1400 ms
  static constexpr uint64_t kReorderUs = 3'000'000;       // dumpcap writes what each interface has buffered, for up to a second, as it comes
  static constexpr uint64_t kJumpUs = 3'600'000'000;

  struct Waiting {
    Packet packet;
    FlowKey key;
    uint32_t hash;
  };

  void prefetchFlow(uint32_t slot) {
    if (slot == 0) slot = free_ != 0 ? free_ : high_ + 1 <= limits_.flowsMax ? high_ + 1 : 0;
    const char* record = reinterpret_cast<const char*>(&slab_[slot]);
    for (size_t line = 0; line < sizeof(Flow); line += 64) __builtin_prefetch(record + line, 1);
  }

  void see(Waiting& waiting) {
    Packet& packet = waiting.packet;
    enterTime(packet.timestampUs);
    counters_.octets += packet.octets;
    int direction = 0;
    uint32_t slot = find(waiting.key, waiting.hash, packet.interfaceIndex, direction);
    if (slot != 0) slot = keepOrEnd(slot, packet);
    if (slot == 0) {
      slot = create(waiting);
      direction = 0;
    }
    Flow& flow = slab_[slot];
    const bool wasClosed = isClosed(flow);
    const bool isNewTick = ActivityLists::isNewTick(flow.lastUs, packet.timestampUs);
    updateFlow(flow, packet, direction);
    if (flow.packets[0] + flow.packets[1] == 1) observer_.flowStarted(flow, packet);
    observer_.packetSeen(flow, packet, direction);
    if (isNewTick || wasClosed != isClosed(flow)) lists_.moveToEnd(isClosed(flow) ? ActivityLists::kClosed : ActivityLists::kOpen, slot);
    if (packet.quotesPacket) tellIcmpError(packet);
  }

  uint32_t find(const FlowKey& key, uint32_t hash, uint8_t interfaceIndex, int& direction) {
    return index_.find(hash, [&](uint32_t slot) {
      direction = directionOf(slab_[slot], key, interfaceIndex);
      return direction >= 0;
    });
  }

  // Ends the flow if this packet no longer belongs to it; 0 when a new one must start.
  uint32_t keepOrEnd(uint32_t slot, const Packet& packet) {
    Flow& flow = slab_[slot];
    const uint64_t idleUs = packet.timestampUs - flow.lastUs;
    const bool isOver = idleUs > (isClosed(flow) ? kClosedLingerUs : limits_.idleTimeoutUs);
    const bool isNewConnection = (packet.tcpBits & (kSyn | kAck)) == kSyn && flow.tcpState >= kClosing;
    if (isOver || isNewConnection) {
      end(slot, isOver ? reasonFor(flow, kIdleTimeout) : kEndOfFlow);
      return 0;
    }
    if (packet.timestampUs - flow.firstUs > limits_.activeTimeoutUs) continueInPlace(slot, packet);
    return slot;
  }

  void continueInPlace(uint32_t slot, const Packet& packet) {
    Flow& flow = slab_[slot];
    flow.endReason = kActiveTimeout;
    observer_.flowEnded(flow, nowUs_);
    Flow next;
    next.key = flow.key;
    next.hash = flow.hash;
    next.interfaceIndex = flow.interfaceIndex;
    next.tcpState = flow.tcpState;
    next.icmpType = flow.icmpType;
    next.icmpCode = flow.icmpCode;
    next.initialSequence[0] = flow.initialSequence[0];
    next.initialSequence[1] = flow.initialSequence[1];
    next.returnPathProven = flow.returnPathProven;
    next.isContinuation = true;
    start(slot, next, packet);
  }

  uint32_t create(const Waiting& waiting) {
    if (free_ == 0 && high_ == limits_.flowsMax) makeRoom();
    uint32_t slot = free_;
    if (slot != 0) {
      free_ = slab_[slot].hash;
    } else {
      slot = ++high_;
    }
    Flow flow;
    flow.key = waiting.key;
    flow.hash = waiting.hash;
    flow.interfaceIndex = waiting.packet.interfaceIndex;
    flow.icmpType = waiting.packet.icmpType;
    flow.icmpCode = waiting.packet.icmpCode;
    start(slot, flow, waiting.packet);
    index_.insert(waiting.hash, slot);
    lists_.append(ActivityLists::kOpen, slot);
    ++counters_.activeFlows;
    return slot;
  }

  void start(uint32_t slot, Flow& flow, const Packet& packet) {
    flow.id = ++counters_.flows;
    flow.firstUs = flow.lastUs = packet.timestampUs;
    __builtin_memcpy(static_cast<void*>(&slab_[slot]), &flow, kInitialised);
  }

  // The flow that was silent longest ends early; one that is closed anyway loses nothing.
  void makeRoom() {
    uint32_t slot = lists_.oldest(ActivityLists::kOpen);
    const uint32_t closed = lists_.oldest(ActivityLists::kClosed);
    if (slot == 0 || (closed != 0 && slab_[closed].lastUs <= slab_[slot].lastUs)) slot = closed;
    const EndReason reason = reasonFor(slab_[slot], kLackOfResources);
    counters_.endedEarly += reason == kLackOfResources;
    end(slot, reason);
  }

  static EndReason reasonFor(const Flow& flow, EndReason otherwise) { return isClosed(flow) ? kEndOfFlow : otherwise; }

  void end(uint32_t slot, EndReason reason) {
    Flow& flow = slab_[slot];
    flow.endReason = reason;
    observer_.flowEnded(flow, nowUs_);
    index_.remove(flow.hash, slot);
    lists_.remove(slot);
    flow.hash = free_;  // free slots are chained through it
    free_ = slot;
    --counters_.activeFlows;
  }

  void tellIcmpError(const Packet& packet) {
    const std::optional<FlowKey> key = quotedKeyOf(packet);
    int direction = 0;
    const uint32_t slot = find(*key, hash_(*key, packet.interfaceIndex), packet.interfaceIndex, direction);
    observer_.icmpErrorSeen(slot != 0 ? &slab_[slot] : nullptr, packet);
  }

  // Moves packet time on to this packet's, or the packet's up to it.
  void enterTime(uint64_t& timestampUs) {
    if (!hasStarted_) {
      hasStarted_ = true;
      nowUs_ = timestampUs;
      nextTickUs_ = timestampUs + kTickUs;
    }
    if (timestampUs + kReorderUs < nowUs_ || (limits_.isFile && timestampUs > nowUs_ + kJumpUs)) {
      startSegment(timestampUs);
    } else if (timestampUs < nowUs_) {
      ++counters_.reordered;
      timestampUs = nowUs_;
    } else if (timestampUs >= nextTickUs_) {
      tick(timestampUs);
    } else {
      nowUs_ = timestampUs;
    }
  }

  void tick(uint64_t nowUs) {
    nowUs_ = nowUs;
    nextTickUs_ = nowUs + kTickUs;
    expire(ActivityLists::kOpen, limits_.idleTimeoutUs);
    expire(ActivityLists::kClosed, kClosedLingerUs);
    observer_.advance(nowUs);
  }

  void expire(ActivityLists::List list, uint64_t timeoutUs) {
    for (uint32_t slot; (slot = lists_.oldest(list)) != 0 && nowUs_ - slab_[slot].lastUs > timeoutUs;) {
      end(slot, reasonFor(slab_[slot], kIdleTimeout));
    }
  }

  void startSegment(uint64_t nowUs) {
    for (const auto list : {ActivityLists::kOpen, ActivityLists::kClosed}) {
      while (const uint32_t slot = lists_.oldest(list)) end(slot, reasonFor(slab_[slot], kForcedEnd));
    }
    ++counters_.segments;
    nowUs_ = nowUs;
    nextTickUs_ = nowUs + kTickUs;
    observer_.segmentStarted(nowUs);
  }

  static constexpr size_t kInitialised = offsetof(Flow, length);  // moments and first packets are written before they are read

  const FlowLimits limits_;
  Observer& observer_;
  FlowHash hash_;
  LazyArray<Flow> slab_;  // slot 0 stays unused
  ActivityLists lists_;
  FlowIndex index_;
  FragmentPorts fragments_;
  Waiting burst_[kBurst];
  uint32_t waiting_ = 0;
  uint32_t free_ = 0;
  uint32_t high_ = 0;
  bool hasStarted_ = false;
  uint64_t nowUs_ = 0;
  uint64_t nextTickUs_ = 0;
  FlowCounters counters_;
};

}  // namespace phantommesh
