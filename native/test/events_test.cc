// Goal: beyond the budget events are shed fairly, everything is accounted for, and the same packets give the same
// events.
#include <random>

#include "checks.h"
#include "observed_traffic.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

constexpr uint32_t kSecond = 1'700'000'000;

uint64_t hostHash(uint64_t host) { return mixHash(host, 99); }

void randomTraffic(Traffic& traffic, unsigned number, int packets) {
  std::mt19937_64 random(number);
  for (int i = 0; i < packets; ++i) {
    const Address client = ipv4(10, 0, 0, static_cast<uint8_t>(random() % 50));
    const Address server = ipv4(192, 0, 2, static_cast<uint8_t>(random() % 50));
    const End from{client, static_cast<uint16_t>(40000 + random() % 3)};
    const End to{server, static_cast<uint16_t>(1 + random() % 1500)};
    traffic.wait(static_cast<double>(random() % 3000) * 1e-6);
    switch (random() % 8) {
      case 0: traffic.udp(from, to, static_cast<uint32_t>(random() % 1000)); break;
      case 1: traffic.udp(to, from, static_cast<uint32_t>(random() % 1000)); break;
      case 2: traffic.icmp(client, server, random() % 2 == 0 ? 8 : 0); break;
      case 3:
        traffic.icmpError(server, static_cast<uint8_t>(random() % 6), from, to, random() % 2 == 0 ? kTcp : kUdp);
        break;
      case 4: traffic.handshake(from, to); break;
      default: {
        const auto bits = static_cast<uint8_t>(random() % 64);
        if (random() % 2 == 0) traffic.tcp(from, to, bits, static_cast<uint32_t>(random() % 100));
        else traffic.tcp(to, from, bits, static_cast<uint32_t>(random() % 100));
      }
    }
    if (random() % 2000 == 0) traffic.wait(static_cast<double>(random() % 200)).pass();
    if (random() % 9000 == 0) traffic.wait(9000);
  }
  traffic.end();
}

}  // namespace

