// A bidirectional flow as the table keeps it. Direction 0 is forward (the first sender's), 1 is reverse (RFC 5103).
#pragma once

#include <cstdint>

#include "event_record.h"
#include "packet.h"

namespace phantommesh {

class FlowMetadata;

struct FlowKey {
  Address source;  // the first sender
  Address destination;
  uint16_t sourcePort = 0;
  uint16_t destinationPort = 0;
  uint16_t context = 0;  // VLAN and tunnel (flow_context.h); 0 means neither
  uint8_t protocol = 0;
  uint8_t ipVersion = 0;
};

// Sum, sum of squares, least and greatest of a stream of numbers, with the mean as reference against cancellation
// (Welford 1962).
struct Moments {
  float mean = 0;
  float squares = 0;  // sum of squared differences from the mean
  float min = 0;
  float max = 0;
};

// What the observer of flows (behaviour tables, event emission) keeps in the flow record, so that no packet needs a
// second look-up.
struct ObserverSlot {
  uint32_t sourceHost = 0;  // index into the host table, 0 = none
  uint32_t destinationHost = 0;
  uint32_t pair = 0;
  uint32_t contact = 0;       // the open first-contact trial of this flow, 0 = none
  uint32_t lastEventUs = 0;   // the lower half: exact up to 71 minutes, and each packet a second later is an event
  uint8_t flags = 0;          // the observer's own
  uint8_t eventsByCount = 0;  // grows with the packet count at which the next event is due (nextEventPacket)
};

// What a packet adds to its flow.
struct PacketFacts {
  uint64_t timestampUs;
  uint32_t octets;
  uint32_t payloadOctets;
  uint16_t tcpWindow;
  uint8_t tcpBits;  // 0 where there are none, as in a fragment
  uint8_t ttl;
};

// Everything that the packets of a flow add up to.
struct alignas(64) FlowDetail {
  uint64_t packets[2] = {0, 0};
  uint64_t octets[2] = {0, 0};
  uint64_t payloadOctets[2] = {0, 0};
  uint64_t lastByDirectionUs[2] = {0, 0};
  uint16_t synCount[2] = {0, 0};
  uint16_t finCount[2] = {0, 0};
  uint16_t rstCount[2] = {0, 0};
  uint16_t pshCount[2] = {0, 0};
  uint16_t initialWindow[2] = {0, 0};
  uint8_t tcpBits[2] = {0, 0};
  uint8_t ttlMin[2] = {0, 0};
  uint8_t ttlMax[2] = {0, 0};
  uint8_t firstCount = 0;
  Moments length[2];
  Moments gapMs[2];
  int16_t firstLengths[kFirstPackets] = {};
  float laterGapsMs[kFirstPackets - 1] = {};  // before the second, third ... of them
  FlowMetadata* metadata = nullptr;           // of a flow that showed what it speaks

  // `lastUs`: of the flow's packet before, whatever its direction.
  void add(const PacketFacts& packet, int direction, uint64_t lastUs);
};
static_assert(sizeof(FlowDetail) == 256);

// The first packets as they came. A FlowDetail made of them is the same as one that was kept all along, so a flow needs
// none until its fourth packet, and most never get there.
struct EarlyPackets {
  static constexpr int kMax = 3;

  uint32_t sinceFirstUs[kMax - 1];
  uint16_t octets[kMax];
  uint16_t payloadOctets[kMax];
  uint16_t tcpWindow[2];  // of the first packet in each direction
  uint8_t tcpBits[kMax];
  uint8_t ttl[kMax];
  uint8_t count;
  uint8_t reversed;       // bit i: packet i came from the destination
};

struct IcmpKind {
  uint8_t type;
  uint8_t code;
};

// 128 octets, so that a million flows of a flood fit into 128 MiB.
struct alignas(64) Flow {
  FlowKey key;                // ICMP: ports are type and answering type, as Community ID v1 maps them (flow_key.h)
  uint64_t firstUs = 0;
  uint64_t lastUs = 0;
  uint64_t id = 0;
  ObserverSlot observer;
  union {
    uint32_t answerSequence = 0;  // TCP: of the SYN-ACK
    IcmpKind icmp;
  };
  uint8_t interfaceIndex = 0;
  TcpState tcpState = kNotTcp;
  EndReason endReason = kAlive;
  bool isTruncated : 1 = false;
  bool returnPathProven : 1 = false;
  // The active timeout ended the flow before this one under the same key; direction, TCP state and proof carry over,
  // counts start anew.
  bool isContinuation : 1 = false;
  bool hasDetail : 1 = false;
  union {
    EarlyPackets early = {};
    FlowDetail* detail;
  };

  uint64_t packetCount() const { return hasDetail ? detail->packets[0] + detail->packets[1] : early.count; }
};
static_assert(sizeof(FlowKey) == 40);
static_assert(sizeof(Flow) == 128);

// What the flow's packets add up to: its own detail, or one made of its first packets in `scratch`.
const FlowDetail& detailOf(const Flow& flow, FlowDetail& scratch);

// What the flow table tells its observer; a template parameter, so that `meter` pays nothing for what it does not use.
//
//   struct Observer {
//     void useContexts(FlowContexts& contexts);  // once, first: what flow.key.context stands for
//     // Before packetSeen of the same packet, which may come from the destination when flow.isContinuation.
//     void flowStarted(Flow& flow, const Packet& packet);
//     void packetSeen(Flow& flow, const Packet& packet, int direction);  // after the flow was updated
//     // Before packetSeen of the same packet, when something was read of it.
//     void metadataSeen(Flow& flow, const Packet& packet, const PacketMetadata& metadata);
//     void icmpErrorSeen(Flow* quotedFlow, const Packet& packet);  // about a flow; null: no such flow lives
//     void flowEnded(Flow& flow, uint64_t nowUs);  // endReason is set; the record is freed afterwards
//     // Packet time moved on by 65 ms or more, or an interface was silent: expire, time out contacts.
//     void advance(uint64_t nowUs);
//     void segmentStarted(uint64_t nowUs);  // packet time jumped: all flows ended, all state is void
//     ObserverCounters counters() const;  // event_sink.h
//   };

}  // namespace phantommesh
