// The tables of hosts, by role, and of pairs, under one clock.
#pragma once

#include <cstdint>

#include "behaviour_limits.h"
#include "behaviour_records.h"
#include "clock_table.h"
#include "flow.h"
#include "hashing.h"

namespace phantommesh {

class BehaviourTables {
 public:
  struct Parties {
    SourceHost& source;
    DestinationHost& destination;
    PairRecord& pair;
  };

  explicit BehaviourTables(const BehaviourLimits& limits)
      : seed_(limits.hashSeed), sources_(limits.hostsMax), destinations_(limits.hostsMax), pairs_(limits.pairsMax) {}

  DecayClock& clock() { return clock_; }
  const DecayClock& clock() const { return clock_; }

  uint64_t hash(const Address& address) const { return hashAddress(address, seed_); }
  static uint64_t pairHash(uint64_t sourceHash, uint64_t destinationHash) {
    return mixHash(sourceHash, destinationHash);
  }
  uint64_t contactHash(const Address& source, const Address& destination, uint8_t protocol, uint16_t port) const {
    return mixHash(pairHash(hash(source), hash(destination)), uint64_t{protocol} << 16 | port);
  }

  // The records of a flow's ends, made if they are not there (any more); their counters have caught up with the clock.
  Parties touch(const FlowKey& key, ObserverSlot& slot) {
    const PairKey pair{key.source, key.destination};
    return {touchIn(sources_, key.source, slot.sourceHost, [&] { return hash(key.source); }),
            touchIn(destinations_, key.destination, slot.destinationHost, [&] { return hash(key.destination); }),
            touchIn(pairs_, pair, slot.pair, [&] { return pairHash(hash(key.source), hash(key.destination)); })};
  }

  // Null when the record was evicted; what is still to be noted about it is lost with the rest of its history.
  SourceHost* findSource(const Address& address, uint32_t hint) {
    return findIn(sources_, address, hint, [&] { return hash(address); });
  }
  DestinationHost* findDestination(const Address& address, uint32_t hint) {
    return findIn(destinations_, address, hint, [&] { return hash(address); });
  }
  PairRecord* findPair(const PairKey& key, uint32_t hint) {
    return findIn(pairs_, key, hint, [&] { return pairHash(hash(key.source), hash(key.destination)); });
  }

  HostAnnex& annexOf(const SourceHost& source) { return sources_.annexOf(source); }
  HostAnnex& annexOf(const DestinationHost& destination) { return destinations_.annexOf(destination); }
  PairAnnex& annexOf(const PairRecord& pair) { return pairs_.annexOf(pair); }
  HostAnnex& takeAnnex(SourceHost& source) { return sources_.takeAnnex(source); }
  HostAnnex& takeAnnex(DestinationHost& destination) { return destinations_.takeAnnex(destination); }
  PairAnnex& takeAnnex(PairRecord& pair) { return pairs_.takeAnnex(pair); }

  void clear() {
    sources_.clear();
    destinations_.clear();
    pairs_.clear();
    clock_.reset();
  }

  // Records in both roles: a host that asks and answers has two.
  uint32_t hosts() const { return sources_.size() + destinations_.size(); }
  uint32_t pairs() const { return pairs_.size(); }
  uint64_t hostsEvicted() const { return sources_.evictions() + destinations_.evictions(); }
  uint64_t pairsEvicted() const { return pairs_.evictions(); }

 private:
  template <class Key, class Record, class Annex>
  Record& caughtUp(ClockTable<Key, Record, Annex>& table, uint32_t index) {
    Record& record = table.at(index);
    if (record.epoch != clock_.epoch()) {
      record.counters.catchUp(record.epoch, clock_);
      record.epoch = clock_.epoch();
    }
    return record;
  }

  template <class Key, class Record, class Annex, class Hash>
  Record* findIn(ClockTable<Key, Record, Annex>& table, const Key& key, uint32_t hint, Hash hash) {
    const uint32_t index = table.holds(hint, key) ? hint : table.find(key, static_cast<uint32_t>(hash()));
    return index == 0 ? nullptr : &caughtUp(table, index);
  }

  template <class Key, class Record, class Annex, class Hash>
  Record& touchIn(ClockTable<Key, Record, Annex>& table, const Key& key, uint32_t& hint, Hash hash) {
    if (!table.holds(hint, key)) {
      const auto hashed = static_cast<uint32_t>(hash());
      hint = table.find(key, hashed);
      if (hint == 0) return insertInto(table, key, hashed, hint);
    }
    Record& record = caughtUp(table, hint);
    record.isReferenced |= record.firstUs != clock_.nowUs();  // used by more than the packet that made it
    return record;
  }

  template <class Key, class Record, class Annex>
  Record& insertInto(ClockTable<Key, Record, Annex>& table, const Key& key, uint32_t hashed, uint32_t& hint) {
    hint = table.insert(key, hashed);
    Record& record = table.at(hint);
    record.epoch = clock_.epoch();
    record.firstUs = clock_.nowUs();
    return record;
  }

  const uint64_t seed_;
  DecayClock clock_;
  ClockTable<Address, SourceHost, HostAnnex> sources_;
  ClockTable<Address, DestinationHost, HostAnnex> destinations_;
  ClockTable<PairKey, PairRecord, PairAnnex> pairs_;
};

}  // namespace phantommesh
