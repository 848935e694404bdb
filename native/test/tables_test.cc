// Goal: counters equal their definition, sketches keep their stated error, and no bound or eviction mixes one host with
// another. Method: random traffic by seed against exact references.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <unordered_set>

#include "../src/flow_key.h"
#include "checks.h"
#include "observed_traffic.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

struct Addition {
  double atSeconds;
  double amount;
};

double decayedSum(const std::vector<Addition>& additions, double nowSeconds, int window) {
  double sum = 0;
  for (const Addition& each : additions) {
    sum += each.amount * std::exp((each.atSeconds - nowSeconds) / kWindowSeconds[window]);
  }
  return sum;
}

uint64_t randomHash(std::mt19937_64& random) { return mixHash(random(), random()); }

struct Numbered {
  uint64_t key;
  uint32_t hash;
  uint32_t annex;
  bool isReferenced;
  uint64_t value;
};

}  // namespace

TEST("decayed counters equal the sum of their decayed increments, over steps of a microsecond and of a day") {
  std::mt19937_64 random(seed());
  DecayClock clock;
  DecayedCounters<1, 1> counters{};
  std::vector<Addition> additions;
  uint32_t epoch = 0;
  double now = 1'700'000'000;
  std::uniform_real_distribution<double> exponent(-6, 2.5);
  for (int step = 0; step < 3000; ++step) {
    now += step % 500 == 499 ? 86400 : std::pow(10, exponent(random));
    const auto nowUs = static_cast<uint64_t>(now * 1e6);
    now = static_cast<double>(nowUs) * 1e-6;
    clock.moveTo(nowUs);
    if (clock.epoch() != epoch) {
      counters.catchUp(epoch, clock);
      epoch = clock.epoch();
    }
    const double amount = static_cast<double>(random() % 1500 + 1);
    counters.addVolume(0, amount, clock);
    counters.addCount(0, clock);
    additions.push_back({now, amount});
    if (step % 10 != 0) continue;
    for (int k = 0; k < kWindows; ++k) {
      double count = 0;
      for (const Addition& each : additions) count += std::exp((each.atSeconds - now) / kWindowSeconds[k]);
      CHECK_NEAR(counters.volumes[0][k] / clock.weight()[k], decayedSum(additions, now, k), 2e-5);
      CHECK_NEAR(static_cast<double>(counters.counts[0][k]) / clock.weight()[k], count, 1e-4);
    }
  }
}

