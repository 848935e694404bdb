// What is kept of a host in each of its two roles, and of a (source, destination) pair.
#pragma once

#include <bit>
#include <cstdint>

#include "decay_clock.h"
#include "distinct_sketch.h"
#include "event_record.h"
#include "packet.h"

namespace phantommesh {

// Whether a counter that grows by one has just reached one of the thresholds 2^k and 3 * 2^k from `first` on: 3 4 6 8
// 12 16 24 32 ...
inline bool isThreshold(uint32_t count, uint32_t first) {
  if (count < first) return false;
  const uint32_t odd = count >> std::countr_zero(count);
  return odd == 1 || odd == 3;
}

// Counts evidence, and starts again after an hour without any: what happened last week does not put off today's
// thresholds.
struct EvidenceCount {
  uint32_t count;
  uint32_t lastSecond;

  // Counts one more; true when that reaches a threshold.
  bool add(uint32_t first, uint32_t nowSecond) {
    if (nowSecond - lastSecond > kForgottenAfterSeconds) count = 0;
    lastSecond = nowSecond;
    return isThreshold(++count, first);
  }

 private:
  static constexpr uint32_t kForgottenAfterSeconds = 3600;
};

// What one packet adds to stands together.
enum HostVolume { kPacketsSent, kOctetsSent, kPacketsReceived, kOctetsReceived, kHostVolumes };

enum SourceCount {
  kSourceFlows,
  kContactsFailed,
  kContactsAnswered,
  kSourceUnansweredSyns,
  kResetsReceived,
  kIcmpSent,
  kUnnamedContacts,
  kUnsolicitedSent,
  kSourceCounts
};
enum DestinationCount {
  kDestinationFlows,
  kSyns,
  kDestinationUnansweredSyns,
  kHandshakes,
  kResetsSent,
  kIcmpReceived,
  kUnsolicitedReceived,
  kDestinationCounts
};

// What a host's distinct things are: peers; and (peer, port) pairs of a source, ports of a destination.
enum HostKind { kPeers, kPorts, kHostKinds };

struct HostAnnex {
  DistinctThings<kHostKinds>::Counters distinct;
};

template <int kCounts>
struct alignas(64) HostRecord {
  Address key;
  uint32_t hash;
  uint32_t epoch;       // of the decay clock
  uint32_t annex;
  uint32_t openRequests;
  uint64_t firstUs;
  bool isReferenced;
  DecayedCounters<kHostVolumes, kCounts> counters;
  DistinctThings<kHostKinds> distinct;
};

struct SourceHost : HostRecord<kSourceCounts> {
  uint32_t trialsFailed;
  uint32_t trialsAnswered;
  uint32_t trialsPending;
  EvidenceCount failed;
};

struct DestinationHost : HostRecord<kDestinationCounts> {
  uint32_t synsTotal;
  uint32_t handshakesTotal;
  uint32_t unsolicitedTotal;
  uint32_t halfOpen;      // flows begun with a SYN whose handshake is neither complete nor refused
  uint32_t halfOpenNext;  // threshold; falls again with halfOpen
  EvidenceCount unsolicited;
};

struct PairKey {
  Address source;
  Address destination;
  friend bool operator==(const PairKey&, const PairKey&) = default;
};

enum PairVolume { kPairOctetsSent, kPairOctetsReceived, kPairVolumes };
enum PairCount { kPairFlows, kPairContactsFailed, kPairCounts };

// The last kRecent numbers.
struct RecentRing {
  float values[kRecent];

  void set(uint32_t pushed, double value) { values[pushed % kRecent] = static_cast<float>(value); }

  void copyTo(uint32_t pushed, float (&into)[kRecent]) const {
    const uint32_t filled = pushed < kRecent ? pushed : kRecent;
    for (uint32_t i = 0; i < filled; ++i) into[i] = values[(pushed - filled + i) % kRecent];
    for (uint32_t i = filled; i < kRecent; ++i) into[i] = 0;
  }
};

struct PairAnnex {
  DistinctThings<1>::Counters ports;
  RecentRing burstGapsMs;  // gap from the start of a burst to the next; one less than bursts
  RecentRing burstOctets;
  RecentRing flowPackets;
  RecentRing flowOctets;
  RecentRing flowDurationsMs;
};

struct alignas(64) PairRecord {
  PairKey key;
  uint32_t hash;
  uint32_t epoch;
  uint32_t annex;
  uint32_t flowsTotal;
  uint64_t firstUs;
  uint64_t lastUs;
  uint64_t burstStartUs;
  uint64_t burstOctets;  // of the burst under way
  uint32_t burstsTotal;
  uint32_t flowsEndedTotal;
  bool isReferenced;
  DecayedCounters<kPairVolumes, kPairCounts> counters;
  DistinctThings<1> ports;
};

}  // namespace phantommesh
