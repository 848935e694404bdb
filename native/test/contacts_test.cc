// Goal: every first contact is decided as the field list says, and every event carries what was known at its moment.
#include "checks.h"
#include "observed_traffic.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

const Address kClient = ipv4(10, 0, 0, 5);
const Address kServer = ipv4(192, 0, 2, 7);

const EventRecord& lastOf(Traffic& traffic) { return traffic.events.back(); }

const EventRecord* lastWith(Traffic& traffic, uint8_t cause) {
  const EventRecord* found = nullptr;
  for (const EventRecord& each : traffic.events) {
    if (each.cause[0] & cause) found = &each;
  }
  return found;
}

}  // namespace

TEST("an answered handshake is one answered trial and no open request") {
  Traffic traffic;
  traffic.handshake({kClient, 40000}, {kServer, 443});
  CHECK_EQUAL(traffic.observer().openRequests(), 0);
  traffic.tcp({kClient, 40000}, {kServer, 443}, kAck | kPsh, 100, 1001, 5001);
  const EventRecord& event = lastOf(traffic);
  CHECK_EQUAL(event.packetDeltaCount[0], 3);
  CHECK_EQUAL(event.sourceTrialsAnswered[0], 1);
  CHECK_EQUAL(event.sourceTrialsFailed[0], 0);
  CHECK_EQUAL(event.sourceTrialsPending[0], 0);
  CHECK_EQUAL(event.destinationHandshakesTotal[0], 1);
  CHECK_EQUAL(event.destinationSynsTotal[0], 1);
  CHECK_EQUAL(event.isFirstContact[0], 1);
  CHECK_EQUAL(event.contactFailed[0], 0);
}

TEST("a scan answered by RST fails at once, and its thresholds are events") {
  Traffic traffic;
  for (uint16_t port = 1; port <= 12; ++port) {
    traffic.wait(0.01).tcp({kClient, 40000}, {kServer, port}, kSyn);
    traffic.wait(0.001).tcp({kServer, port}, {kClient, 40000}, kRst | kAck);
  }
  std::vector<uint32_t> thresholds;
  for (const EventRecord& each : traffic.events) {
    if (each.cause[0] & kHostEvidence) thresholds.push_back(each.sourceTrialsFailed[0]);
  }
  CHECK((thresholds == std::vector<uint32_t>{3, 4, 6, 8, 12}));
  const EventRecord& event = lastOf(traffic);
  CHECK_EQUAL(event.contactFailed[0], 1);
  CHECK_NEAR(event.sourceContactsFailed[4], 12, 0.001);
  CHECK_NEAR(event.pairContactsFailed[3], 12, 0.001);
  CHECK_NEAR(event.sourceResetsReceived[3], 12, 0.001);
  CHECK_NEAR(event.sourceUnansweredSyns[3], 0, 0.001);
  CHECK_NEAR(event.sourceDistinctPeers[3], 1, 0.05);
  CHECK_NEAR(event.sourceDistinctPorts[3], 12, 0.3);
}

TEST("silence fails a trial after three seconds, retransmissions are one trial") {
  Traffic traffic;
  for (uint16_t port = 1; port <= 3; ++port) traffic.tcp({kClient, 40000}, {kServer, port}, kSyn);
  traffic.at(1);
  for (uint16_t port = 1; port <= 3; ++port) traffic.tcp({kClient, 40000}, {kServer, port}, kSyn);
  CHECK_EQUAL(lastOf(traffic).sourceTrialsPending[0], 3);
  traffic.at(2.9).pass();
  CHECK(lastWith(traffic, kHostEvidence) == nullptr);
  traffic.at(3.1).pass();
  const EventRecord* event = lastWith(traffic, kHostEvidence);
  CHECK(event != nullptr);
  if (event == nullptr) return;
  CHECK_EQUAL(event->sourceTrialsFailed[0], 3);
  CHECK_EQUAL(event->sourceTrialsPending[0], 0);
  CHECK_EQUAL(event->destinationTransportPort[0], 3);
  CHECK_EQUAL(event->packetDeltaCount[0], 2);
  CHECK_NEAR(event->observedAtMs[0], (Traffic::kStartUs + 3'100'000) * 1e-3, 1e-12);
  CHECK_NEAR(event->sourceUnansweredSyns[4], 3, 0.001);
  CHECK_NEAR(event->destinationUnansweredSyns[4], 3, 0.001);
  CHECK_NEAR(event->destinationSyns[4], 6, 0.001);
}

