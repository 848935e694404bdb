// Which client was told which address by a DNS answer, so that a contact without a lookup can be told: a
// set-associative cache of keyed fingerprints with the second of the answer, eight a set, the one told longest ago
// forgotten first. 32 bits beside the set's number tell entries apart, so an address nobody was told is taken for named
// once in 2^29; a forgotten one counts as unnamed, and `forgotten` says how many were lost within their time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../hashing.h"
#include "../lazy_array.h"

namespace phantommesh {

class NameMemory {
 public:
  // A client keeps an address for its TTL, which resolvers cap: unbound at a day (cache-max-ttl), RFC 8767 section 4 at
  // seven.
  static constexpr uint32_t kToldSeconds = 86'400;
  // A client of which no answer was seen for an hour may ask elsewhere, encrypted.
  static constexpr uint32_t kAsksSeconds = 3'600;

  NameMemory(uint32_t namesMax, uint64_t seed)
      : seed_(seed), setMask_(std::bit_ceil((namesMax + kWays - 1) / kWays) - 1), sets_(size_t{setMask_} + 1) {
    used_.reserve(kUsedMax);
  }

  // `client` is where the DNS response went, `address` what it answered.
  void remember(const Address& client, const Address& address, uint32_t nowSecond) {
    put(hashOf(client, address), nowSecond);
    rememberClient(client, nowSecond);
  }
  // For responses without an address too: NXDOMAIN also shows that the client asks in clear text.
  void rememberClient(const Address& client, uint32_t nowSecond) { put(hashOf(client), nowSecond); }

  bool knows(const Address& client, const Address& address, uint32_t nowSecond) const {
    return isWithin(hashOf(client, address), nowSecond, kToldSeconds);
  }
  // Whether the client's answers are seen here at all; without, a contact is not unnamed but unknown.
  bool asks(const Address& client, uint32_t nowSecond) const {
    return isWithin(hashOf(client), nowSecond, kAsksSeconds);
  }

  // Few entries cost little to forget: the time of a file may jump with every packet.
  void clear() {
    if (used_.size() < kUsedMax) {
      for (const uint32_t set : used_) sets_[set] = {};
    } else {
      for (size_t set = 0; set <= setMask_; ++set) sets_[set] = {};
    }
    used_.clear();
  }

  // Entries that gave way to others while they still held.
  uint64_t forgotten() const { return forgotten_; }

 private:
  static constexpr uint32_t kWays = 8;
  static constexpr size_t kUsedMax = 4096;
  struct Entry {
    uint32_t fingerprint;  // 0 = free
    uint32_t toldSecond;
  };
  struct Set {  // one cache line
    Entry entries[kWays];
  };

  uint64_t hashOf(const Address& client) const { return hashAddress(client, ~seed_); }
  uint64_t hashOf(const Address& client, const Address& address) const {
    return mixHash(hashAddress(client, seed_), hashAddress(address, seed_ + 1));
  }
  static uint32_t fingerprintOf(uint64_t hash) {
    const auto upper = static_cast<uint32_t>(hash >> 32);
    return upper == 0 ? 1 : upper;
  }
  // Packets are not quite in order: what was told a moment later is told.
  static uint32_t ageOf(const Entry& entry, uint32_t nowSecond) {
    return entry.toldSecond > nowSecond ? 0 : nowSecond - entry.toldSecond;
  }

  bool isWithin(uint64_t hash, uint32_t nowSecond, uint32_t secondsMax) const {
    const uint32_t fingerprint = fingerprintOf(hash);
    for (const Entry& entry : sets_[hash & setMask_].entries) {
      if (entry.fingerprint == fingerprint) return ageOf(entry, nowSecond) <= secondsMax;
    }
    return false;
  }

  void put(uint64_t hash, uint32_t nowSecond) {
    const auto number = static_cast<uint32_t>(hash & setMask_);
    const uint32_t fingerprint = fingerprintOf(hash);
    Entry* chosen = nullptr;
    for (Entry& entry : sets_[number].entries) {
      if (entry.fingerprint == fingerprint) {
        entry.toldSecond = nowSecond;
        return;
      }
      if (chosen == nullptr || isBefore(entry, *chosen)) chosen = &entry;
    }
    if (used_.size() < kUsedMax) used_.push_back(number);
    if (chosen->fingerprint != 0 && ageOf(*chosen, nowSecond) <= kToldSeconds) ++forgotten_;
    *chosen = {fingerprint, nowSecond};
  }
  static bool isBefore(const Entry& a, const Entry& b) {
    if (a.fingerprint == 0 || b.fingerprint == 0) return a.fingerprint == 0 && b.fingerprint != 0;
    return a.toldSecond < b.toldSecond;
  }

  const uint64_t seed_;
  const uint32_t setMask_;
  uint64_t forgotten_ = 0;
  LazyArray<Set> sets_;
  std::vector<uint32_t> used_;  // sets written since the last `clear`; when it is full, it may be any
};

}  // namespace phantommesh
