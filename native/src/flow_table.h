// The table of living flows: packets in, calls to the observer out (the concept stands at the end of flow.h).
//
// Packets are taken in bursts of 32 so that the memory of one packet is fetched while another is worked on: its place
// in the index when it is pushed, the flow's record when the burst starts, use in the last pass.
//
// Choices:
// - One idle timeout for all protocols. It is exact: a packet that comes later starts a new flow even if the old one
//   was not yet collected. A flow's end may be told up to a tick (262 ms) late.
// - The active timeout is looked at when a packet arrives; a silent flow is the idle timeout's. What goes on continues
//   in place under a new id, with direction, TCP state and proof of the return path.
// - A TCP flow closed by FIN from both sides or by RST lingers closedLingerUs, so that last acknowledgements and
//   repeated RSTs stay with it. A SYN on a flow that is closed, closing or was joined midstream starts a new one.
// - Packet time never goes back: a packet up to reorderUs late gets the time of the one before it. A larger step back,
//   or in files a step of more than jumpUs ahead, starts a new segment: all flows end as forcedEnd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "activity_lists.h"
#include "expected_flows.h"
#include "flow.h"
#include "flow_context.h"
#include "flow_details.h"
#include "flow_index.h"
#include "flow_key.h"
#include "fragment_ports.h"
#include "metadata/flow_metadata_slab.h"
#include "metadata/packet_metadata.h"
#include "packet.h"
#include "update_flow.h"

namespace phantommesh {

struct FlowLimits {
  uint32_t flowsMax = 1u << 20;
  uint64_t idleTimeoutUs = 120'000'000;     // RFC 4787 REQ-5: the least UDP mapping time of a NAT
  uint64_t activeTimeoutUs = 1'800'000'000; // what exporters take by default (RFC 7011 leaves it open): half an hour
  uint64_t closedLingerUs = 2'000'000;      // three repetitions of a FIN on Linux: 200, 600, 1400 ms
  uint64_t reorderUs = 3'000'000;  // dumpcap writes what each interface has buffered, for up to a second, as it comes
  // A step of packet time that no network makes: a file's clock was set, or captures were joined.
  uint64_t jumpUs = 3'600'000'000;
  // Random for live interfaces; fixed for files, where the same input gives the same output.
  uint64_t hashSecret = 0x9e3779b97f4a7c15;
  bool isFile = false;
};

struct FlowCounters {
  uint64_t flows = 0;         // started, continuations included
  uint64_t octets = 0;        // layer 3, of decoded packets
  uint32_t activeFlows = 0;
  uint64_t endedEarly = 0;    // lackOfResources
  uint64_t reordered = 0;     // packets moved up to the time of the one before
  uint64_t segments = 0;      // jumps of packet time
  uint64_t metadataFull = 0;  // packets with metadata of flows for which there was no room to keep it
};

template <class Observer>
class FlowTable {
 public:
  FlowTable(const FlowLimits& limits, Observer& observer)
      : limits_(limits), observer_(observer), hash_(limits.hashSecret), slab_(size_t{limits.flowsMax} + 1),
        details_(limits.flowsMax), metadata_(limits.flowsMax / kFlowsPerMetadata + 1), lists_(limits.flowsMax),
        index_(limits.flowsMax), contexts_(limits.hashSecret), expected_(limits.hashSecret) {
    observer_.useContexts(contexts_);
  }

  // The places to read the next packet into; `push` takes them. The second counts where Packet::hasMetadata says so.
  Packet& nextPacket() { return burst_[waiting_].packet; }
  PacketMetadata& nextMetadata() { return burstMetadata_[waiting_]; }

  // Gives the packet's context: the enclosing one of a packet within it, which must be pushed next.
  uint16_t push(const Enclosure* tunnel = nullptr) {
    Waiting& waiting = burst_[waiting_];
    const uint16_t vlanId = waiting.packet.vlanId, innerVlanId = waiting.packet.innerVlanId;
    uint16_t context = 0;  // as the decoder left it
    if (tunnel != nullptr || (vlanId | innerVlanId) != 0) [[unlikely]] {
      waiting.packet.context = context = contexts_.enter(vlanId, innerVlanId, tunnel);
    }
    if (waiting.packet.isFragment || waiting.packet.isFirstFragment) fragments_.visit(waiting.packet);
    waiting.key = keyOf(waiting.packet);
    waiting.hash = hash_(waiting.key, waiting.packet.interfaceIndex);
    index_.prefetch(waiting.hash);
    if (++waiting_ == kBurst) work();
    return context;
  }

