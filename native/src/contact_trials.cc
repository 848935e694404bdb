// The part of the observer that follows requests until they are answered, refused or timed out.
#include "behaviour_observer.h"
#include "contact_kinds.h"

namespace phantommesh {
namespace {

// Failed trials of a source; the threshold random walk (Jung 2004) needs about four.
constexpr uint32_t kFailedFirst = 3;

}  // namespace

uint64_t BehaviourObserver::contactOf(const FlowKey& key) const {
  return tables_.contactHash(key.source, key.destination, key.protocol, servicePort(key));
}

bool BehaviourObserver::isAsked(const FlowKey& key) const {
  const uint16_t answeringPort = isIcmp(key.protocol) ? uint16_t{0} : key.sourcePort;
  return contacts_.knows(tables_.contactHash(key.destination, key.source, key.protocol, answeringPort)) ||
         contacts_.knows(contactOf(key));
}

void BehaviourObserver::openRequest(Flow& flow, const Parties& parties) {
  auto& [source, destination, pair] = parties;
  const uint64_t contact = contactOf(flow.key);
  const bool isTrial = !contacts_.knows(contact);
  if (isTrial) {
    flow.observer.flags |= kIsFirstContact;
    const bool isUnnamed = (flow.observer.flags & kWasNotLookedUp) != 0;
    if (isUnnamed) source.counters.addCount(kUnnamedContacts, tables_.clock());
  }
  if (!isTrial && flow.key.protocol != kTcp) return;
  if (source.openRequests >= limits_.trialsPerSourceMax ||
      destination.openRequests >= limits_.trialsPerDestinationMax) {
    ++requestsDropped_;  // not remembered, so that the contact can still be tried
    return;
  }
  if (requests_.isFull()) {
    ++requestsDropped_;
    closeRequest(requests_.oldest());
  }
  contacts_.remember(contact);
  const uint32_t index = requests_.push();
  OpenRequest& request = requests_.at(index);
  request.key = flow.key;
  request.flow = &flow;
  request.flowId = flow.id;
  request.interfaceIndex = flow.interfaceIndex;
  request.askedAtUs = tables_.clock().nowUs();
  request.sourceHost = flow.observer.sourceHost;
  request.destinationHost = flow.observer.destinationHost;
  request.pair = flow.observer.pair;
  request.isTrial = isTrial;
  flow.observer.contact = index;
  ++source.openRequests;
  ++destination.openRequests;
  source.trialsPending += isTrial;
}

uint8_t BehaviourObserver::seeAnswer(Flow& flow, const Packet& packet) {
  OpenRequest& request = requests_.at(flow.observer.contact);
  uint8_t causes = 0;
  if (packet.protocol == kTcp) {
    const uint8_t bits = packet.tcpBits;
    const bool isRefusal = (bits & kRst) != 0;
    if (!isRefusal && (bits & (kSyn | kAck)) != (kSyn | kAck)) return 0;
    if (!isRefusal) {
      noteAnswered(request);
      request.isAnswered = true;
      return 0;  // open until the handshake is complete
    }
    causes = noteFailed(request);
  } else {
    if (isIcmp(packet.protocol) && !isEchoReply(packet)) return 0;
    noteAnswered(request);
  }
  closeRequest(flow.observer.contact);
  return causes;
}

void BehaviourObserver::icmpErrorSeen(Flow* quotedFlow, const Packet& packet) {
  Flow* carrier = seen_;
  if (quotedFlow == nullptr) {
    // An answer to a packet that was never seen: backscatter of somebody who sends under this address.
    const bool isAboutReceiver = packet.quotedSource == packet.destination;
    const uint64_t contact =
        tables_.contactHash(packet.quotedSource, packet.quotedDestination, packet.quotedProtocol,
                            packet.quotedDestinationPort);
    if (carrier == nullptr || !isAboutReceiver || contacts_.knows(contact)) return;
    const Parties parties = tables_.touch(carrier->key, carrier->observer);
    if (const uint8_t causes = countUnsolicited(parties.source, parties.destination)) emit(*carrier, parties, causes);
    return;
  }
  const uint32_t index = quotedFlow->observer.contact;
  if (index == 0 || !isUnreachable(packet) || !(packet.quotedSource == quotedFlow->key.source)) return;
  const uint8_t causes = noteFailed(requests_.at(index));
  const Parties parties = tables_.touch(quotedFlow->key, quotedFlow->observer);
  closeHandshake(*quotedFlow, parties.destination);
  closeRequest(index);
  if (causes != 0) emit(*quotedFlow, parties, causes);
}

void BehaviourObserver::noteAnswered(OpenRequest& request) {
  SourceHost* source = request.isTrial ? tables_.findSource(request.key.source, request.sourceHost) : nullptr;
  request.isTrial = false;
  if (source == nullptr) return;
  source->counters.addCount(kContactsAnswered, tables_.clock());
  ++source->trialsAnswered;
  if (source->trialsPending != 0) --source->trialsPending;
}

uint8_t BehaviourObserver::noteFailed(OpenRequest& request) {
  if (!request.isTrial) return 0;
  request.isTrial = false;
  if (request.flow != nullptr) request.flow->observer.flags |= kContactFailed;
  if (PairRecord* pair = tables_.findPair({request.key.source, request.key.destination}, request.pair)) {
    pair->counters.addCount(kPairContactsFailed, tables_.clock());
  }
  SourceHost* source = tables_.findSource(request.key.source, request.sourceHost);
  if (source == nullptr) return 0;
  source->counters.addCount(kContactsFailed, tables_.clock());
  ++source->trialsFailed;
  if (source->trialsPending != 0) --source->trialsPending;
  return source->failed.add(kFailedFirst, tables_.clock().nowSecond()) ? kHostEvidence : 0;
}

void BehaviourObserver::closeRequest(uint32_t index) {
  OpenRequest& request = requests_.at(index);
  // A record may be younger than the request; then its count does not hold it.
  if (SourceHost* source = tables_.findSource(request.key.source, request.sourceHost)) {
    if (source->openRequests != 0) --source->openRequests;
    if (request.isTrial && source->trialsPending != 0) --source->trialsPending;
  }
  DestinationHost* destination = tables_.findDestination(request.key.destination, request.destinationHost);
  if (destination != nullptr && destination->openRequests != 0) --destination->openRequests;
  if (request.flow != nullptr) request.flow->observer.contact = 0;
  else contexts_->leave(request.key.context);
  requests_.remove(index);
}

void BehaviourObserver::forgetRequests() {
  while (const uint32_t index = requests_.oldest()) {
    const OpenRequest& request = requests_.at(index);
    if (request.flow == nullptr) contexts_->leave(request.key.context);
    requests_.remove(index);
  }
  requests_.clear();
}

void BehaviourObserver::timeOut(uint32_t index) {
  OpenRequest request = requests_.at(index);
  const DecayClock& clock = tables_.clock();
  uint8_t causes = 0;
  if (request.key.protocol == kTcp) {
    DestinationHost* destination = tables_.findDestination(request.key.destination, request.destinationHost);
    if (destination != nullptr) destination->counters.addCount(kDestinationUnansweredSyns, clock);
    SourceHost* source = tables_.findSource(request.key.source, request.sourceHost);
    if (source != nullptr && !request.isAnswered) source->counters.addCount(kSourceUnansweredSyns, clock);
  }
  if (!request.isAnswered) causes = noteFailed(requests_.at(index));
  closeRequest(index);
  if (causes == 0) return;
  if (request.flow != nullptr) return emit(*request.flow, tables_.touch(request.key, request.flow->observer), causes);
  FlowDetail detail;
  Flow gone = request.remains(detail);
  gone.observer.flags = kIsFirstContact | kContactFailed;
  emit(gone, tables_.touch(gone.key, gone.observer), causes);
}

}  // namespace phantommesh
