// Goal: a DNS message says what RFC 1035 says it says, cut anywhere too, and what is none is refused.
// Method: messages built octet by octet; every cut; broken ones; random bytes.
#include "../src/metadata/dns_message.h"
#include "../src/metadata/text_measures.h"
#include "messages.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

constexpr int kResponse = 0x8180;
constexpr int kQuery = 0x0100;

Octets header(int flags, int questions, int answers, int others = 0) {
  return word16(0xbeef) + word16(flags) + word16(questions) + word16(answers) + word16(0) + word16(others);
}
Octets name(std::initializer_list<const char*> labels) {
  Octets all;
  for (const char* label : labels) all += octets({static_cast<int>(std::strlen(label))}) + label;
  return all + octets({0});
}
Octets question(const Octets& owner, int type, int kind = 1) { return owner + word16(type) + word16(kind); }
Octets record(const Octets& owner, int type, const Octets& data, int kind = 1) {
  return owner + word16(type) + word16(kind) + word32(300) + word16(data.size()) + data;
}
const Octets kPointer = octets({0xc0, 12});
const Octets kName = name({"www", "Example", "org"});
const Octets kA = octets({192, 0, 2, 7});
const Octets kAaaa = octets({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9});
const Octets kAnswered = header(kResponse, 1, 3, 1) + question(kName, 1) + record(kPointer, 5, name({"cdn"}) ) +
                         record(kPointer, 1, kA) + record(kPointer, 28, kAaaa) +
                         octets({0}) + word16(41) + word16(1232) + word32(0) + word16(0);  // OPT

bool isDns(const Octets& bytes) {
  DnsMessage message;
  return readDnsMessage(OnHeap(bytes), message);
}

}  // namespace

TEST("a query: its name as text, its type, no answer") {
  DnsMessage message;
  CHECK(readDnsMessage(OnHeap(header(kQuery, 1, 0) + question(kName, 28)), message));
  CHECK(!message.isResponse && message.hasQuestion && !message.isCut);
  CHECK_EQUAL(message.id, 0xbeef);
  CHECK_EQUAL(message.queryType, 28);
  CHECK_EQUAL(message.nameOctets, 15);
  CHECK_EQUAL(message.labels, 3);
  CHECK_EQUAL(message.longestLabel, 7);
  const auto* text = reinterpret_cast<const uint8_t*>("www.example.org");
  CHECK_EQUAL(message.nameHash, hashOctets(text, 15));
  CHECK_NEAR(message.nameEntropy, 3.3232314287976203, 1e-6);  // of 15: w three times, e and the dot twice, 8 once
}

TEST("a response: its answers' addresses and octets, the OPT record no answer") {
  DnsMessage message;
  CHECK(readDnsMessage(OnHeap(kAnswered), message));
  CHECK(message.isResponse && !message.isCut);
  CHECK_EQUAL(message.answers, 3);
  CHECK_EQUAL(message.answerOctets, 5 + 4 + 16);
  CHECK_EQUAL(message.addressCount, 2);
  CHECK_EQUAL(message.addressVersions[0], 4);
  CHECK_EQUAL(message.addressVersions[1], 6);
  CHECK(std::memcmp(&message.addresses[0], kA.data(), 4) == 0 && message.addresses[0].low == 0);
  CHECK(std::memcmp(&message.addresses[1], kAaaa.data(), 16) == 0);
}

TEST("every cut of a response keeps what stands before it, and says that it is cut") {
  DnsMessage whole;
  CHECK(readDnsMessage(OnHeap(kAnswered), whole));
  const size_t answersEnd = kAnswered.size() - 11;
  const size_t questionEnd = 12 + kName.size() + 4;
  forEachCut(kAnswered, [&](const Payload& payload, size_t captured) {
    DnsMessage message;
    CHECK_EQUAL(readDnsMessage(payload, message), captured >= 12);
    if (captured < 12) return;
    CHECK_EQUAL(message.isCut, captured < answersEnd);
    CHECK_EQUAL(message.hasQuestion, captured >= questionEnd);
    CHECK_EQUAL(message.nameHash, captured >= questionEnd ? whole.nameHash : 0);
    CHECK_EQUAL(message.answers, 3);
    CHECK_EQUAL(message.addressCount, (captured >= answersEnd ? 1 : 0) + (captured >= answersEnd - 28 ? 1 : 0));
    CHECK(message.answerOctets <= whole.answerOctets);
  });
}

TEST("no more addresses than there is room for, and none of a query, an update or another class") {
  Octets many = header(kResponse, 1, 12) + question(kName, 1);
  for (int i = 0; i < 12; ++i) many += record(kPointer, 1, kA);
  DnsMessage message;
  CHECK(readDnsMessage(OnHeap(many), message));
  CHECK_EQUAL(message.addressCount, DnsMessage::kAddressesMax);
  CHECK_EQUAL(message.answerOctets, 48);
  const Octets one = question(kName, 1) + record(kPointer, 1, kA);
  for (const Octets& each : {header(kQuery, 1, 1) + one, header(0xa800, 1, 1) + one,
                             header(kResponse, 1, 1) + question(kName, 1) + record(kPointer, 1, kA, 3),
                             header(kResponse, 1, 1) + question(kName, 1) + record(kPointer, 1, kA + kA)}) {
    CHECK(readDnsMessage(OnHeap(each), message));
    CHECK_EQUAL(message.addressCount, 0);
  }
}