TEST("every event's host and pair counters are exact at its moment") {
  std::mt19937_64 random(seed());
  Traffic traffic;
  std::map<uint64_t, std::vector<Addition>> sent, received;  // by the source's address
  std::map<std::pair<uint64_t, uint64_t>, std::vector<Addition>> pairSent;
  size_t checked = 0;
  traffic.keeps = false;
  traffic.onEvent = [&](const EventRecord& event) {
    Address source, destination;
    std::memcpy(&source, event.sourceAddress, 16);
    std::memcpy(&destination, event.destinationAddress, 16);
    if ((event.cause[0] & (kPacketCount | kPeriodic)) == 0) return;  // timeouts come before the packet that moved time
    const double now = static_cast<double>(traffic.nowUs()) * 1e-6;
    for (int k = 0; k < kWindows; ++k) {
      CHECK_NEAR(event.sourceOctetsSent[k], decayedSum(sent[source.high], now, k), 1e-4);
      CHECK_NEAR(event.sourceOctetsReceived[k], decayedSum(received[source.high], now, k), 1e-4);
      CHECK_NEAR(event.pairOctetsSent[k], decayedSum(pairSent[{source.high, destination.high}], now, k), 1e-4);
    }
    ++checked;
  };
  for (int i = 0; i < 4000; ++i) {
    const Address client = ipv4(10, 0, 0, static_cast<uint8_t>(random() % 6));
    const Address server = ipv4(192, 0, 2, static_cast<uint8_t>(random() % 6));
    const End from{client, static_cast<uint16_t>(40000 + random() % 5)}, to{server, 4433};
    const uint32_t payload = static_cast<uint32_t>(random() % 1400);
    traffic.wait(static_cast<double>(random() % 100'000) * 1e-6);
    const double now = static_cast<double>(traffic.nowUs()) * 1e-6;
    const bool isAnswer = random() % 3 == 0 && !pairSent[{client.high, server.high}].empty() && from.port == 40000;
    // Answers only on the flow that certainly exists.
    if (isAnswer) {
      received[client.high].push_back({now, payload + 28.0});
      traffic.udp({server, 4433}, {client, 40000}, payload);
    } else {
      sent[client.high].push_back({now, payload + 28.0});
      pairSent[{client.high, server.high}].push_back({now, payload + 28.0});
      traffic.udp({client, 40000}, to, payload);
    }
  }
  CHECK(checked > 500);
}

TEST("an evicted record's handle never reaches another host's record") {
  std::mt19937_64 random(seed());
  BehaviourLimits limits;
  limits.hostsMax = 8;
  limits.pairsMax = 8;
  Traffic traffic(limits);
  traffic.keeps = false;
  size_t checked = 0;
  // Each client sends packets of a length of its own, so a foreign packet in a record shows.
  traffic.onEvent = [&](const EventRecord& event) {
    if (event.cause[0] & kFlowEnd) return;
    const double length = 100 + event.sourceAddress[3] + 28;
    CHECK_NEAR(event.sourceOctetsSent[4] / event.sourcePacketsSent[4], length, 1e-3);
    CHECK_NEAR(event.pairOctetsSent[4] / length, std::round(event.pairOctetsSent[4] / length), 0.05);
    ++checked;
  };
  for (int i = 0; i < 20'000; ++i) {
    const auto client = static_cast<uint8_t>(random() % 60);
    const Address server = ipv4(192, 0, 2, static_cast<uint8_t>(random() % 10));
    traffic.wait(0.001).udp({ipv4(10, 0, 0, client), 40000}, {server, 4433}, 100u + client);
  }
  const ObserverCounters counters = traffic.observer().counters();
  CHECK_EQUAL(counters.hosts, 16);
  CHECK_EQUAL(counters.pairs, 8);
  CHECK(checked > 1000);
}

TEST("a sketch counts one as one, few within 17 %, many within 25 % root mean square") {
  std::mt19937_64 random(seed());
  const std::map<int, double> errorsMax{{1, 0.02},  {3, 0.12},    {10, 0.17},   {30, 0.2},
                                        {100, 0.25}, {1000, 0.22}, {60000, 0.22}};
  for (const auto& [distinct, errorMax] : errorsMax) {
    double squares = 0;
    constexpr int kRuns = 200;
    for (int run = 0; run < kRuns; ++run) {
      DistinctSketch sketch{};
      for (int i = 0; i < distinct; ++i) {
        const uint64_t hash = randomHash(random);
        sketch.insert(hash);
        sketch.insert(hash);
      }
      const double error = static_cast<double>(sketch.estimate()) / distinct - 1;
      squares += error * error / kRuns;
    }
    CHECK(std::sqrt(squares) <= errorMax);
    if (std::sqrt(squares) > errorMax) std::printf("  %d distinct: error %.3f\n", distinct, std::sqrt(squares));
  }
}

TEST("distinct counts follow a sliding window") {
  std::mt19937_64 random(seed());
  std::vector<double> errors;
  for (int run = 0; run < 50; ++run) {
    DistinctCounter counter{};
    std::vector<std::pair<double, uint64_t>> seen;
    uint32_t second = 1'700'000'000;
    for (double t = 0; t < 100; t += 0.1) {
      const uint32_t now = 1'700'000'000 + static_cast<uint32_t>(t);
      if (now != second) counter.rotate(second, now);
      second = now;
      seen.push_back({t, randomHash(random)});
      counter.insert(seen.back().second);
    }
    float passed[kWindows], got[kWindows];
    DistinctCounter::stretchPassed(1'700'000'000'000'000 + 99'900'000, passed);
    counter.estimate(passed, got);
    errors.push_back(static_cast<double>(got[1]) / 100 - 1);  // 10 s at ten new ones a second
    CHECK(got[4] > 300);
  }
  double squares = 0;
  for (const double error : errors) squares += error * error / static_cast<double>(errors.size());
  CHECK(std::sqrt(squares) < 0.3);
}

TEST("a clock table equals a map as long as nothing is evicted, and is bounded when it is") {
  std::mt19937_64 random(seed());
  ClockTable<uint64_t, Numbered, uint64_t> table(100);
  std::set<uint64_t> alive;
  for (int i = 0; i < 50'000; ++i) {
    const uint64_t key = random() % 300 + 1;
    const auto hash = static_cast<uint32_t>(key % 7);  // long runs of collisions
    uint32_t index = table.find(key, hash);
    if (index == 0) {
      index = table.insert(key, hash);
      CHECK_EQUAL(table.at(index).value, 0);
      table.at(index).value = key;
    }
    table.at(index).isReferenced = random() % 2 == 0;
    CHECK_EQUAL(table.at(index).value, key);
    CHECK(table.find(key, hash) == index);
  }
  uint32_t found = 0;
  for (uint64_t key = 1; key <= 300; ++key) found += table.find(key, static_cast<uint32_t>(key % 7)) != 0;
  CHECK_EQUAL(found, 100);
  CHECK_EQUAL(table.size(), 100);
  table.clear();
  CHECK_EQUAL(table.size(), 0);
  for (uint64_t key = 1; key <= 300; ++key) CHECK_EQUAL(table.find(key, static_cast<uint32_t>(key % 7)), 0);
  for (uint64_t key = 1; key <= 100; ++key) table.insert(key, static_cast<uint32_t>(key % 7));
  for (uint64_t key = 1; key <= 100; ++key) CHECK(table.find(key, static_cast<uint32_t>(key % 7)) != 0);
}

TEST("a flood of keys seen once does not evict those that are used") {
  ClockTable<uint64_t, Numbered, uint64_t> table(1000);
  const auto hashOf = [](uint64_t key) { return static_cast<uint32_t>(mixHash(key, 1)); };
  for (uint64_t key = 1; key <= 100; ++key) table.insert(key, hashOf(key));
  for (uint64_t flood = 1'000'000; flood < 1'050'000; ++flood) {
    if (flood % 500 == 0) {
      for (uint64_t key = 1; key <= 100; ++key) {
        if (const uint32_t index = table.find(key, hashOf(key))) table.at(index).isReferenced = true;
      }
    }
    table.insert(flood, hashOf(flood));
  }
  int kept = 0;
  for (uint64_t key = 1; key <= 100; ++key) kept += table.find(key, hashOf(key)) != 0;
  CHECK(kept >= 95);  // approximately the least recently used: the hand looks at 64 records at most
}

TEST("contacts are remembered until their set is full, and hardly any new one is taken for known") {
  std::mt19937_64 random(seed());
  ContactMemory contacts(1 << 16);
  std::vector<uint64_t> made;
  for (int i = 0; i < 20'000; ++i) {
    made.push_back(randomHash(random));
    CHECK(contacts.remember(made.back()));
  }
  size_t known = 0;
  for (const uint64_t each : made) known += contacts.knows(each);
  CHECK(known > made.size() * 99 / 100);
  CHECK_EQUAL(made.size() - known, contacts.forgotten());
  CHECK(!contacts.remember(made.back()));
  for (int i = 0; i < 100'000; ++i) contacts.remember(randomHash(random));
  CHECK(contacts.forgotten() > 50'000);
  for (const size_t count : {size_t{100}, made.size()}) {  // few are forgotten one by one, many at once
    contacts.clear();
    for (size_t i = 0; i < count; ++i) contacts.remember(made[i]);
    contacts.clear();
    for (const uint64_t each : made) CHECK(!contacts.knows(each));
  }
}

TEST("whatever the lower half of an IPv6 address, senders with different upper halves are spread over the flow index") {
  std::mt19937_64 random(seed());
  const FlowHash hash(random());
  // A factor that such an address makes 0 would take upper half and secret out of the hash.
  for (const uint64_t low : {uint64_t{0}, ~uint64_t{0}, uint64_t{0xa4093822299f31d0}, uint64_t{0x9e3779b97f4a7c15}}) {
    std::unordered_set<uint32_t> hashes;
    FlowKey key;
    key.destination = {1, 2};
    for (uint64_t high = 1; high <= 10'000; ++high) {
      key.source = {high, low};
      hashes.insert(hash(key, 0));
    }
    CHECK(hashes.size() > 9'990);
  }
}
