// What goes into the feed comes out of it, in order and whole, whatever the lengths and wherever the ring ends; what
// finds no room is counted, and nothing else is lost.
#include <algorithm>
#include <cstdlib>
#include <thread>
#include <vector>

#include "../src/packet_feed.h"
#include "checks.h"

using namespace phantommesh;

namespace {

constexpr uint32_t kRing = 32'768;

// Octets and length follow from the number, so that the reader knows what must come.
std::vector<uint8_t> packetOf(uint32_t number) {
  std::vector<uint8_t> octets(number * 2654435761u % (PacketFeed::kOctetsMax + 1));
  for (size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<uint8_t>(number + i * 31);
  return octets;
}

bool push(PacketFeed& feed, uint32_t number) {
  const std::vector<uint8_t> octets = packetOf(number);
  const auto length = static_cast<uint32_t>(octets.size());
  return feed.push(octets.data(), length, length + number % 3, number, static_cast<uint8_t>(number), 1);
}

void check(const RawPacket& packet, uint8_t interfaceIndex, uint32_t number) {
  const std::vector<uint8_t> octets = packetOf(number);
  CHECK_EQUAL(packet.timestampUs, number);
  CHECK_EQUAL(packet.captured.length, octets.size());
  CHECK_EQUAL(packet.captured.wireLength, octets.size() + number % 3);
  CHECK_EQUAL(interfaceIndex, number & 255);
  CHECK(packet.linkType == LinkType::kEthernet);
  CHECK(std::equal(octets.begin(), octets.end(), packet.captured.bytes));
}

}  // namespace

TEST("packets come out in order, around the end of the ring") {
  PacketFeed feed(kRing);
  uint32_t next = 0;
  uint32_t read = 0;
  for (int round = 0; round < 2'000; ++round) {
    for (int i = rand() % 8; i > 0; --i) next += push(feed, next);
    feed.read(1'000, [&](const RawPacket& packet, uint8_t index) { check(packet, index, read++); });
  }
  CHECK_EQUAL(read, next);
  CHECK(next > 4'000);
  CHECK_EQUAL(feed.full(), 0);
}

TEST("a full feed refuses and counts; what was in it stays") {
  PacketFeed feed(kRing);
  uint32_t taken = 0;
  while (push(feed, taken)) ++taken;
  CHECK(!push(feed, taken));
  CHECK_EQUAL(feed.full(), 2);
  uint32_t read = 0;
  while (feed.read(3, [&](const RawPacket& packet, uint8_t index) { check(packet, index, read++); })) continue;
  CHECK_EQUAL(read, taken);
  CHECK(push(feed, taken));
}

TEST("longer than a live interface hands over: cut, and the wire length tells") {
  PacketFeed feed(kRing);
  const std::vector<uint8_t> octets(65'000, 7);
  CHECK(feed.push(octets.data(), 65'000, 65'000, 1, 0, 1));
  feed.read(1, [&](const RawPacket& packet, uint8_t) {
    CHECK_EQUAL(packet.captured.length, PacketFeed::kOctetsMax);
    CHECK_EQUAL(packet.captured.wireLength, 65'000);
  });
}

TEST("two threads: the reader sees every packet that was taken, and wakes up for it") {
  PacketFeed feed(kRing);
  constexpr uint32_t kPackets = 50'000;
  std::thread writer([&] {
    for (uint32_t number = 0; number < kPackets;) number += push(feed, number);
  });
  uint32_t read = 0;
  while (read < kPackets) {
    const auto take = [&](const RawPacket& packet, uint8_t index) { check(packet, index, read++); };
    if (!feed.read(64, take)) feed.wait(1'000);
  }
  writer.join();
  CHECK_EQUAL(read, kPackets);
}
