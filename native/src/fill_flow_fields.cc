#include "fill_flow_fields.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "decode_transport.h"
#include "metadata/flow_metadata.h"

namespace phantommesh {
namespace {

double milliseconds(uint64_t us) { return static_cast<double>(us) * 1e-3; }

// Sample deviation; 0 below two values.
float deviation(const Moments& moments, uint64_t count) {
  return count < 2 ? 0 : std::sqrt(moments.squares / static_cast<float>(count - 1));
}

void fillMoments(const FlowDetail& detail, EventRecord& record, int direction) {
  const uint64_t packets = detail.packets[direction];
  const Moments length = packets == 0 ? Moments{} : detail.length[direction];
  const Moments gap = packets < 2 ? Moments{} : detail.gapMs[direction];
  record.lengthMean[direction] = length.mean;
  record.lengthDeviation[direction] = deviation(length, packets);
  record.lengthMin[direction] = length.min;
  record.lengthMax[direction] = length.max;
  record.gapMeanMs[direction] = gap.mean;
  record.gapDeviationMs[direction] = packets < 2 ? 0 : deviation(gap, packets - 1);
  record.gapMinMs[direction] = gap.min;
  record.gapMaxMs[direction] = gap.max;
}

void fillFirstPackets(const FlowDetail& detail, EventRecord& record) {
  for (int i = 0; i < kFirstPackets; ++i) {
    record.firstLengths[i] = i < detail.firstCount ? detail.firstLengths[i] : int16_t{0};
    record.firstGapsMs[i] = i != 0 && i < detail.firstCount ? detail.laterGapsMs[i - 1] : 0;
  }
  record.firstCount[0] = detail.firstCount;
}

void fillIdentity(const Flow& flow, EventRecord& record) {
  const FlowKey& key = flow.key;
  const bool isIcmp = key.protocol == kIcmp || key.protocol == kIcmpv6;
  record.flowId[0] = static_cast<double>(flow.id);
  std::memcpy(record.sourceAddress, &key.source, sizeof key.source);
  std::memcpy(record.destinationAddress, &key.destination, sizeof key.destination);
  // In the key the ports of ICMP are types; a record has no ports there.
  record.sourceTransportPort[0] = isIcmp ? uint16_t{0} : key.sourcePort;
  record.destinationTransportPort[0] = isIcmp ? uint16_t{0} : key.destinationPort;
  record.interfaceIndex[0] = flow.interfaceIndex;
  record.ipVersion[0] = key.ipVersion;
  record.protocolIdentifier[0] = key.protocol;
  record.icmpType[0] = isIcmp ? flow.icmp.type : uint8_t{0};
  record.icmpCode[0] = isIcmp ? flow.icmp.code : uint8_t{0};
}

}  // namespace

void fillFlowFields(const Flow& flow, EventRecord& record) {
  FlowDetail scratch;
  const FlowDetail& detail = detailOf(flow, scratch);
  fillIdentity(flow, record);
  record.flowStartMilliseconds[0] = milliseconds(flow.firstUs);
  record.flowEndMilliseconds[0] = milliseconds(flow.lastUs);
  record.packetDeltaCount[0] = static_cast<double>(detail.packets[0]);
  record.reversePacketDeltaCount[0] = static_cast<double>(detail.packets[1]);
  record.octetDeltaCount[0] = static_cast<double>(detail.octets[0]);
  record.reverseOctetDeltaCount[0] = static_cast<double>(detail.octets[1]);
  record.payloadOctets[0] = static_cast<double>(detail.payloadOctets[0]);
  record.reversePayloadOctets[0] = static_cast<double>(detail.payloadOctets[1]);
  fillFirstPackets(detail, record);
  for (int direction = 0; direction < 2; ++direction) {
    fillMoments(detail, record, direction);
    record.initialWindow[direction] = detail.initialWindow[direction];
    record.synCount[direction] = detail.synCount[direction];
    record.finCount[direction] = detail.finCount[direction];
    record.rstCount[direction] = detail.rstCount[direction];
    record.pshCount[direction] = detail.pshCount[direction];
    record.tcpControlBits[direction] = detail.tcpBits[direction];
    record.ttlMin[direction] = detail.ttlMin[direction];
    record.ttlMax[direction] = detail.ttlMax[direction];
  }
  record.tcpState[0] = flow.tcpState;
  record.flowEndReason[0] = flow.endReason;
  record.isTruncated[0] = flow.isTruncated;
  record.returnPathProven[0] = flow.returnPathProven;
  record.metadata = detail.metadata != nullptr ? detail.metadata->fields() : MetadataFields{};
}

}  // namespace phantommesh
