// Hellos that came in pieces: a bounded number of buffers, each for one message of one sender, kept for seconds only.
// This is the only place where payload outlives its packet: at most kSlots * kHelloOctetsMax octets, of hellos alone,
// overwritten by the next and never handed out.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <cstring>
#include <span>

#include "../hashing.h"
#include "../lazy_array.h"
#include "../packet.h"
#include "tls_hello.h"

namespace phantommesh {

// Who speaks to whom, as keyed 64-bit hashes that stand for the flow: nobody can choose two that are equal.
struct FlowEnds {
  FlowEnds(const Packet& packet, uint64_t secret) {
    const uint64_t source = mixHash(hashAddress(packet.source, secret), packet.sourcePort ^ secret);
    const uint64_t destination = mixHash(hashAddress(packet.destination, secret), packet.destinationPort ^ secret);
    const uint64_t place = uint64_t{packet.context} << 16 | packet.vlanId;
    const uint64_t rest = place << 32 | uint64_t{packet.interfaceIndex} << 8 | uint64_t{packet.protocol};
    flow = mixHash(source + destination, rest ^ secret);
    direction = mixHash(flow, source) | 1;
  }
  uint64_t flow;       // the same both ways
  uint64_t direction;  // never 0
};

// A class of flows that costs no hashing to tell: what has no hello under way in its class needs no look-up.
inline uint8_t flowClassOf(const Packet& packet) {
  const auto ports = static_cast<uint16_t>(packet.sourcePort + 31 * packet.destinationPort);
  return static_cast<uint8_t>(ports ^ ports >> 8);
}

// Octets at their offsets. The first octet that came for an offset stays: retransmissions and overlaps change nothing.
template <class Context>
struct HelloAssembly {
  uint64_t key = 0;  // 0: free
  uint64_t openedUs = 0;
  uint8_t flowClass = 0;
  uint32_t contiguous = 0;  // octets from the start on without a hole
  Context context;
  std::bitset<kHelloOctetsMax> present;
  uint8_t bytes[kHelloOctetsMax];

  // What lies behind the end of the buffer is left out; false says that something did.
  bool add(uint32_t offset, std::span<const uint8_t> octets) {
    const uint32_t room = offset < kHelloOctetsMax ? kHelloOctetsMax - offset : 0;
    const auto taken = static_cast<uint32_t>(octets.size() < room ? octets.size() : room);
    for (uint32_t i = 0; i < taken; ++i) {
      if (present[offset + i]) continue;
      present[offset + i] = true;
      bytes[offset + i] = octets[i];
    }
    while (contiguous < kHelloOctetsMax && present[contiguous]) ++contiguous;
    return taken == octets.size();
  }
};

struct AssemblyCounters {
  uint64_t opened = 0;
  uint64_t replaced = 0;  // by a newer one, for want of room
  uint64_t expired = 0;   // the rest did not come in time
};

// Sets of kWays, so that a lookup is bounded; in a full set the oldest is replaced.
template <class Context>
class HelloAssembler {
 public:
  using Assembly = HelloAssembly<Context>;
  static constexpr size_t kSlots = 256;
  static constexpr size_t kWays = 4;
  // A client that lost its first segment twice has sent it again by then (RFC 6298: 1 s, doubled).
  static constexpr int64_t kLifetimeUs = 10'000'000;

  HelloAssembler() : slots_(kSlots) {}

  // False: `find` would find nothing for this packet's direction.
  bool mayHold(const Packet& packet) const { return open_ != 0 && openOf_[flowClassOf(packet)] != 0; }
  const AssemblyCounters& counters() const { return counters_; }

  // Null when none is open under this key.
  Assembly* find(uint64_t key, uint64_t nowUs) {
    if (open_ == 0) return nullptr;
    if (isApart(nowUs, sweptUs_, kSweepUs)) sweep(nowUs);
    Assembly* const set = setOf(key);
    for (size_t way = 0; way < kWays; ++way) {
      if (set[way].key == key) return &set[way];
    }
    return nullptr;
  }

  // A fresh one for the packet's sender; there must be none under this key.
  Assembly& open(uint64_t key, const Packet& packet) {
    const uint64_t nowUs = packet.timestampUs;
    if (open_ != 0 && isApart(nowUs, sweptUs_, kSweepUs)) sweep(nowUs);
    Assembly* const set = setOf(key);
    Assembly* chosen = set;
    for (size_t way = 0; way < kWays && chosen->key != 0; ++way) {
      if (set[way].key == 0 || set[way].openedUs < chosen->openedUs) chosen = &set[way];
    }
    if (chosen->key != 0) {
      ++counters_.replaced;
      close(*chosen);
    }
    ++open_;
    ++counters_.opened;
    chosen->flowClass = flowClassOf(packet);
    ++openOf_[chosen->flowClass];
    chosen->key = key;
    chosen->openedUs = nowUs;
    chosen->contiguous = 0;
    chosen->context = Context{};
    chosen->present.reset();
    return *chosen;
  }

  void close(Assembly& assembly) {
    assembly.key = 0;
    --openOf_[assembly.flowClass];
    --open_;
  }

 private:
  static constexpr int64_t kSweepUs = 1'000'000;

  // Either way round: packet time can step back.
  static bool isApart(uint64_t a, uint64_t b, int64_t us) {
    const auto difference = static_cast<int64_t>(a - b);
    return difference > us || difference < -us;
  }

  Assembly* setOf(uint64_t key) { return &slots_[(key >> 32) % (kSlots / kWays) * kWays]; }

  void sweep(uint64_t nowUs) {
    sweptUs_ = nowUs;
    for (size_t i = 0; i < kSlots; ++i) {
      if (slots_[i].key == 0 || !isApart(nowUs, slots_[i].openedUs, kLifetimeUs)) continue;
      ++counters_.expired;
      close(slots_[i]);
    }
  }

  LazyArray<Assembly> slots_;
  size_t open_ = 0;
  std::array<uint16_t, 256> openOf_{};  // by class of flow
  uint64_t sweptUs_ = 0;
  AssemblyCounters counters_;
};

}  // namespace phantommesh