  // Works on the packets pushed so far.
  void work() {
    for (uint32_t i = 0; i < waiting_; ++i) prefetchFlow(index_.firstCandidate(burst_[i].hash));
    for (uint32_t i = 0; i < waiting_; ++i) prefetchDetail(index_.firstCandidate(burst_[i].hash));
    for (uint32_t i = 0; i < waiting_; ++i) {
      see(burst_[i], burstMetadata_[i]);
    }
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

  FlowCounters counters() const {
    FlowCounters counters = counters_;
    counters.metadataFull = metadata_.refused();
    return counters;
  }
  const FlowContexts& contexts() const { return contexts_; }
  uint64_t nowUs() const { return nowUs_; }

 private:
  static constexpr uint32_t kBurst = 32;
  static constexpr uint64_t kTickUs = 65'536;
  // Metadata of one flow in four: scans and floods, which fill tables, show none.
  static constexpr uint32_t kFlowsPerMetadata = 4;

  struct Waiting {
    Packet packet;
    FlowKey key;
    uint32_t hash;
  };

  void prefetchFlow(uint32_t slot) {
    if (slot == 0) slot = free_ != 0 ? free_ : high_ + 1 <= limits_.flowsMax ? high_ + 1 : 0;
    prefetch(&slab_[slot]);
  }

  void prefetchDetail(uint32_t slot) {
    if (slot != 0 && slab_[slot].hasDetail) prefetch(slab_[slot].detail);
  }

  template <class Record>
  static void prefetch(const Record* record) {
    const char* octets = reinterpret_cast<const char*>(record);
    for (size_t line = 0; line < sizeof(Record); line += 64) __builtin_prefetch(octets + line, 1);
  }

  void see(Waiting& waiting, const PacketMetadata& metadata) {
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
    if (!flow.hasDetail && !isEarly(flow, packet)) giveDetail(flow, details_.take());
    updateFlow(flow, packet, direction);
    // Whoever sends the packets of a tunnel writes both sides of what is in it: nothing in there proves a source.
    if (packet.context != 0 && contexts_.isTunnel(packet.context)) flow.returnPathProven = false;
    if (packet.hasMetadata) {
      addMetadata(flow, packet, metadata, direction);
    } else if (flow.hasDetail && flow.detail->metadata != nullptr) {
      flow.detail->metadata->unreadSeen(packet.payloadOctets, direction);
    }
    if (flow.packetCount() == 1) observer_.flowStarted(flow, packet);
    if (packet.hasMetadata) observer_.metadataSeen(flow, packet, metadata);
    observer_.packetSeen(flow, packet, direction);
    if (isNewTick || wasClosed != isClosed(flow)) {
      lists_.moveToEnd(isClosed(flow) ? ActivityLists::kClosed : ActivityLists::kOpen, slot);
    }
    if (packet.quotesPacket) tellIcmpError(packet);
    if (packet.context != 0) [[unlikely]] contexts_.leave(packet.context);
  }

  // Where the flow's metadata is kept; null when there is no room.
  FlowMetadata* metadataOf(Flow& flow) {
    if (!flow.hasDetail) giveDetail(flow, details_.take());
    if (flow.detail->metadata == nullptr) flow.detail->metadata = metadata_.take();
    return flow.detail->metadata;
  }

  void addMetadata(Flow& flow, const Packet& packet, const PacketMetadata& metadata, int direction) {
    const bool isFirst = !flow.hasDetail || flow.detail->metadata == nullptr;
    if (isFirst && !FlowMetadata::mayBegin(metadata)) return;
    FlowMetadata* own = metadataOf(flow);
    if (own == nullptr) return;
    own->add(metadata, direction);
    const bool isFtp = metadata.kind == MetadataKind::kFtp && own->application() == Application::kFtp;
    if (isFtp) expectData(flow, packet, metadata.ftp);
  }

  // Servers behind NAT announce their inner address, and clients connect to where the control connection goes.
  void expectData(const Flow& flow, const Packet& packet, const FtpLine& line) {
    if (!line.announcesData) return;
    expected_.expect(packet.source, line.dataPort, flow.id, packet.timestampUs);
    if (line.hasDataAddress && !(line.dataAddress == packet.source)) {
      expected_.expect(line.dataAddress, line.dataPort, flow.id, packet.timestampUs);
    }
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
    const bool isOver = idleUs > (isClosed(flow) ? limits_.closedLingerUs : limits_.idleTimeoutUs);
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
    next.interfaceIndex = flow.interfaceIndex;
    next.tcpState = flow.tcpState;
    next.answerSequence = flow.answerSequence;  // or the kind of ICMP
    next.returnPathProven = flow.returnPathProven;
    next.isContinuation = true;
    FlowMetadata* metadata = flow.hasDetail ? std::exchange(flow.detail->metadata, nullptr) : nullptr;
    giveBackDetail(flow);
    start(slot, next, packet);
    if (metadata != nullptr) {
      metadata->startAnew();
      giveDetail(slab_[slot], details_.take());
      slab_[slot].detail->metadata = metadata;
    }
    // It stood where its last packet had put it; the time of this one would hold up the expiry of all behind it.
    lists_.moveToEnd(isClosed(next) ? ActivityLists::kClosed : ActivityLists::kOpen, slot);
  }

  uint32_t create(const Waiting& waiting) {
    if (free_ == 0 && high_ == limits_.flowsMax) makeRoom();
    uint32_t slot = free_;
    if (slot != 0) {
      free_ = static_cast<uint32_t>(slab_[slot].id);
    } else {
      slot = ++high_;
    }
    Flow flow;
    flow.key = waiting.key;
    flow.interfaceIndex = waiting.packet.interfaceIndex;
    if (waiting.packet.protocol == kIcmp || waiting.packet.protocol == kIcmpv6) {
      flow.icmp = {waiting.packet.icmpType, waiting.packet.icmpCode};
    }
    if (flow.key.context != 0) contexts_.hold(flow.key.context);
    start(slot, flow, waiting.packet);
    if (waiting.packet.protocol == kTcp) recogniseExpected(slab_[slot]);
    index_.insert(waiting.hash, slot);
    lists_.append(ActivityLists::kOpen, slot);
    ++counters_.activeFlows;
    return slot;
  }

  void start(uint32_t slot, Flow& flow, const Packet& packet) {
    flow.id = ++counters_.flows;
    flow.firstUs = flow.lastUs = packet.timestampUs;
    slab_[slot] = flow;
  }

  void recogniseExpected(Flow& flow) {
    const uint64_t control = expected_.take(flow.key.destination, flow.key.destinationPort, flow.firstUs);
    if (control == 0) return;
    if (FlowMetadata* metadata = metadataOf(flow)) metadata->markAsFtpData(control);
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
    giveBackDetail(flow);
    if (flow.key.context != 0) contexts_.leave(flow.key.context);
    index_.remove(hash_(flow.key, flow.interfaceIndex), slot);
    lists_.remove(slot);
    flow.id = free_;  // free slots are chained through it, the last one freed, which is still in the cache, first
    free_ = slot;
    --counters_.activeFlows;
  }

  void giveBackDetail(Flow& flow) {
    if (!flow.hasDetail) return;
    if (flow.detail->metadata != nullptr) metadata_.giveBack(*flow.detail->metadata);
    details_.giveBack(*flow.detail);
    flow.hasDetail = false;
  }

  void tellIcmpError(const Packet& packet) {
    const std::optional<FlowKey> key = quotedKeyOf(packet);
    int direction = 0;
    const uint32_t slot = find(*key, hash_(*key, packet.interfaceIndex), packet.interfaceIndex, direction);
    observer_.icmpErrorSeen(slot != 0 ? &slab_[slot] : nullptr, packet);
  }

  bool isJump(uint64_t timestampUs) const {
    return timestampUs + limits_.reorderUs < nowUs_ || (limits_.isFile && timestampUs > nowUs_ + limits_.jumpUs);
  }

  // Moves packet time on to this packet's, or the packet's up to it.
  void enterTime(uint64_t& timestampUs) {
    if (!hasStarted_) {
      hasStarted_ = true;
      nowUs_ = timestampUs;
      nextTickUs_ = timestampUs + kTickUs;
    }
    if (isJump(timestampUs)) {
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
    expire(ActivityLists::kClosed, limits_.closedLingerUs);
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

  const FlowLimits limits_;
  Observer& observer_;
  FlowHash hash_;
  LazyArray<Flow> slab_;  // slot 0 stays unused
  FlowDetails details_;
  FlowMetadataSlab metadata_;
  ActivityLists lists_;
  FlowIndex index_;
  FlowContexts contexts_;
  FragmentPorts fragments_;
  ExpectedFlows expected_;
  Waiting burst_[kBurst];
  PacketMetadata burstMetadata_[kBurst];
  uint32_t waiting_ = 0;
  uint32_t free_ = 0;
  uint32_t high_ = 0;
  bool hasStarted_ = false;
  uint64_t nowUs_ = 0;
  uint64_t nextTickUs_ = 0;
  FlowCounters counters_;
};

}  // namespace phantommesh