TEST("mDNS: no question, several questions, the cache-flush bit") {
  DnsMessage message;
  CHECK(readDnsMessage(OnHeap(header(0x8400, 0, 1) + record(kName, 1, kA, 0x8001)), message));
  CHECK(!message.hasQuestion);
  CHECK_EQUAL(message.addressCount, 1);
  const Octets two = header(kResponse, 2, 1) + question(kName, 12, 0x8001) + question(octets({1, 'a'}) + kPointer, 28) +
                     record(kPointer, 1, kA);
  CHECK(readDnsMessage(OnHeap(two), message));
  CHECK_EQUAL(message.queryType, 12);
  CHECK_EQUAL(message.addressCount, 1);
}

TEST("the root, the longest name, and one label more") {
  DnsMessage message;
  CHECK(readDnsMessage(OnHeap(header(kQuery, 1, 0) + question(octets({0}), 2)), message));
  CHECK_EQUAL(message.nameOctets, 0);
  CHECK_EQUAL(message.labels, 0);
  CHECK_EQUAL(message.nameEntropy, 0);
  const std::string label(63, 'x'), last(61, 'y'), tooLong(62, 'y');
  const auto* l = label.c_str();
  CHECK(readDnsMessage(OnHeap(header(kQuery, 1, 0) + question(name({l, l, l, last.c_str()}), 16)), message));
  CHECK_EQUAL(message.nameOctets, 253);
  CHECK(!isDns(header(kQuery, 1, 0) + question(name({l, l, l, tooLong.c_str()}), 16)));
}

TEST("an error without a question is a response") {
  CHECK(isDns(header(0x8001, 0, 0)));
  CHECK(!isDns(header(0x8000, 0, 0)));
  CHECK(!isDns(header(0x0001, 0, 0)));
  CHECK(!isDns(header(0x8001, 0, 0) + "x"));
}

TEST("what is malformed is refused") {
  const Octets good = question(kName, 1);
  CHECK(isDns(header(kQuery, 1, 0) + good));
  CHECK(!isDns(header(0x0140, 1, 0) + good));                                      // the Z bit
  CHECK(!isDns(header(0x1800, 1, 0) + good));                                      // opcode 3
  CHECK(!isDns(header(0x3000, 1, 0) + good));                                      // opcode 6
  CHECK(!isDns(header(kQuery, 40, 0) + good));                                     // more questions than fit
  CHECK(!isDns(header(kResponse, 1, 9) + good));                                   // more answers than fit
  CHECK(!isDns(header(kQuery, 1, 0) + question(octets({0xc0, 12}), 1)));           // a name that is its own
  CHECK(!isDns(header(kQuery, 1, 0) + question(octets({0x41, 'a', 0}), 1)));       // an extended label
  CHECK(!isDns(header(kQuery, 1, 0) + octets({40, 'a', 0, 0, 1, 0, 1})));          // a label beyond the end
  const Octets forward = octets({0xc0, 200}), itself = octets({0xc0, static_cast<int>(12 + good.size())});
  CHECK(!isDns(header(kResponse, 1, 1) + good + record(forward, 1, kA)));
  CHECK(!isDns(header(kResponse, 1, 1) + good + record(itself, 1, kA)));
  CHECK(!isDns(header(kResponse, 1, 1) + good + record(octets({0xc0, 3}), 1, kA)));  // into the header
  Octets tooMuch = record(kPointer, 1, kA);
  tooMuch[11] = 5;  // RDLENGTH
  CHECK(!isDns(header(kResponse, 1, 1) + good + tooMuch));
}

TEST("over TCP: one message, its start, and its length") {
  DnsMessage message;
  CHECK(readDnsOverTcp(OnHeap(word16(kAnswered.size()) + kAnswered), message));
  CHECK_EQUAL(message.addressCount, 2);
  CHECK(!message.isCut);
  CHECK(readDnsOverTcp(OnHeap(word16(kAnswered.size()) + kAnswered + "next"), message) && message.addressCount == 2);
  CHECK(readDnsOverTcp(OnHeap((word16(kAnswered.size()) + kAnswered).substr(0, 60)), message) && message.isCut);
  CHECK(!readDnsOverTcp(OnHeap(word16(11) + kAnswered), message));
  CHECK(!readDnsOverTcp(OnHeap(word16(20) + kAnswered), message));
  forEachCut(word16(kAnswered.size()) + kAnswered, [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readDnsOverTcp(payload, message), captured >= 14);
  });
}

TEST("entropy and hash of octets") {
  const auto* same = reinterpret_cast<const uint8_t*>("aaaaaaaa");
  const auto* both = reinterpret_cast<const uint8_t*>("abababab");
  CHECK_EQUAL(entropyOf(same, 8), 0);
  CHECK_EQUAL(entropyOf(both, 8), 1);
  CHECK_EQUAL(entropyOf(both, 0), 0);
  uint8_t all[256];
  for (int i = 0; i < 256; ++i) all[i] = static_cast<uint8_t>(i);
  CHECK_NEAR(entropyOf(all, 256), 8, 1e-6);
  CHECK(hashOctets(same, 8) != hashOctets(same, 7));
  CHECK(hashOctets(same, 8) != hashOctets(both, 8));
  const uint8_t zeros[16] = {};
  CHECK(hashOctets(zeros, 3) != hashOctets(zeros, 4) && hashOctets(zeros, 8) != hashOctets(zeros, 16));
}

TEST("random bytes are no DNS") {
  DnsMessage message;
  CHECK(acceptedOfRandom("DNS", [&](const Payload& p) { return readDnsMessage(p, message); }) < 0.001);
  CHECK(acceptedOfRandom("DNS over TCP", [&](const Payload& p) { return readDnsOverTcp(p, message); }) < 0.001);
}
