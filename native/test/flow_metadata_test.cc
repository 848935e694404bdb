// Goal: a flow's metadata is the sum of its packets' metadata, belongs to one application, and survives what the flow
// survives.
#include "../src/metadata/flow_metadata_slab.h"
#include "checks.h"
#include "observed_traffic.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

PacketMetadata dnsQuery(uint32_t nameHash, uint8_t nameOctets) {
  PacketMetadata metadata;
  metadata.kind = MetadataKind::kDns;
  metadata.dns.hasQuestion = true;
  metadata.dns.nameHash = nameHash;
  metadata.dns.nameOctets = nameOctets;
  metadata.dns.labels = 3;
  metadata.dns.nameEntropy = 2;
  return metadata;
}

PacketMetadata dnsAnswer(Address address, uint8_t responseCode = 0) {
  PacketMetadata metadata;
  metadata.kind = MetadataKind::kDns;
  metadata.dns.isResponse = true;
  metadata.dns.responseCode = responseCode;
  metadata.dns.addressCount = responseCode == 0 ? 1 : 0;
  metadata.dns.addresses[0] = address;
  metadata.dns.addressVersions[0] = 4;
  return metadata;
}

PacketMetadata echo(uint16_t sequence, uint32_t hash, bool isReply) {
  PacketMetadata metadata;
  metadata.kind = MetadataKind::kIcmpEcho;
  metadata.echo.isReply = isReply;
  metadata.echo.hasIdentifier = true;
  metadata.echo.sequence = sequence;
  metadata.echo.payloadHash = hash;
  metadata.echo.payloadOctets = 56;
  return metadata;
}

PacketMetadata ssh(bool isBanner, uint8_t messageType) {
  PacketMetadata metadata;
  metadata.kind = MetadataKind::kSsh;
  metadata.ssh.isBanner = isBanner;
  metadata.ssh.messageType = messageType;
  return metadata;
}

PacketMetadata vpn(Application application, HandshakeStep step) {
  PacketMetadata metadata;
  metadata.kind = MetadataKind::kVpn;
  metadata.vpn.application = application;
  metadata.vpn.step = step;
  return metadata;
}

}  // namespace

TEST("DNS: counts, means and the number of distinct names") {
  FlowMetadata flow{};
  for (uint32_t i = 0; i < 100; ++i) flow.add(dnsQuery(i % 20 * 0x9e3779b1, i % 2 == 0 ? 10 : 30), 0);
  flow.add(dnsAnswer({}, 3), 1);
  const MetadataFields& fields = flow.fields();
  CHECK(flow.application() == Application::kDns);
  CHECK_EQUAL(fields.dnsQueries[0], 100);
  CHECK_EQUAL(fields.dnsResponses[0], 1);
  CHECK_EQUAL(fields.dnsNameErrors[0], 1);
  CHECK_NEAR(fields.dnsNameOctetsMean[0], 20, 1e-5);
  CHECK_EQUAL(fields.dnsNameOctetsMax[0], 30);
  CHECK_NEAR(fields.dnsDistinctNames[0], 20, 0.15);
}