TEST("a contact known from before is no trial") {
  Traffic traffic;
  traffic.handshake({kClient, 40000}, {kServer, 443});
  traffic.tcp({kClient, 40001}, {kServer, 443}, kSyn);
  CHECK_EQUAL(lastOf(traffic).isFirstContact[0], 0);
  traffic.at(4).pass();
  traffic.tcp({kClient, 40002}, {kServer, 443}, kSyn);
  CHECK_EQUAL(lastOf(traffic).sourceTrialsFailed[0], 0);
  CHECK_EQUAL(lastOf(traffic).sourceTrialsAnswered[0], 1);
  CHECK_NEAR(lastOf(traffic).sourceUnansweredSyns[4], 1, 0.001);
}

TEST("UDP and ping are answered by their answers, and refused by an ICMP error that quotes them") {
  Traffic traffic;
  traffic.udp({kClient, 50000}, {kServer, 53}, 40);
  traffic.udp({kServer, 53}, {kClient, 50000}, 200);
  traffic.icmp(kClient, kServer, 8);
  traffic.icmp(kServer, kClient, 0);
  CHECK_EQUAL(traffic.observer().openRequests(), 0);
  traffic.udp({kClient, 50001}, {kServer, 161}, 40);
  CHECK_EQUAL(lastOf(traffic).sourceTrialsAnswered[0], 2);
  CHECK_EQUAL(lastOf(traffic).sourceTrialsPending[0], 1);
  traffic.icmpError(kServer, 3, {kClient, 50001}, {kServer, 161}, kUdp);
  CHECK_EQUAL(traffic.observer().openRequests(), 0);
  traffic.udp({kClient, 50001}, {kServer, 161}, 40);
  traffic.at(2).udp({kClient, 50001}, {kServer, 161}, 40);
  CHECK_EQUAL(lastOf(traffic).sourceTrialsFailed[0], 1);
  CHECK_EQUAL(lastOf(traffic).contactFailed[0], 1);
}

TEST("'fragmentation needed' refuses nothing") {
  Traffic traffic;
  traffic.udp({kClient, 50001}, {kServer, 4433}, 1400);
  traffic.icmpError(ipv4(198, 51, 100, 1), 4, {kClient, 50001}, {kServer, 4433}, kUdp);
  CHECK_EQUAL(traffic.observer().openRequests(), 1);
}

TEST("midstream, broadcast and multicast are no trials") {
  Traffic traffic;
  traffic.tcp({kClient, 40000}, {kServer, 22}, kAck | kPsh, 30);
  traffic.udp({kClient, 5353}, {ipv4(224, 0, 0, 251), 5353}, 30);
  traffic.udp({kClient, 137}, {ipv4(10, 0, 0, 255), 137}, 30);
  traffic.udp({ipv4(0, 0, 0, 0), 68}, {ipv4(255, 255, 255, 255), 67}, 300);
  CHECK_EQUAL(traffic.observer().openRequests(), 0);
  CHECK_EQUAL(lastOf(traffic).isFirstContact[0], 0);
}

TEST("answers that nobody asked for count against their receiver, packet by packet") {
  Traffic traffic;
  for (int i = 0; i < 40; ++i) {
    traffic.wait(0.001).udp({ipv4(198, 51, 100, static_cast<uint8_t>(i % 4)), 53}, {kClient, 33333}, 1200);
  }
  const EventRecord* event = lastWith(traffic, kHostEvidence);
  CHECK(event != nullptr);
  if (event != nullptr) CHECK_EQUAL(event->destinationUnsolicitedTotal[0], 32);
  traffic.wait(1.1).tcp({kServer, 80}, {kClient, 1234}, kSyn | kAck);
  CHECK_EQUAL(lastOf(traffic).destinationUnsolicitedTotal[0], 41);
  CHECK_NEAR(lastOf(traffic).sourceUnsolicitedAnswers[3], 1, 1e-3);
}

TEST("a SYN-ACK without its SYN counts once, and no more when the connection goes on; retransmitted ones count each") {
  Traffic traffic;
  traffic.tcp({kServer, 80}, {kClient, 1234}, kSyn | kAck);
  traffic.tcp({kServer, 80}, {kClient, 1234}, kAck | kPsh, 500);
  traffic.tcp({kServer, 80}, {kClient, 1234}, kSyn | kAck);
  CHECK_EQUAL(traffic.observer().counters().questionsMissed, 1);
  traffic.tcp({kServer, 80}, {kClient, 1235}, kSyn | kAck);
  traffic.tcp({kClient, 1235}, {kServer, 80}, kRst);
  traffic.tcp({kServer, 80}, {kClient, 1235}, kSyn | kAck);
  traffic.end();
  CHECK_EQUAL(lastOf(traffic).destinationUnsolicitedTotal[0], 3);
  CHECK_EQUAL(traffic.observer().counters().questionsMissed, 1);
}

