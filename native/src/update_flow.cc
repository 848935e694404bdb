#include "update_flow.h"

#include <algorithm>

namespace phantommesh {
namespace {

// Adds the n-th value (n from 1) to its stream (Welford 1962).
void addTo(Moments& moments, float value, uint64_t n) {
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

void countUp(uint16_t& counter, bool happened) {
  counter = static_cast<uint16_t>(counter + (happened && counter != UINT16_MAX));
}

// The acknowledgement lies between the first number the other side may acknowledge and the last it has seen: what a
// blind sender would have to guess among 2^32.
bool acknowledges(uint32_t acknowledgement, uint32_t initialSequence, uint64_t payloadOctets) {
  // SYN takes one number, payload one an octet, FIN one.
  return acknowledgement - (initialSequence + 1) <= payloadOctets + 1;
}

void note(EarlyPackets& early, const PacketFacts& packet, int direction, uint64_t sinceFirstUs) {
  const uint8_t n = early.count++;
  const uint8_t reversed = early.reversed;
  const bool isFirstOfDirection = (direction == 0 ? static_cast<uint8_t>(~reversed) & ((1u << n) - 1) : reversed) == 0;
  if (n != 0) early.sinceFirstUs[n - 1] = static_cast<uint32_t>(sinceFirstUs);
  early.octets[n] = static_cast<uint16_t>(packet.octets);
  early.payloadOctets[n] = static_cast<uint16_t>(packet.payloadOctets);
  if (isFirstOfDirection) early.tcpWindow[direction] = packet.tcpWindow;
  early.tcpBits[n] = packet.tcpBits;
  early.ttl[n] = packet.ttl;
  early.reversed |= static_cast<uint8_t>(direction << n);
}

void replay(const Flow& flow, FlowDetail& detail) {
  const EarlyPackets early = flow.early;
  uint64_t lastUs = flow.firstUs;
  for (int i = 0; i < early.count; ++i) {
    const int direction = early.reversed >> i & 1;
    const uint64_t timestampUs = flow.firstUs + (i == 0 ? 0 : early.sinceFirstUs[i - 1]);
    const PacketFacts facts{timestampUs, early.octets[i],  early.payloadOctets[i], early.tcpWindow[direction],
                            early.tcpBits[i], early.ttl[i]};
    detail.add(facts, direction, lastUs);
    lastUs = timestampUs;
  }
}

bool hasFin(const Flow& flow, int direction) {
  if (flow.hasDetail) return flow.detail->finCount[direction] != 0;
  for (int i = 0; i < flow.early.count; ++i) {
    if ((flow.early.reversed >> i & 1) == direction && (flow.early.tcpBits[i] & kFin)) return true;
  }
  return false;
}

uint64_t answeredOctets(const Flow& flow) {
  if (flow.hasDetail) return flow.detail->payloadOctets[1];
  uint64_t octets = 0;
  for (int i = 0; i < flow.early.count; ++i) octets += flow.early.reversed >> i & 1 ? flow.early.payloadOctets[i] : 0;
  return octets;
}

}  // namespace

void FlowDetail::add(const PacketFacts& packet, int direction, uint64_t lastUs) {
  const uint64_t count = ++packets[direction];
  addTo(length[direction], static_cast<float>(packet.octets), count);
  if (count == 1) {
    ttlMin[direction] = ttlMax[direction] = packet.ttl;
    initialWindow[direction] = packet.tcpWindow;
  } else {
    addTo(gapMs[direction], static_cast<float>(packet.timestampUs - lastByDirectionUs[direction]) * 1e-3F, count - 1);
    ttlMin[direction] = std::min(ttlMin[direction], packet.ttl);
    ttlMax[direction] = std::max(ttlMax[direction], packet.ttl);
  }
  if (firstCount < kFirstPackets) {
    const int signedLength = static_cast<int>(std::min(packet.octets, 32767U)) * (direction == 0 ? 1 : -1);
    firstLengths[firstCount] = static_cast<int16_t>(signedLength);
    if (firstCount != 0) laterGapsMs[firstCount - 1] = static_cast<float>(packet.timestampUs - lastUs) * 1e-3F;
    ++firstCount;
  }
  octets[direction] += packet.octets;
  payloadOctets[direction] += packet.payloadOctets;
  lastByDirectionUs[direction] = packet.timestampUs;
  tcpBits[direction] |= packet.tcpBits;
  countUp(synCount[direction], packet.tcpBits & kSyn);
  countUp(finCount[direction], packet.tcpBits & kFin);
  countUp(rstCount[direction], packet.tcpBits & kRst);
  countUp(pshCount[direction], packet.tcpBits & kPsh);
}

const FlowDetail& detailOf(const Flow& flow, FlowDetail& scratch) {
  if (flow.hasDetail) return *flow.detail;
  scratch = FlowDetail{};
  replay(flow, scratch);
  return scratch;
}

void giveDetail(Flow& flow, FlowDetail& detail) {
  detail = FlowDetail{};
  replay(flow, detail);
  flow.hasDetail = true;
  flow.detail = &detail;
}

TcpState nextTcpState(const Flow& flow, const Packet& packet, int direction) {
  const uint8_t bits = packet.tcpBits;
  if (bits & kRst) return kReset;
  const bool isFirst = flow.packetCount() == 1 && !flow.isContinuation;
  if (isFirst) return (bits & (kSyn | kAck)) == kSyn ? kSynSent : kMidstream;
  switch (flow.tcpState) {
    case kSynSent:
      return direction == 1 && (bits & (kSyn | kAck)) == (kSyn | kAck) ? kSynReceived : kSynSent;
    case kSynReceived:
      if (direction == 1 || !(bits & kAck)) return kSynReceived;
      if (!acknowledges(packet.tcpAcknowledgement, flow.answerSequence, answeredOctets(flow))) return kSynReceived;
      return bits & kFin ? kClosing : kEstablished;
    case kEstablished:
    case kMidstream:
      if (hasFin(flow, 0) && hasFin(flow, 1)) return kClosed;
      return flow.tcpState == kEstablished && (bits & kFin) ? kClosing : flow.tcpState;
    case kClosing:
      return hasFin(flow, 0) && hasFin(flow, 1) ? kClosed : kClosing;
    default:
      return flow.tcpState;
  }
}

bool provesReturnPath(const Flow& flow, const Packet& packet, int direction) {
  return direction == 0 && flow.tcpState == kSynReceived && (packet.tcpBits & kAck) && !(packet.tcpBits & kRst) &&
         acknowledges(packet.tcpAcknowledgement, flow.answerSequence, answeredOctets(flow));
}

void updateFlow(Flow& flow, const Packet& packet, int direction) {
  const bool isTcp = packet.protocol == kTcp && !packet.isFragment;
  const uint8_t tcpBits = isTcp ? packet.tcpBits : 0;
  const PacketFacts facts{packet.timestampUs, packet.octets, packet.payloadOctets,
                          packet.tcpWindow,   tcpBits,       packet.ttl};
  if (isTcp && !flow.returnPathProven) flow.returnPathProven = provesReturnPath(flow, packet, direction);
  if (flow.hasDetail) flow.detail->add(facts, direction, flow.lastUs);
  else note(flow.early, facts, direction, packet.timestampUs - flow.firstUs);
  flow.isTruncated |= packet.isTruncated;
  flow.lastUs = packet.timestampUs;
  if (!isTcp) return;
  if ((tcpBits & kSyn) && direction == 1 && flow.tcpState != kEstablished) flow.answerSequence = packet.tcpSequence;
  flow.tcpState = nextTcpState(flow, packet, direction);
}

}  // namespace phantommesh