TEST("distinct names are told apart up to a thousand, and never counted as infinitely many") {
  FlowMetadata flow{};
  for (uint32_t i = 0; i < 500; ++i) flow.add(dnsQuery(i * 2654435761u >> 3, 20), 0);
  CHECK_NEAR(flow.fields().dnsDistinctNames[0], 500, 0.3);
  for (uint32_t i = 0; i < 100'000; ++i) flow.add(dnsQuery(i * 2654435761u >> 3, 20), 0);
  CHECK(flow.fields().dnsDistinctNames[0] > 1000);
  CHECK(std::isfinite(flow.fields().dnsDistinctNames[0]));
}

TEST("the first application is the flow's, but a TLS hello upgrades what began in clear text") {
  FlowMetadata flow{};
  PacketMetadata line;
  line.kind = MetadataKind::kSmtp;
  line.smtp.phase = SmtpPhase::kStartTls;
  flow.add(line, 0);
  PacketMetadata hello;
  hello.kind = MetadataKind::kTlsHello;
  hello.tls.version = 0x0304;
  hello.tls.hasServerName = true;
  flow.add(hello, 0);
  flow.add(dnsQuery(1, 10), 0);
  CHECK(flow.application() == Application::kSmtp);
  CHECK_EQUAL(flow.fields().tlsVersion[0], 0x0304);
  CHECK_EQUAL(flow.fields().tlsHasServerName[0], 1);
  CHECK_EQUAL(flow.fields().dnsQueries[0], 0);
}

TEST("SSH: sizes are noted from the first packet after both sides' NEWKEYS on, eight of them") {
  // The server's NEWKEYS by itself; behind its reply in one segment; behind a reply of two segments.
  for (const int way : {0, 1, 2}) {
    FlowMetadata flow{};
    flow.add(ssh(true, 0), 0);
    flow.add(ssh(true, 0), 1);
    PacketMetadata reply = ssh(false, way == 0 ? 21 : 31);
    reply.ssh.isFollowed = way == 1;
    reply.ssh.missingOctets = way == 2 ? 1500 : 0;
    flow.unreadSeen(900, 1);  // the rest of KEXINIT
    flow.add(reply, 1);
    if (way == 2) {
      flow.unreadSeen(1448, 1);
      flow.unreadSeen(52 + 16, 1);
    }
    flow.unreadSeen(1000, 0);
    flow.add(ssh(false, 21), 0);
    flow.unreadSeen(0, 1);  // an acknowledgement
    for (uint32_t i = 1; i <= 10; ++i) flow.unreadSeen(i * 10, static_cast<int>(i % 2));
    const MetadataFields& fields = flow.fields();
    CHECK_EQUAL(fields.sshBanners[0], 3);
    CHECK_EQUAL(fields.sshAuthOctets[0], -10);
    CHECK_EQUAL(fields.sshAuthOctets[1], 20);
    CHECK_EQUAL(fields.sshAuthOctets[7], 80);
  }
}

TEST("ICMP echo: a reply is a mismatch when it carries something else than its request") {
  FlowMetadata flow{};
  for (uint16_t i = 0; i < 20; ++i) {
    flow.add(echo(i, 1000u + i, false), 0);
    flow.add(echo(i, i % 4 == 3 ? 7 : 1000u + i, true), 1);
  }
  flow.add(echo(500, 7, true), 1);  // its request was not seen
  CHECK_EQUAL(flow.fields().icmpEchoRequests[0], 20);
  CHECK_EQUAL(flow.fields().icmpEchoReplies[0], 21);
  CHECK_EQUAL(flow.fields().icmpEchoMismatches[0], 5);
}

TEST("IKE on port 4500 goes over into ESP in one flow; OpenVPN's data alone begins nothing") {
  FlowMetadata flow{};
  flow.add(vpn(Application::kIke, HandshakeStep::kRequest), 0);
  flow.add(vpn(Application::kIke, HandshakeStep::kAnswer), 1);
  flow.add(vpn(Application::kEspInUdp, HandshakeStep::kData), 0);
  flow.add(vpn(Application::kIke, HandshakeStep::kComplete), 0);
  CHECK(flow.application() == Application::kIke);
  CHECK_EQUAL(flow.fields().vpnRequests[0], 1);
  CHECK_EQUAL(flow.fields().vpnAnswers[0], 1);
  CHECK_EQUAL(flow.fields().vpnCompletions[0], 1);
  FlowMetadata wireGuard{};
  wireGuard.add(vpn(Application::kWireGuard, HandshakeStep::kRequest), 0);
  wireGuard.add(vpn(Application::kWireGuard, HandshakeStep::kData), 0);  // of the handshake before
  CHECK_EQUAL(wireGuard.fields().vpnCompletions[0], 0);
  wireGuard.add(vpn(Application::kWireGuard, HandshakeStep::kAnswer), 1);
  for (int i = 0; i < 5; ++i) wireGuard.add(vpn(Application::kWireGuard, HandshakeStep::kData), 0);
  CHECK_EQUAL(wireGuard.fields().vpnCompletions[0], 1);
  CHECK(!FlowMetadata::mayBegin(vpn(Application::kOpenVpn, HandshakeStep::kData)));
  CHECK(FlowMetadata::mayBegin(vpn(Application::kOpenVpn, HandshakeStep::kRequest)));
  CHECK(!FlowMetadata::mayBegin(ssh(false, 21)));
}

TEST("a flow that goes on under a new id keeps what it is and counts anew") {
  FlowMetadata flow{};
  PacketMetadata hello;
  hello.kind = MetadataKind::kTlsHello;
  hello.tls.version = 0x0304;
  std::memcpy(hello.tls.ja4, "t13d1516h2_8daaf6152771_02713d6af862", 37);
  flow.add(hello, 0);
  flow.startAnew();
  CHECK(flow.application() == Application::kTls);
  CHECK(std::memcmp(flow.fields().tlsJa4, hello.tls.ja4, 36) == 0);
  FlowMetadata dns{};
  dns.add(dnsQuery(1, 10), 0);
  dns.startAnew();
  CHECK(dns.application() == Application::kDns);
  CHECK_EQUAL(dns.fields().dnsQueries[0], 0);
}

TEST("the slab refuses when it is full, counts it, and gives places back fresh") {
  FlowMetadataSlab slab(2);
  FlowMetadata* first = slab.take();
  CHECK(first != nullptr && slab.take() != nullptr);
  CHECK(slab.take() == nullptr);
  CHECK_EQUAL(slab.refused(), 1);
  first->add(dnsQuery(1, 10), 0);
  slab.giveBack(*first);
  FlowMetadata* again = slab.take();
  CHECK(again == first);
  CHECK_EQUAL(again->fields().dnsQueries[0], 0);
}

TEST("a flow's source was told the address, was not, or its lookups are unseen") {
  Traffic traffic;
  const End resolver{ipv4(10, 0, 0, 53), 53};
  const Address client = ipv4(10, 0, 0, 1);
  const Address named = ipv4(192, 0, 2, 1);
  traffic.at(0).udp({client, 5000}, resolver, 40);
  traffic.udpWith(dnsAnswer(named), resolver, {client, 5000}, 80);
  traffic.at(1).tcp({client, 6000}, {named, 443}, kSyn);
  CHECK_EQUAL(traffic.last().nameLookup[0], kLookedUp);
  traffic.tcp({client, 6001}, {ipv4(192, 0, 2, 2), 443}, kSyn);
  CHECK_EQUAL(traffic.last().nameLookup[0], kNotLookedUp);
  CHECK(traffic.last().sourceUnnamedContacts[4] > 0.9F);
  traffic.tcp({ipv4(10, 0, 0, 2), 6001}, {ipv4(192, 0, 2, 2), 443}, kSyn);
  CHECK_EQUAL(traffic.last().nameLookup[0], kLookupsUnseen);
}

TEST("FTP: the announced connection is named with its control connection") {
  Traffic traffic;
  const End client{ipv4(10, 0, 0, 1), 6000};
  const End server{ipv4(192, 0, 2, 1), 21};
  traffic.at(0).tcp(client, server, kSyn);
  const double control = traffic.last().flowId[0];
  PacketMetadata line;
  line.kind = MetadataKind::kFtp;
  line.ftp.isReply = true;
  line.ftp.reply = 227;
  line.ftp.announcesData = true;
  line.ftp.dataPort = 50'000;
  traffic.tcpWith(line, server, client, kAck, 40);
  traffic.tcp({client.address, 6001}, {server.address, 50'000}, kSyn);
  CHECK_EQUAL(traffic.last().metadata.application[0], Application::kFtpData);
  CHECK_EQUAL(traffic.last().metadata.parentFlowId[0], control);
  // Once only: the next one to that port is nobody's.
  traffic.tcp({client.address, 6002}, {server.address, 50'000}, kSyn);
  CHECK_EQUAL(traffic.last().metadata.application[0], Application::kUnknown);
}