TEST("answers on IKE's port for NAT traversal are answers; IKE between two gateways is not") {
  Traffic traffic;
  traffic.udp({kServer, 4500}, {kClient, 33333}, 1200);
  traffic.udp({kServer, 4500}, {ipv4(10, 0, 0, 6), 4500}, 1200);
  traffic.end();
  CHECK_EQUAL(traffic.events[0].destinationUnsolicitedTotal[0], 1);
  CHECK_EQUAL(traffic.events[1].destinationUnsolicitedTotal[0], 0);
}

TEST("only a TCP handshake proves the way back to a source") {
  Traffic traffic;
  for (int i = 0; i < 4; ++i) {
    traffic.udp({kClient, 50000}, {kServer, 53}, 40);
    traffic.udp({kServer, 53}, {kClient, 50000}, 200);
    traffic.icmp(kClient, kServer, 8);
    traffic.icmp(kServer, kClient, 0);
    // What it acknowledges is a guess.
    traffic.tcp({kClient, 40001}, {kServer, 443}, i == 0 ? kSyn : kAck, 0, 1000, i == 0 ? 0 : 77);
    if (i == 0) traffic.tcp({kServer, 443}, {kClient, 40001}, kSyn | kAck, 0, 5000, 1001);
  }
  traffic.handshake({kClient, 40000}, {kServer, 443});
  traffic.end();
  for (const EventRecord& each : traffic.events) {
    const bool isHandshake = each.sourceTransportPort[0] == 40000 && each.flowEndReason[0] != kAlive;
    CHECK_EQUAL(each.returnPathProven[0], isHandshake);
  }
}

TEST("a late answer of a server that was asked is not unsolicited") {
  Traffic traffic;
  traffic.udp({kClient, 50000}, {kServer, 53}, 40);
  traffic.at(200).udp({kServer, 53}, {kClient, 50000}, 200);
  CHECK_EQUAL(lastOf(traffic).destinationUnsolicitedTotal[0], 0);
}

TEST("ICMP errors about packets never seen are backscatter") {
  Traffic traffic;
  for (int i = 0; i < 33; ++i) {
    const Address router = ipv4(198, 51, 100, static_cast<uint8_t>(i));
    traffic.wait(0.01).icmpError(router, 1, {kClient, 1000}, {ipv4(203, 0, 113, 9), 80}, kTcp);
  }
  const EventRecord* event = lastWith(traffic, kHostEvidence);
  CHECK(event != nullptr);
  if (event != nullptr) CHECK_EQUAL(event->destinationUnsolicitedTotal[0], 32);
}

TEST("half-open handshakes of a destination are events at 32, 64, 128, and complete ones are none") {
  Traffic traffic;
  for (uint16_t i = 0; i < 200; ++i) traffic.handshake({kClient, static_cast<uint16_t>(40000 + i)}, {kServer, 80});
  CHECK(lastWith(traffic, kHostEvidence) == nullptr);
  int events = 0;
  for (uint32_t i = 0; i < 130; ++i) traffic.wait(0.0001).tcp({ipv4(0x0b000000 + i), 1024}, {kServer, 80}, kSyn);
  for (const EventRecord& each : traffic.events) events += (each.cause[0] & kHostEvidence) != 0;
  CHECK_EQUAL(events, 3);
}

TEST("a connection that ends before its trial is decided still fails by timeout, as an event of that flow") {
  Traffic traffic;
  for (uint16_t port = 1; port <= 3; ++port) {
    traffic.tcp({kClient, 40000}, {kServer, port}, kSyn);
    traffic.tcp({kClient, 40000}, {kServer, port}, kRst);
  }
  traffic.at(2.5).pass();
  CHECK(lastWith(traffic, kFlowEnd) != nullptr);
  traffic.at(3.5).pass();
  const EventRecord* event = lastWith(traffic, kHostEvidence);
  CHECK(event != nullptr);
  if (event == nullptr) return;
  CHECK_EQUAL(event->destinationTransportPort[0], 3);
  CHECK_EQUAL(event->packetDeltaCount[0], 2);
  CHECK_EQUAL(event->contactFailed[0], 1);
}

