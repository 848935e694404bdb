#include "behaviour_snapshot.h"

namespace phantommesh {
namespace {

struct Reading {
  double perWeight[kWindows];
  float stretchPassed[kWindows];
  uint64_t nowUs;
  uint32_t nowSecond;

  void read(const double (&sums)[kWindows], float (&into)[kWindows]) const {
    for (int k = 0; k < kWindows; ++k) into[k] = static_cast<float>(sums[k] * perWeight[k]);
  }
  void read(const float (&sums)[kWindows], float (&into)[kWindows]) const {
    for (int k = 0; k < kWindows; ++k) into[k] = static_cast<float>(static_cast<double>(sums[k]) * perWeight[k]);
  }
  template <int kKinds>
  void read(const DistinctThings<kKinds>& things, const DistinctCounter& counter, float (&into)[kWindows]) const {
    if (things.areMany) counter.estimate(stretchPassed, into);
    else DistinctCounter::estimateOne(things.lastSecond, nowSecond, stretchPassed, into);
  }
  uint32_t secondsSince(uint64_t thenUs) const { return static_cast<uint32_t>((nowUs - thenUs) / 1'000'000); }
};

void fillSource(SourceHost& host, HostAnnex& annex, const Reading& reading, EventRecord& record) {
  const auto& [volumes, counts] = host.counters;
  host.distinct.rotate(annex.distinct, reading.nowSecond);
  reading.read(counts[kSourceFlows], record.sourceFlows);
  reading.read(counts[kContactsFailed], record.sourceContactsFailed);
  reading.read(counts[kContactsAnswered], record.sourceContactsAnswered);
  reading.read(host.distinct, annex.distinct[kPeers], record.sourceDistinctPeers);
  reading.read(host.distinct, annex.distinct[kPorts], record.sourceDistinctPorts);
  reading.read(volumes[kOctetsSent], record.sourceOctetsSent);
  reading.read(volumes[kOctetsReceived], record.sourceOctetsReceived);
  reading.read(volumes[kPacketsSent], record.sourcePacketsSent);
  reading.read(volumes[kPacketsReceived], record.sourcePacketsReceived);
  reading.read(counts[kSourceUnansweredSyns], record.sourceUnansweredSyns);
  reading.read(counts[kResetsReceived], record.sourceResetsReceived);
  reading.read(counts[kIcmpSent], record.sourceIcmpSent);
  reading.read(counts[kUnnamedContacts], record.sourceUnnamedContacts);
  reading.read(counts[kUnsolicitedSent], record.sourceUnsolicitedAnswers);
  record.sourceTrialsFailed[0] = host.trialsFailed;
  record.sourceTrialsAnswered[0] = host.trialsAnswered;
  record.sourceTrialsPending[0] = host.trialsPending;
  record.sourceFirstSeenSeconds[0] = reading.secondsSince(host.firstUs);
}

void fillDestination(DestinationHost& host, HostAnnex& annex, const Reading& reading, EventRecord& record) {
  const auto& [volumes, counts] = host.counters;
  host.distinct.rotate(annex.distinct, reading.nowSecond);
  reading.read(counts[kDestinationFlows], record.destinationFlows);
  reading.read(counts[kSyns], record.destinationSyns);
  reading.read(counts[kDestinationUnansweredSyns], record.destinationUnansweredSyns);
  reading.read(counts[kHandshakes], record.destinationHandshakes);
  reading.read(host.distinct, annex.distinct[kPeers], record.destinationDistinctPeers);
  reading.read(host.distinct, annex.distinct[kPorts], record.destinationDistinctPorts);
  reading.read(volumes[kOctetsReceived], record.destinationOctetsReceived);
  reading.read(volumes[kOctetsSent], record.destinationOctetsSent);
  reading.read(volumes[kPacketsReceived], record.destinationPacketsReceived);
  reading.read(volumes[kPacketsSent], record.destinationPacketsSent);
  reading.read(counts[kResetsSent], record.destinationResetsSent);
  reading.read(counts[kIcmpReceived], record.destinationIcmpReceived);
  reading.read(counts[kUnsolicitedReceived], record.destinationUnsolicitedAnswers);
  record.destinationSynsTotal[0] = host.synsTotal;
  record.destinationHandshakesTotal[0] = host.handshakesTotal;
  record.destinationUnsolicitedTotal[0] = host.unsolicitedTotal;
}

void fillPair(PairRecord& pair, PairAnnex& annex, const Reading& reading, EventRecord& record) {
  const auto& [volumes, counts] = pair.counters;
  pair.ports.rotate(annex.ports, reading.nowSecond);
  reading.read(counts[kPairFlows], record.pairFlows);
  reading.read(counts[kPairContactsFailed], record.pairContactsFailed);
  reading.read(pair.ports, annex.ports[0], record.pairDistinctPorts);
  reading.read(volumes[kPairOctetsSent], record.pairOctetsSent);
  reading.read(volumes[kPairOctetsReceived], record.pairOctetsReceived);
  const uint32_t burstsPushed = pair.burstsTotal == 0 ? 0 : pair.burstsTotal - 1;
  annex.burstGapsMs.copyTo(burstsPushed, record.pairBurstGapsMs);
  annex.burstOctets.copyTo(burstsPushed, record.pairBurstOctets);
  annex.flowPackets.copyTo(pair.flowsEndedTotal, record.pairFlowPackets);
  annex.flowOctets.copyTo(pair.flowsEndedTotal, record.pairFlowOctets);
  annex.flowDurationsMs.copyTo(pair.flowsEndedTotal, record.pairFlowDurationsMs);
  record.pairFlowsTotal[0] = pair.flowsTotal;
  record.pairBurstsTotal[0] = pair.burstsTotal;
  record.pairFlowsEndedTotal[0] = pair.flowsEndedTotal;
  record.pairFirstSeenSeconds[0] = reading.secondsSince(pair.firstUs);
}

}  // namespace

void fillBehaviourFields(const BehaviourTables::Parties& parties, BehaviourTables& tables, EventRecord& record) {
  auto& [source, destination, pair] = parties;
  const DecayClock& clock = tables.clock();
  Reading reading;
  reading.nowUs = clock.nowUs();
  reading.nowSecond = clock.nowSecond();
  for (int k = 0; k < kWindows; ++k) reading.perWeight[k] = 1 / clock.weight()[k];
  DistinctCounter::stretchPassed(clock.nowUs(), reading.stretchPassed);
  fillSource(source, tables.annexOf(source), reading, record);
  fillDestination(destination, tables.annexOf(destination), reading, record);
  fillPair(pair, tables.annexOf(pair), reading, record);
}

}  // namespace phantommesh