TEST("no second admits more than its budget, and a demand below it is admitted whole") {
  EventBudget budget(1000);
  for (uint32_t second = kSecond; second < kSecond + 3; ++second) {
    int admitted = 0;
    for (uint64_t i = 0; i < 100'000; ++i) admitted += budget.admit(hostHash(i), hostHash(i % 7), i % 3 == 0, second);
    CHECK(admitted <= 1000);
    CHECK(admitted > 950);  // seven heavy destinations leave a part for others
  }
  int admitted = 0;
  for (uint64_t i = 0; i < 700; ++i) admitted += budget.admit(hostHash(i), hostHash(i + 5000), false, kSecond + 9);
  CHECK_EQUAL(admitted, 700);
}

TEST("one flooding source leaves a ninth of the budget to all others") {
  EventBudget budget(9000);
  int flood = 0, others = 0, asked = 0;
  for (uint64_t i = 0; i < 1'000'000; ++i) {
    flood += budget.admit(hostHash(1), hostHash(i), false, kSecond);
    if (i % 2000 != 0) continue;
    ++asked;
    others += budget.admit(hostHash(1000 + i % 100), hostHash(77 + i), false, kSecond);
  }
  CHECK_EQUAL(others, asked);
  CHECK(flood > 6000);
}

TEST("a flood of a million spoofed sources towards one victim does not starve others") {
  EventBudget budget(9000);
  int others = 0, asked = 0;
  for (uint64_t i = 0; i < 1'000'000; ++i) {
    budget.admit(hostHash(1'000'000 + i), hostHash(5), false, kSecond);
    if (i % 2000 != 0) continue;
    ++asked;
    others += budget.admit(hostHash(i % 100), hostHash(900 + i % 13), false, kSecond);
  }
  // A source that shares its bucket with many of the flood's may lose.
  CHECK(others >= asked * 99 / 100);
}

TEST("equal demands get equal shares") {
  EventBudget budget(8000);
  std::vector<int> admitted(16);
  for (uint64_t i = 0; i < 1'600'000; ++i) {
    const uint64_t source = i * 7919 % 16;
    admitted[source] += budget.admit(hostHash(source), hostHash(1000 + i), false, kSecond);
  }
  const auto [least, most] = std::minmax_element(admitted.begin(), admitted.end());
  CHECK(*most - *least <= 8);
}

TEST("evidence has its own part of the budget after ordinary events have used theirs") {
  EventBudget budget(8000);
  for (uint64_t i = 0; i < 100'000; ++i) budget.admit(hostHash(i), hostHash(i + 1), false, kSecond);
  int admitted = 0;
  for (uint64_t i = 0; i < 500; ++i) admitted += budget.admit(hostHash(i), hostHash(i + 1), true, kSecond);
  CHECK_EQUAL(admitted, 500);
}

TEST("received = scored + shed, whatever is shed, and ended flows are still written as records") {
  BehaviourLimits limits;
  limits.scoringEventsPerSecond = 40;
  Traffic traffic(limits);
  uint64_t scored = 0, ended = 0;
  traffic.keeps = false;
  traffic.onEvent = [&](const EventRecord& event) {
    scored += (event.purpose[0] & kScore) != 0;
    ended += (event.purpose[0] & kRecord) != 0;
    CHECK(((event.cause[0] & kFlowEnd) != 0) == ((event.purpose[0] & kRecord) != 0));
  };
  uint64_t flows = 0;
  randomTraffic(traffic, seed(), 20'000);
  const ObserverCounters counters = traffic.observer().counters();
  for (const NamedCount& each : counters.dropped) {
    flows += std::strcmp(each.name, "recordsQueueFull") == 0 ? each.value : 0;
  }
  CHECK_EQUAL(flows, 0);
  CHECK_EQUAL(counters.eventsReceived, counters.eventsScored + counters.eventsShed + counters.eventsPending);
  CHECK_EQUAL(counters.eventsScored, scored);
  CHECK(counters.eventsShed > 1000);
  CHECK(ended > 5000);
}

TEST("a sink that nobody empties sheds and counts") {
  std::vector<EventRecord> buffer(8);
  EventSink sink({std::span(buffer)}, EventSink::WhenFull::kDrop, [] {});
  BehaviourObserver observer({}, sink);
  FlowContexts contexts(1);
  observer.useContexts(contexts);
  FlowDetail detail;
  Flow flow;
  giveDetail(flow, detail);
  flow.key = {ipv4(10, 0, 0, 1), ipv4(10, 0, 0, 2), 1, 2, 0, kUdp, 4};
  Packet packet;
  packet.protocol = kUdp;
  packet.timestampUs = Traffic::kStartUs;
  observer.flowStarted(flow, packet);
  for (int i = 1; i <= 100; ++i) {
    detail.packets[0] = static_cast<uint64_t>(i);
    packet.timestampUs += 1'100'000;
    observer.packetSeen(flow, packet, 0);
  }
  const ObserverCounters counters = observer.counters();
  CHECK_EQUAL(counters.eventsReceived, 100);
  CHECK_EQUAL(counters.eventsScored, 8);
  CHECK_EQUAL(counters.eventsShed, 92);
}

TEST("random packets keep every count consistent") {
  for (unsigned run = 0; run < 4; ++run) {
    BehaviourLimits limits;
    limits.hostsMax = run % 2 == 0 ? 16 : 4096;
    limits.pairsMax = run % 2 == 0 ? 16 : 4096;
    limits.trialsMax = run < 2 ? 32 : 4096;
    Traffic traffic(limits);
    traffic.keeps = false;
    traffic.onEvent = [](const EventRecord& event) {
      for (int k = 0; k < kWindows; ++k) {
        CHECK(event.sourceContactsFailed[k] >= 0 && std::isfinite(event.sourceOctetsSent[k]));
        CHECK(event.sourceDistinctPorts[k] >= 0 && event.sourceFlows[k] >= 0);
      }
      CHECK(event.sourceTrialsPending[0] <= 1024);
      CHECK(event.destinationHandshakesTotal[0] <= event.destinationSynsTotal[0]);
    };
    randomTraffic(traffic, seed() + run, 20'000);
    traffic.wait(10).pass();
    CHECK(traffic.observer().openRequests() == 0);
    const ObserverCounters counters = traffic.observer().counters();
    CHECK_EQUAL(counters.eventsReceived, counters.eventsScored + counters.eventsShed);
  }
}

TEST("the same packets give the same events, octet by octet") {
  BehaviourLimits limits;
  limits.scoringEventsPerSecond = 200;
  Traffic once(limits), again(limits);
  randomTraffic(once, seed(), 5'000);
  randomTraffic(again, seed(), 5'000);
  CHECK_EQUAL(once.events.size(), again.events.size());
  CHECK(once.events.size() == again.events.size() &&
        std::memcmp(once.events.data(), again.events.data(), once.events.size() * sizeof(EventRecord)) == 0);
}
