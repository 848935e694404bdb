// What one packet changes in its flow: counts, moments, TCP state, proof of the return path.
#pragma once

#include <cstdint>

#include "decode_transport.h"
#include "flow.h"
#include "packet.h"

namespace phantommesh {

inline bool isClosed(const Flow& flow) { return flow.tcpState == kClosed || flow.tcpState == kReset; }

// The state after this packet. A connection whose start was not seen stays kMidstream until its end.
TcpState nextTcpState(const Flow& flow, const Packet& packet, int direction);

// True when this packet shows that the flow's source receives what is sent to its address: it repeats the number of a
// SYN-ACK. UDP and ICMP prove nothing this way: whoever sends twice under a forged address has also "gone on" after the
// answer that he never saw.
bool provesReturnPath(const Flow& flow, const Packet& packet, int direction);

// Whether a flow without detail can note this packet among its first.
inline bool isEarly(const Flow& flow, const Packet& packet) {
  return flow.early.count < EarlyPackets::kMax && packet.octets <= UINT16_MAX && packet.payloadOctets <= UINT16_MAX &&
         packet.timestampUs - flow.firstUs <= UINT32_MAX;
}

// Puts the flow's first packets into `detail`, which is the flow's from now on.
void giveDetail(Flow& flow, FlowDetail& detail);

// The flow has a detail, or the packet is early.
void updateFlow(Flow& flow, const Packet& packet, int direction);

}  // namespace phantommesh
