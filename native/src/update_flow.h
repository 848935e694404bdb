// What one packet changes in its flow: counts, moments, TCP state, proof of the return path.
#pragma once

#include <algorithm>
#include <cstdint>

#include "decode_transport.h"
#include "flow.h"
#include "packet.h"

namespace phantommesh {

// Adds the n-th value (n from 1) to its stream (Welford 1962).
inline void addTo(Moments& moments, float value, uint64_t n) {
  if (n == 1) {
    moments = {value, 0, value, value};
    return;
  }
  const float difference = value - moments.mean;
  moments.mean += difference / static_cast<float>(n);
  moments.squares += difference * (value - moments.mean);
  moments.min = std::min(moments.min, value);
  moments.max = std::max(moments.max, value);
}

inline void countUp(uint16_t& counter, bool happened) { counter = static_cast<uint16_t>(counter + (happened && counter != UINT16_MAX)); }

inline bool isClosed(const Flow& flow) { return flow.tcpState == kClosed || flow.tcpState == kReset; }

// The state after this packet. A connection whose start was not seen stays kMidstream until its end.
TcpState nextTcpState(const Flow& flow, const Packet& packet, int direction);

// True when this packet shows that the flow's source receives what is sent to its address: it repeats the number of a SYN-ACK. UDP and
// ICMP prove nothing this way: whoever sends twice under a forged address has also "gone on" after the answer that he never saw.
bool provesReturnPath(const Flow& flow, const Packet& packet, int direction);

void updateTcp(Flow& flow, const Packet& packet, int direction);

inline void updateFlow(Flow& flow, const Packet& packet, int direction) {
  const uint64_t before = flow.lastUs;
  const uint64_t count = ++flow.packets[direction];
  const float octets = static_cast<float>(packet.octets);
  addTo(flow.length[direction], octets, count);
  if (count == 1) {
    flow.ttlMin[direction] = flow.ttlMax[direction] = packet.ttl;
    flow.initialWindow[direction] = packet.tcpWindow;
  } else {
    addTo(flow.gapMs[direction], static_cast<float>(packet.timestampUs - flow.lastByDirectionUs[direction]) * 1e-3F, count - 1);
    flow.ttlMin[direction] = std::min(flow.ttlMin[direction], packet.ttl);
    flow.ttlMax[direction] = std::max(flow.ttlMax[direction], packet.ttl);
  }
  if (flow.firstCount < kFirstPackets) {
    const int length = static_cast<int>(std::min(packet.octets, 32767U));
    flow.firstLengths[flow.firstCount] = static_cast<int16_t>(direction == 0 ? length : -length);
    flow.firstGapsMs[flow.firstCount] = flow.firstCount == 0 ? 0 : static_cast<float>(packet.timestampUs - before) * 1e-3F;
    ++flow.firstCount;
  }
  if (!flow.returnPathProven) flow.returnPathProven = provesReturnPath(flow, packet, direction);
  flow.octets[direction] += packet.octets;
  flow.payloadOctets[direction] += packet.payloadOctets;
  flow.isTruncated |= packet.isTruncated;
  flow.lastUs = flow.lastByDirectionUs[direction] = packet.timestampUs;
  if (packet.protocol == kTcp && !packet.isFragment) updateTcp(flow, packet, direction);
}

}  // namespace phantommesh
