#include "behaviour_observer.h"

#include "behaviour_snapshot.h"
#include "contact_kinds.h"
#include "fill_flow_fields.h"

namespace phantommesh {
namespace {

constexpr uint32_t kHalfOpenFirst = 32;      // more than a browser opens at once to one server, less than any flood
constexpr uint32_t kUnsolicitedFirst = 32;
constexpr uint32_t kFlowsEndedFirst = 8;
constexpr uint32_t kBurstsFirst = 6;
constexpr uint64_t kPeriodUs = 1'000'000;

// A flow that began with an answer goes on as only one does whose question was missed. An answer to it says so; so does
// a TCP segment past the handshake, even when the capture shows one direction only: the sender of SYN-ACKs was
// acknowledged.
bool goesOnAsAsked(const Packet& packet, bool isForward) {
  if (packet.protocol != kTcp) return !isForward;
  const uint8_t bits = packet.tcpBits & (kSyn | kRst | kAck);
  return bits == kAck || (!isForward && bits == kSyn);
}

// 1, 4, 8, 16 ...
uint64_t nextEventPacket(const ObserverSlot& slot) {
  return slot.eventsByCount == 0 ? 1 : uint64_t{2} << slot.eventsByCount;
}

template <class Record>
void addPackets(Record& record, HostVolume packets, HostVolume octets, const Packet& packet, const DecayClock& clock) {
  record.counters.addVolume(packets, 1, clock);
  record.counters.addVolume(octets, packet.octets, clock);
}

}  // namespace

BehaviourObserver::BehaviourObserver(const BehaviourLimits& limits, EventSink& sink)
    : limits_(limits), sink_(sink), tables_(limits), contacts_(limits.contactsMax), requests_(limits.trialsMax),
      names_(limits.namesMax, limits.hashSeed), budget_(limits.scoringEventsPerSecond) {}

void BehaviourObserver::flowStarted(Flow& flow, const Packet& packet) {
  tables_.clock().moveTo(packet.timestampUs);
  flow.observer = ObserverSlot{};
  if (flow.isContinuation) return;
  const Parties parties = tables_.touch(flow.key, flow.observer);
  countFlow(flow, parties);
  noteLookup(flow);
  switch (classifyFirstPacket(packet)) {
    case FirstPacket::kRequest:
      return openRequest(flow, parties);
    case FirstPacket::kAnswer:
      if (!isAsked(flow.key)) flow.observer.flags |= kIsUnsolicited;
      return;
    case FirstPacket::kNeither:
      return;
  }
}

// Asked once, when the flow begins: what is looked up later did not lead here.
void BehaviourObserver::noteLookup(Flow& flow) {
  const uint32_t now = tables_.clock().nowSecond();
  if (names_.knows(flow.key.source, flow.key.destination, now)) flow.observer.flags |= kWasLookedUp;
  else if (names_.asks(flow.key.source, now)) flow.observer.flags |= kWasNotLookedUp;
}

NameLookup BehaviourObserver::lookupOf(uint8_t flags) {
  if ((flags & kWasLookedUp) != 0) return kLookedUp;
  return (flags & kWasNotLookedUp) != 0 ? kNotLookedUp : kLookupsUnseen;
}

void BehaviourObserver::metadataSeen(Flow&, const Packet& packet, const PacketMetadata& metadata) {
  if (metadata.kind != MetadataKind::kDns || !metadata.dns.isResponse) return;
  const DnsMessage& answer = metadata.dns;
  const auto now = static_cast<uint32_t>(packet.timestampUs / 1'000'000);
  names_.rememberClient(packet.destination, now);
  for (int i = 0; i < answer.addressCount; ++i) names_.remember(packet.destination, answer.addresses[i], now);
}

void BehaviourObserver::countFlow(const Flow& flow, const Parties& parties) {
  const DecayClock& clock = tables_.clock();
  const uint32_t now = clock.nowSecond();
  SourceHost& source = parties.source;
  DestinationHost& destination = parties.destination;
  PairRecord& pair = parties.pair;
  const uint64_t sourceHash = tables_.hash(flow.key.source);
  const uint64_t destinationHash = tables_.hash(flow.key.destination);
  const uint64_t portHash = mixHash(flow.key.protocol, servicePort(flow.key));
  source.counters.addCount(kSourceFlows, clock);
  source.distinct.insert({destinationHash, mixHash(destinationHash, portHash)}, now,
                         [&]() -> auto& { return tables_.takeAnnex(source).distinct; });
  destination.counters.addCount(kDestinationFlows, clock);
  destination.distinct.insert({sourceHash, portHash}, now,
                              [&]() -> auto& { return tables_.takeAnnex(destination).distinct; });
  pair.counters.addCount(kPairFlows, clock);
  pair.ports.insert({portHash}, now, [&]() -> auto& { return tables_.takeAnnex(pair).ports; });
  ++pair.flowsTotal;
}

void BehaviourObserver::packetSeen(Flow& flow, const Packet& packet, int direction) {
  DecayClock& clock = tables_.clock();
  clock.moveTo(packet.timestampUs);
  seen_ = &flow;
  const Parties parties = tables_.touch(flow.key, flow.observer);
  auto& [source, destination, pair] = parties;
  const bool isForward = direction == 0;
  if (isForward) {
    addPackets(source, kPacketsSent, kOctetsSent, packet, clock);
    addPackets(destination, kPacketsReceived, kOctetsReceived, packet, clock);
  } else {
    addPackets(source, kPacketsReceived, kOctetsReceived, packet, clock);
    addPackets(destination, kPacketsSent, kOctetsSent, packet, clock);
  }
  pair.counters.addVolume(isForward ? kPairOctetsSent : kPairOctetsReceived, packet.octets, clock);

  uint8_t causes = seeBurst(packet, direction, pair);
  if (packet.protocol == kTcp) {
    causes |= seeTcp(flow, packet, direction, parties);
  } else if (isIcmp(packet.protocol) && isForward) {
    source.counters.addCount(kIcmpSent, clock);
    destination.counters.addCount(kIcmpReceived, clock);
  }
  if (flow.observer.contact != 0 && !isForward) causes |= seeAnswer(flow, packet);
  if ((flow.observer.flags & kIsUnsolicited) != 0) {
    if (goesOnAsAsked(packet, isForward)) {
      flow.observer.flags &= ~kIsUnsolicited;
      ++questionsMissed_;
    } else if (isForward && classifyFirstPacket(packet) == FirstPacket::kAnswer) {
      causes |= countUnsolicited(source, destination);
    }
  }
  causes |= dueCauses(flow, packet.timestampUs);
  if (causes != 0) emit(flow, parties, causes);
}

uint8_t BehaviourObserver::dueCauses(const Flow& flow, uint64_t nowUs) {
  const ObserverSlot& slot = flow.observer;
  const bool isCountDue = flow.packetCount() >= nextEventPacket(slot);
  const bool isPeriodDue = slot.eventsByCount != 0 && static_cast<uint32_t>(nowUs) - slot.lastEventUs >= kPeriodUs;
  return (isCountDue ? kPacketCount : 0) | (isPeriodDue ? kPeriodic : 0);
}

uint8_t BehaviourObserver::seeBurst(const Packet& packet, int direction, PairRecord& pair) {
  const uint64_t nowUs = packet.timestampUs;
  const bool isSilent = pair.burstsTotal == 0 || nowUs - pair.lastUs >= uint64_t{limits_.burstIdleMs} * 1000;
  pair.lastUs = nowUs;
  uint8_t causes = 0;
  if (isSilent && direction == 0) {
    if (pair.burstsTotal != 0) {
      PairAnnex& annex = tables_.takeAnnex(pair);
      annex.burstGapsMs.set(pair.burstsTotal - 1, static_cast<double>(nowUs - pair.burstStartUs) * 1e-3);
      annex.burstOctets.set(pair.burstsTotal - 1, static_cast<double>(pair.burstOctets));
    }
    pair.burstStartUs = nowUs;
    pair.burstOctets = 0;
    if (isThreshold(++pair.burstsTotal, kBurstsFirst)) causes = kPairEvidence;
  }
  pair.burstOctets += packet.octets;
  return causes;
}

uint8_t BehaviourObserver::seeTcp(Flow& flow, const Packet& packet, int direction, const Parties& parties) {
  auto& [source, destination, pair] = parties;
  const DecayClock& clock = tables_.clock();
  if ((packet.tcpBits & kRst) != 0) {
    if (direction == 1) {
      source.counters.addCount(kResetsReceived, clock);
      destination.counters.addCount(kResetsSent, clock);
    }
    closeHandshake(flow, destination);
    const uint32_t request = flow.observer.contact;
    if (direction == 0 && request != 0 && requests_.at(request).isAnswered) closeRequest(request);
    return 0;
  }
  if ((packet.tcpBits & (kSyn | kAck)) == kSyn && direction == 0) {
    destination.counters.addCount(kSyns, clock);
    ++destination.synsTotal;
    const bool isFirst = flow.packetCount() == 1 && !flow.isContinuation;
    if (isFirst && flow.tcpState == kSynSent) return openHandshake(flow, destination);
  }
  if ((flow.observer.flags & kIsHalfOpen) != 0 && (flow.tcpState == kEstablished || flow.tcpState == kClosing)) {
    destination.counters.addCount(kHandshakes, clock);
    ++destination.handshakesTotal;
    closeHandshake(flow, destination);
    if (flow.observer.contact != 0) closeRequest(flow.observer.contact);
  }
  return 0;
}

uint8_t BehaviourObserver::openHandshake(Flow& flow, DestinationHost& destination) {
  flow.observer.flags |= kIsHalfOpen;
  if (destination.halfOpenNext == 0) destination.halfOpenNext = kHalfOpenFirst;
  if (++destination.halfOpen < destination.halfOpenNext) return 0;
  destination.halfOpenNext *= 2;
  return kHostEvidence;
}

void BehaviourObserver::closeHandshake(Flow& flow, DestinationHost& destination) const {
  if ((flow.observer.flags & kIsHalfOpen) == 0) return;
  flow.observer.flags &= ~kIsHalfOpen;
  if (destination.halfOpen == 0) return;  // the record is younger than the flow
  --destination.halfOpen;
  const bool isFarBelow = destination.halfOpen < destination.halfOpenNext / 4;
  if (destination.halfOpenNext > kHalfOpenFirst && isFarBelow) destination.halfOpenNext /= 2;
}

uint8_t BehaviourObserver::countUnsolicited(SourceHost& source, DestinationHost& destination) {
  source.counters.addCount(kUnsolicitedSent, tables_.clock());
  destination.counters.addCount(kUnsolicitedReceived, tables_.clock());
  ++destination.unsolicitedTotal;
  return destination.unsolicited.add(kUnsolicitedFirst, tables_.clock().nowSecond()) ? kHostEvidence : 0;
}

uint8_t BehaviourObserver::noteEndedFlow(const Flow& flow, PairRecord& pair) {
  FlowDetail scratch;
  const FlowDetail& detail = detailOf(flow, scratch);
  if (detail.payloadOctets[0] + detail.payloadOctets[1] == 0) return 0;
  const uint32_t ended = pair.flowsEndedTotal++;
  PairAnnex& annex = tables_.takeAnnex(pair);
  annex.flowPackets.set(ended, static_cast<double>(detail.packets[0] + detail.packets[1]));
  annex.flowOctets.set(ended, static_cast<double>(detail.octets[0] + detail.octets[1]));
  annex.flowDurationsMs.set(ended, static_cast<double>(flow.lastUs - flow.firstUs) * 1e-3);
  return isThreshold(ended + 1, kFlowsEndedFirst) ? kPairEvidence : 0;
}

void BehaviourObserver::flowEnded(Flow& flow, uint64_t nowUs) {
  tables_.clock().moveTo(nowUs);
  if (seen_ == &flow) seen_ = nullptr;
  const Parties parties = tables_.touch(flow.key, flow.observer);
  closeHandshake(flow, parties.destination);
  if (flow.observer.contact != 0) {
    contexts_->hold(flow.key.context);  // the request outlives its flow and may still be told
    requests_.at(flow.observer.contact).flowEnded();
  }
  emit(flow, parties, kFlowEnd | noteEndedFlow(flow, parties.pair));
}

void BehaviourObserver::advance(uint64_t nowUs) {
  tables_.clock().moveTo(nowUs);
  seen_ = nullptr;
  const uint64_t timeoutUs = uint64_t{limits_.trialTimeoutMs} * 1000;
  for (uint32_t index; (index = requests_.oldest()) != 0 && requests_.at(index).askedAtUs + timeoutUs <= nowUs;) {
    timeOut(index);
  }
}

void BehaviourObserver::segmentStarted(uint64_t nowUs) {
  tables_.clear();
  tables_.clock().moveTo(nowUs);
  contacts_.clear();
  forgetRequests();
  names_.clear();
  budget_ = EventBudget(limits_.scoringEventsPerSecond);
  seen_ = nullptr;
  ++segment_;
}

void BehaviourObserver::emit(Flow& flow, const Parties& parties, uint8_t causes) {
  const uint64_t nowUs = tables_.clock().nowUs();
  ObserverSlot& slot = flow.observer;
  slot.lastEventUs = static_cast<uint32_t>(nowUs);
  // Whatever caused this event: the flow was just shown.
  const uint64_t packets = flow.packetCount();
  while (nextEventPacket(slot) <= packets) ++slot.eventsByCount;

  ++received_;
  const bool isEvidence = (causes & (kHostEvidence | kPairEvidence)) != 0;
  const uint32_t second = tables_.clock().nowSecond();
  const bool isAdmitted = budget_.admit(parties.source.hash, parties.destination.hash, isEvidence, second);
  const bool isWanted = (causes & kFlowEnd) != 0 && limits_.recordFlows;
  shedByBudget_ += !isAdmitted;
  if (!isAdmitted && !isWanted) return;
  const uint8_t purpose = static_cast<uint8_t>((isAdmitted ? kScore : 0) | (isWanted ? kRecord : 0));
  const bool isWritten = write(flow, parties, causes, purpose);
  scored_ += isAdmitted && isWritten;
  shedByFullSink_ += isAdmitted && !isWritten;
  recordsLost_ += isWanted && !isWritten;
}

bool BehaviourObserver::write(const Flow& flow, const Parties& parties, uint8_t causes, uint8_t purpose) {
  EventRecord* record = sink_.reserve();
  if (record == nullptr) return false;
  fillFlowFields(flow, *record);
  fillContext(flow, *contexts_, *record);
  if ((purpose & kScore) != 0) {
    fillBehaviourFields(parties, tables_, *record);
  }
  record->observedAtMs[0] = static_cast<double>(tables_.clock().nowUs()) * 1e-3;
  record->cause[0] = causes;
  record->purpose[0] = purpose;
  record->segment[0] = segment_;
  record->isFirstContact[0] = (flow.observer.flags & kIsFirstContact) != 0;
  record->contactFailed[0] = (flow.observer.flags & kContactFailed) != 0;
  record->nameLookup[0] = lookupOf(flow.observer.flags);
  sink_.commit();
  return true;
}

ObserverCounters BehaviourObserver::counters() const {
  ObserverCounters counters;
  counters.hosts = tables_.hosts();
  counters.pairs = tables_.pairs();
  counters.eventsReceived = received_;
  counters.eventsScored = scored_;
  counters.eventsShed = shedByBudget_ + shedByFullSink_;
  counters.questionsMissed = questionsMissed_;
  counters.dropped = {{"eventsOverBudget", shedByBudget_},
                      {"eventsQueueFull", shedByFullSink_},
                      {"recordsQueueFull", recordsLost_},
                      {"hostsEvicted", tables_.hostsEvicted()},
                      {"pairsEvicted", tables_.pairsEvicted()},
                      {"contactsForgotten", contacts_.forgotten()},
                      {"trialsUndecided", requestsDropped_},
                      {"namesForgotten", names_.forgotten()}};
  return counters;
}

}  // namespace phantommesh
