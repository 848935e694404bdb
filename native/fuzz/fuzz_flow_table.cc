// Any sequence of decoded packets through the flow table and the behaviour tables: nothing is lost or counted twice.
// Input: twelve octets a packet, chosen so that few flows meet every timeout, state and kind of metadata.
#include <array>
#include <cstdlib>
#include <cstring>

#include "../src/behaviour_observer.h"
#include "../src/flow_table.h"
#include "../src/header_reader.h"
#include "mutate_seeds.h"
#include "packet_steps.h"

using namespace phantommesh;
using namespace phantommesh::fuzz;

namespace {

constexpr size_t kPacketOctets = 12;
constexpr std::array<uint8_t, 5> kProtocols = {kTcp, kUdp, kIcmp, kSctp, 50};

Address hostOf(uint8_t number) { return {0x0000000a | uint64_t{number} << 24, 0}; }

// What octets 6 to 11 choose.
void fillMetadata(const uint8_t* octets, PacketMetadata& metadata) {
  metadata.kind = static_cast<MetadataKind>(octets[6] % (static_cast<int>(MetadataKind::kVpn) + 1));
  metadata.dns = {};
  metadata.dns.isResponse = octets[7] & 1;
  metadata.dns.hasQuestion = octets[7] & 2;
  metadata.dns.nameHash = read32(octets + 8);
  metadata.dns.addressCount = octets[8] % (DnsMessage::kAddressesMax + 1);
  for (int i = 0; i < metadata.dns.addressCount; ++i) metadata.dns.addresses[i] = hostOf(octets[9] & 7);
  metadata.tls.isServer = octets[7] & 1;
  metadata.tls.version = read16(octets + 8);
  metadata.ssh.isBanner = octets[7] & 1;
  metadata.ssh.messageType = octets[8];
  metadata.http.isResponse = octets[7] & 1;
  metadata.http.status = read16(octets + 8);
  metadata.ftp.announcesData = octets[7] & 1;
  metadata.ftp.hasDataAddress = octets[7] & 2;
  metadata.ftp.dataAddress = hostOf(octets[8] & 7);
  metadata.ftp.dataPort = octets[9] & 7;
  metadata.smtp.phase = static_cast<SmtpPhase>(octets[8] % (static_cast<int>(SmtpPhase::kQuit) + 1));
  metadata.echo.isReply = octets[7] & 1;
  metadata.echo.sequence = octets[8];
  metadata.echo.payloadHash = octets[9];
  metadata.vpn.application = static_cast<Application>(10 + octets[8] % 4);
  metadata.vpn.step = static_cast<HandshakeStep>(octets[9] % 7);
}

void fillPacket(const uint8_t* octets, Packet& packet) {
  packet = Packet{};
  packet.source = hostOf(octets[0] & 7);
  packet.destination = hostOf(octets[0] >> 3 & 7);
  packet.sourcePort = octets[1] & 3;
  packet.destinationPort = octets[1] >> 2 & 3;
  packet.protocol = kProtocols[octets[2] % kProtocols.size()];
  packet.ipVersion = 4;
  packet.tcpBits = packet.protocol == kTcp ? octets[3] : 0;
  packet.icmpType = packet.protocol == kIcmp ? octets[3] : 0;
  packet.tcpSequence = octets[4];
  packet.tcpAcknowledgement = octets[5];
  packet.payloadOctets = octets[4] == 0xff ? 70'000 : octets[4];
  packet.octets = packet.payloadOctets + 20;
  packet.isFirstFragment = octets[2] & 0x40;
  packet.isFragment = (octets[2] & 0xc0) == 0x80;
  packet.quotesPacket = packet.protocol == kIcmp && octets[3] == 3;
  packet.quotedProtocol = kTcp;
  packet.quotedSource = packet.destination;
  packet.quotedDestination = packet.source;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::vector<EventRecord> records(64);
  EventSink sink({std::span(records)}, EventSink::WhenFull::kDrop, [] {});
  BehaviourLimits behaviour;
  behaviour.hostsMax = behaviour.pairsMax = behaviour.contactsMax = behaviour.trialsMax = 16;
  BehaviourObserver observer(behaviour, sink);
  FlowLimits limits;
  limits.flowsMax = 6;
  limits.isFile = true;
  FlowTable<BehaviourObserver> table(limits, observer);

  uint64_t nowUs = 1'700'000'000'000'000;
  uint64_t packets = 0;
  double recorded = 0;
  const auto take = [&] {
    sink.flush();
    while (const auto batch = sink.take()) {
      for (uint32_t i = 0; i < batch->length; ++i) {
        const EventRecord& record = records[i];
        if ((record.cause[0] & kFlowEnd) == 0 || (record.purpose[0] & kRecord) == 0) continue;
        recorded += record.packetDeltaCount[0] + record.reversePacketDeltaCount[0];
      }
    }
  };
  for (size_t at = 0; at + kPacketOctets <= size; at += kPacketOctets, ++packets) {
    const uint8_t* octets = data + at;
    nowUs += static_cast<uint64_t>(kStepsUs[octets[11] % kStepsUs.size()]);
    fillPacket(octets, table.nextPacket());
    table.nextPacket().timestampUs = nowUs;
    fillMetadata(octets, table.nextMetadata());
    table.nextPacket().hasMetadata = table.nextMetadata().kind != MetadataKind::kNone;
    table.push();
    table.work();
    take();
  }
  // One at a time: the sink holds 64, and every flow's end is a record.
  table.endAll();
  take();
  require(table.counters().activeFlows == 0);
  require(recorded == static_cast<double>(packets) || observer.counters().dropped[2].value != 0);
  return 0;
}
