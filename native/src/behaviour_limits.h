// Bounds and time constants of the behaviour tables. Each number says where it comes from; past each bound something is
// counted.
#pragma once

#include <cstdint>

namespace phantommesh {

struct BehaviourLimits {
  // Records in each role, source and destination; past it the least recently used is evicted.
  uint32_t hostsMax = 65536;
  uint32_t pairsMax = 65536;
  uint32_t contactsMax = 262144;  // contacts remembered; the oldest of its set is forgotten
  // (client, address) told by DNS answers; the one told longest ago of its set is forgotten
  uint32_t namesMax = 262144;
  // Requests under way (trials and TCP handshakes); past it the oldest is dropped undecided.
  uint32_t trialsMax = 65536;
  uint32_t trialsPerSourceMax = 1024;       // so that one scanner cannot push out the trials of others
  uint32_t trialsPerDestinationMax = 4096;  // likewise a flood of spoofed sources
  // Unanswered for this long is failed: the first two retransmissions of RFC 6298 (1 s, then 2 s later) went unanswered
  // as well.
  uint32_t trialTimeoutMs = 3000;
  uint32_t burstIdleMs = 300;             // silence of a pair before a packet that starts a burst
  uint32_t scoringEventsPerSecond = 20000;  // in packet time
  bool recordFlows = true;                // ended flows are written as records even when they are not scored
  // Live captures draw it, so that nobody can aim at one bucket; replays keep it.
  uint64_t hashSeed = 0x9e3779b97f4a7c15;
};

}  // namespace phantommesh