TEST("one source cannot have more trials open than its share") {
  BehaviourLimits limits;
  limits.trialsPerSourceMax = 10;
  Traffic traffic(limits);
  for (uint16_t port = 1; port <= 30; ++port) traffic.tcp({kClient, 40000}, {kServer, port}, kSyn);
  CHECK_EQUAL(traffic.observer().openRequests(), 10);
  traffic.at(4).pass();
  traffic.tcp({kClient, 40000}, {kServer, 30}, kSyn);
  traffic.tcp({kClient, 40001}, {kServer, 99}, kSyn);
  CHECK_EQUAL(lastOf(traffic).sourceTrialsFailed[0], 10);
  CHECK_EQUAL(traffic.observer().openRequests(), 1);
}

TEST("a beacon's bursts and an attacker's equal flows are kept for their pair") {
  Traffic traffic;
  for (int i = 0; i < 20; ++i) {
    const uint16_t port = static_cast<uint16_t>(41000 + i);
    traffic.at(60.0 * i).handshake({kClient, port}, {kServer, 22});
    traffic.tcp({kClient, port}, {kServer, 22}, kAck | kPsh, 100, 1001, 5001);
    traffic.tcp({kServer, 22}, {kClient, port}, kAck | kPsh, 50, 5001, 1101);
    traffic.wait(0.1).tcp({kClient, port}, {kServer, 22}, kFin | kAck, 0, 1101, 5051);
    traffic.tcp({kServer, 22}, {kClient, port}, kFin | kAck, 0, 5051, 1102);
  }
  traffic.end();
  std::vector<uint32_t> bursts;
  for (const EventRecord& each : traffic.events) {
    if (!(each.cause[0] & kPairEvidence)) continue;
    if (each.cause[0] & kPacketCount) bursts.push_back(each.pairBurstsTotal[0]);
  }
  CHECK((bursts == std::vector<uint32_t>{6, 8, 12, 16}));
  const EventRecord& event = lastOf(traffic);
  CHECK_EQUAL(event.pairBurstsTotal[0], 20);
  CHECK_EQUAL(event.pairFlowsEndedTotal[0], 20);
  for (int i = 0; i < kRecent; ++i) {
    CHECK_EQUAL(event.pairBurstGapsMs[i], 60000);
    CHECK_EQUAL(event.pairBurstOctets[i], 7 * 40 + 150);
    CHECK_EQUAL(event.pairFlowPackets[i], 7);
    CHECK_EQUAL(event.pairFlowOctets[i], 7 * 40 + 150);
    CHECK_NEAR(event.pairFlowDurationsMs[i], 100, 1e-6);
  }
}

TEST("a flow is shown at its 1st, 4th, 8th, 16th packet, each second while active, and at its end") {
  Traffic traffic;
  for (int i = 0; i < 20; ++i) traffic.wait(0.01).udp({kClient, 50000}, {kServer, 4433}, 100);
  for (int i = 0; i < 50; ++i) traffic.wait(0.1).udp({kClient, 50000}, {kServer, 4433}, 100);
  std::vector<double> counts, periodic;
  for (const EventRecord& each : traffic.events) {
    if (each.cause[0] & kPacketCount) counts.push_back(each.packetDeltaCount[0]);
    if (each.cause[0] & kPeriodic) periodic.push_back(each.packetDeltaCount[0]);
  }
  CHECK((counts == std::vector<double>{1, 4, 8, 16, 32, 64}));
  CHECK((periodic == std::vector<double>{30, 42, 52, 62}));
  traffic.end();
  CHECK_EQUAL(lastOf(traffic).cause[0], kFlowEnd);
  CHECK_EQUAL(lastOf(traffic).purpose[0], kScore | kRecord);
}

TEST("a new segment knows nothing of the one before") {
  Traffic traffic;
  for (uint16_t port = 1; port <= 5; ++port) traffic.tcp({kClient, 40000}, {kServer, port}, kSyn);
  traffic.at(8000).tcp({kClient, 40000}, {kServer, 1}, kSyn);
  const EventRecord& event = lastOf(traffic);
  CHECK_EQUAL(event.segment[0], 1);
  CHECK_EQUAL(event.sourceTrialsPending[0], 1);
  CHECK_NEAR(event.sourceFlows[4], 1, 1e-6);
  CHECK_EQUAL(traffic.observer().openRequests(), 1);
}
