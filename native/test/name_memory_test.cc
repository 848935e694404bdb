// Goal: who was told which address is known for as long as it was told for, per client, and what is lost is counted.
#include "../src/metadata/name_memory.h"
#include "checks.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

constexpr uint32_t kNow = 1'700'000'000;
Address address(uint64_t number) { return {mixHash(number, 3), 0}; }

}  // namespace

TEST("a client knows what it was told, and another does not") {
  NameMemory memory(1024, seed());
  memory.remember(address(1), address(2), kNow);
  CHECK(memory.knows(address(1), address(2), kNow));
  CHECK(!memory.knows(address(1), address(3), kNow));
  CHECK(!memory.knows(address(3), address(2), kNow));
  CHECK(!memory.knows(address(2), address(1), kNow));
  CHECK(memory.asks(address(1), kNow) && !memory.asks(address(2), kNow));
}

TEST("an answer holds a day, a client's asking an hour, and each new answer renews them") {
  NameMemory memory(1024, seed());
  memory.remember(address(1), address(2), kNow);
  CHECK(memory.knows(address(1), address(2), kNow + NameMemory::kToldSeconds));
  CHECK(!memory.knows(address(1), address(2), kNow + NameMemory::kToldSeconds + 1));
  CHECK(memory.asks(address(1), kNow + NameMemory::kAsksSeconds));
  CHECK(!memory.asks(address(1), kNow + NameMemory::kAsksSeconds + 1));
  memory.remember(address(1), address(2), kNow + 5000);
  CHECK(memory.knows(address(1), address(2), kNow + 5000 + NameMemory::kToldSeconds));
  CHECK(memory.asks(address(1), kNow + 5000 + NameMemory::kAsksSeconds));
  CHECK(memory.knows(address(1), address(2), kNow - 10));
  memory.rememberClient(address(7), kNow);
  CHECK(memory.asks(address(7), kNow) && !memory.knows(address(7), address(7), kNow));
}

TEST("beyond its room the answer told longest ago gives way, and that is counted") {
  NameMemory memory(512, seed());
  constexpr uint32_t kTold = 4000;
  for (uint32_t i = 0; i < kTold; ++i) memory.remember(address(1), address(100 + i), kNow + i);
  uint32_t known = 0;
  for (uint32_t i = 0; i < kTold; ++i) known += memory.knows(address(1), address(100 + i), kNow + kTold);
  CHECK_EQUAL(known + memory.forgotten() + 1, kTold + 1);  // and the client's own entry, renewed each time
  CHECK(known > 400 && known <= 512);
  for (uint32_t i = kTold - 32; i < kTold; ++i) CHECK(memory.knows(address(1), address(100 + i), kNow + kTold));
  CHECK(memory.asks(address(1), kNow + kTold));
}

TEST("what has had its time gives way uncounted") {
  NameMemory memory(8, seed());
  for (uint32_t i = 0; i < 7; ++i) memory.remember(address(1), address(100 + i), kNow);
  const uint32_t later = kNow + NameMemory::kToldSeconds + 1;
  for (uint32_t i = 0; i < 7; ++i) memory.remember(address(1), address(200 + i), later);
  CHECK_EQUAL(memory.forgotten(), 0);
  for (uint32_t i = 0; i < 7; ++i) CHECK(memory.knows(address(1), address(200 + i), later));
  memory.remember(address(1), address(300), later);
  CHECK_EQUAL(memory.forgotten(), 1);
}

TEST("nothing is known after clear, whether little or much was") {
  for (const uint32_t told : {100u, 60'000u}) {
    NameMemory memory(1 << 17, seed());
    for (uint32_t i = 0; i < told; ++i) memory.remember(address(i), address(i + 1), kNow);
    memory.clear();
    uint32_t known = 0;
    for (uint32_t i = 0; i < told; ++i) {
      known += memory.knows(address(i), address(i + 1), kNow) + memory.asks(address(i), kNow);
    }
    CHECK_EQUAL(known, 0);
    memory.remember(address(1), address(2), kNow);
    CHECK(memory.knows(address(1), address(2), kNow));
  }
}

TEST("strangers are not taken for known") {
  NameMemory memory(1 << 16, seed());
  for (uint32_t i = 0; i < 60'000; ++i) memory.remember(address(i), address(i + 1), kNow);
  uint32_t known = 0;
  for (uint32_t i = 0; i < 1'000'000; ++i) known += memory.knows(address(i), address(i + 2), kNow);
  CHECK_EQUAL(known, 0);
}
