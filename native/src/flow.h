// A bidirectional flow as the table keeps it. Direction 0 is forward (the first sender's), 1 is reverse (RFC 5103).
#pragma once

#include <cstdint>

#include "event_record.h"
#include "packet.h"

namespace phantommesh {

struct FlowKey {
  Address source;  // the first sender
  Address destination;
  uint16_t sourcePort = 0;
  uint16_t destinationPort = 0;
  uint16_t vlanId = 0;
  uint8_t protocol = 0;
  uint8_t ipVersion = 0;
};

// Sum, sum of squares, least and greatest of a stream of numbers, with the mean as reference against cancellation (Welford 1962).
struct Moments {
  float mean = 0;
  float squares = 0;  // sum of squared differences from the mean
  float min = 0;
  float max = 0;
};

// What the observer of flows (behaviour tables, event emission) keeps in the flow record, so that no packet needs a second look-up.
struct ObserverSlot {
  uint32_t sourceHost = 0;  // index into the host table, 0 = none
  uint32_t destinationHost = 0;
  uint32_t pair = 0;
  uint32_t contact = 0;       // the open first-contact trial of this flow, 0 = none
  uint64_t lastEventUs = 0;
  uint32_t nextEventPacket = 1;
  uint8_t flags = 0;          // the observer's own
};

// Ordered by use: what a first packet writes comes first, so that a flood of one-packet flows touches four cache lines of a record.
// From `firstGapsMs` on, elements hold nothing until `firstCount` says so; they are not cleared for a new flow.
struct alignas(64) Flow {
  FlowKey key;                // ICMP: ports are type and answering type, as Community ID v1 maps them (flow_key.h)
  uint64_t firstUs = 0;
  uint64_t lastUs = 0;
  uint32_t hash = 0;
  uint8_t interfaceIndex = 0;
  TcpState tcpState = kNotTcp;
  EndReason endReason = kAlive;
  uint8_t firstCount = 0;
  uint64_t id = 0;
  uint64_t packets[2] = {0, 0};
  uint64_t octets[2] = {0, 0};
  uint64_t payloadOctets[2] = {0, 0};
  ObserverSlot observer;
  uint64_t lastByDirectionUs[2] = {0, 0};
  uint32_t initialSequence[2] = {0, 0};  // of the SYN and of the SYN-ACK
  uint16_t initialWindow[2] = {0, 0};
  uint16_t synCount[2] = {0, 0};
  uint16_t finCount[2] = {0, 0};
  uint16_t rstCount[2] = {0, 0};
  uint16_t pshCount[2] = {0, 0};
  uint8_t tcpBits[2] = {0, 0};
  uint8_t ttlMin[2] = {0, 0};
  uint8_t ttlMax[2] = {0, 0};
  uint8_t icmpType = 0;
  uint8_t icmpCode = 0;
  bool isTruncated = false;
  bool returnPathProven = false;
  // The active timeout ended the flow before this one under the same key; direction, TCP state and proof carry over, counts start anew.
  bool isContinuation = false;
  Moments length[2];
  Moments gapMs[2];
  int16_t firstLengths[kFirstPackets];
  float firstGapsMs[kFirstPackets];
};

// What the flow table tells its observer; a template parameter, so that `meter` pays nothing for what it does not use.
//
//   struct Observer {
//     void flowStarted(Flow& flow, const Packet& packet);                      // before packetSeen of the same packet; it may come from
//                                                                              // the destination when flow.isContinuation
//     void packetSeen(Flow& flow, const Packet& packet, int direction);        // after the flow was updated
//     void icmpErrorSeen(Flow* quotedFlow, const Packet& packet);              // an ICMP error about a flow; null: no such flow lives
//     void flowEnded(Flow& flow, uint64_t nowUs);                              // endReason is set; the record is freed afterwards
//     void advance(uint64_t nowUs);                                            // packet time moved on by 65 ms or more, or an interface was
//                                                                              // silent: expire, time out contacts
//     void segmentStarted(uint64_t nowUs);                                     // packet time jumped: all flows ended, all state is void
//     ObserverCounters counters() const;                                       // event_sink.h
//   };

}  // namespace phantommesh
