#include "update_flow.h"

namespace phantommesh {
namespace {

// The acknowledgement lies between the first number the other side may acknowledge and the last it has seen: what a blind
// sender would have to guess among 2^32.
bool acknowledges(uint32_t acknowledgement, uint32_t initialSequence, uint64_t payloadOctets) {
  // SYN takes one number, payload one an octet, FIN one.
  return acknowledgement - (initialSequence + 1) <= payloadOctets + 1;
}

}  // namespace

TcpState nextTcpState(const Flow& flow, const Packet& packet, int direction) {
  const uint8_t bits = packet.tcpBits;
  if (bits & kRst) return kReset;
  const bool isFirst = flow.packets[0] + flow.packets[1] == 1 && !flow.isContinuation;
  if (isFirst) return (bits & (kSyn | kAck)) == kSyn ? kSynSent : kMidstream;
  switch (flow.tcpState) {
    case kSynSent:
      return direction == 1 && (bits & (kSyn | kAck)) == (kSyn | kAck) ? kSynReceived : kSynSent;
    case kSynReceived:
      if (direction == 1 || !(bits & kAck)) return kSynReceived;
      if (!acknowledges(packet.tcpAcknowledgement, flow.initialSequence[1], flow.payloadOctets[1])) return kSynReceived;
      return bits & kFin ? kClosing : kEstablished;
    case kEstablished:
    case kMidstream:
      if (flow.finCount[0] != 0 && flow.finCount[1] != 0) return kClosed;
      return flow.tcpState == kEstablished && (bits & kFin) ? kClosing : flow.tcpState;
    case kClosing:
      return flow.finCount[0] != 0 && flow.finCount[1] != 0 ? kClosed : kClosing;
    default:
      return flow.tcpState;
  }
}

bool provesReturnPath(const Flow& flow, const Packet& packet, int direction) {
  return direction == 0 && flow.tcpState == kSynReceived && (packet.tcpBits & kAck) && !(packet.tcpBits & kRst) &&
         acknowledges(packet.tcpAcknowledgement, flow.initialSequence[1], flow.payloadOctets[1]);
}

void updateTcp(Flow& flow, const Packet& packet, int direction) {
  const uint8_t bits = packet.tcpBits;
  flow.tcpBits[direction] |= bits;
  countUp(flow.synCount[direction], bits & kSyn);
  countUp(flow.finCount[direction], bits & kFin);
  countUp(flow.rstCount[direction], bits & kRst);
  countUp(flow.pshCount[direction], bits & kPsh);
  if ((bits & kSyn) && flow.tcpState != kEstablished) flow.initialSequence[direction] = packet.tcpSequence;
  flow.tcpState = nextTcpState(flow, packet, direction);
}

}  // namespace phantommesh
