// Observer of the flow table: keeps what hosts and pairs did, and emits an event when there is something to judge.
//
// First contacts. A contact is (source, destination, protocol, destination port). The first request of one that is not
// remembered is a trial: TCP without ACK, UDP, ICMP echo. It succeeds on SYN-ACK, a UDP answer or an echo reply, and
// fails on RST, an ICMP unreachable that quotes it, or silence; retransmissions belong to the flow and so to the trial.
// Broadcast and multicast have no trials, nor have flows joined midstream. A first packet that only makes sense as an
// answer (SYN-ACK, RST, echo reply, UDP from the port of a service) counts as unsolicited unless one of the two is
// known to have contacted the other.
//
// Limit. Where the capture shows one direction only, or began a moment ago, the answers of honest servers count as
// unsolicited as well: nothing in a first SYN-ACK tells it from a reflected one. Such a flow counts once, not packet by
// packet, as soon as it goes past the handshake, and `questionsMissed` tells how many did: where it keeps growing, the
// capture does not see what clients send. (Taking the count back would let a flood of forged SYN-ACKs hide behind one
// more forged packet each.)
#pragma once

#include <cstdint>

#include "behaviour_limits.h"
#include "behaviour_tables.h"
#include "contact_memory.h"
#include "event_budget.h"
#include "event_sink.h"
#include "flow.h"
#include "flow_context.h"
#include "metadata/name_memory.h"
#include "metadata/packet_metadata.h"
#include "open_requests.h"
#include "packet.h"

namespace phantommesh {

// Not thread-safe: it belongs to the thread that fills `sink`. A Flow must not move between flowStarted and flowEnded.
class BehaviourObserver {
 public:
  BehaviourObserver(const BehaviourLimits& limits, EventSink& sink);

  void useContexts(FlowContexts& contexts) { contexts_ = &contexts; }
  void flowStarted(Flow& flow, const Packet& packet);
  void packetSeen(Flow& flow, const Packet& packet, int direction);
  void metadataSeen(Flow& flow, const Packet& packet, const PacketMetadata& metadata);
  void icmpErrorSeen(Flow* quotedFlow, const Packet& packet);
  void flowEnded(Flow& flow, uint64_t nowUs);
  void advance(uint64_t nowUs);
  void segmentStarted(uint64_t nowUs);
  ObserverCounters counters() const;

  uint32_t openRequests() const { return requests_.size(); }

 private:
  using Parties = BehaviourTables::Parties;
  enum SlotFlag : uint8_t {
    kIsFirstContact = 1,
    kContactFailed = 2,
    kIsHalfOpen = 4,
    kIsUnsolicited = 8,
    kWasLookedUp = 16,
    kWasNotLookedUp = 32
  };

  // Each gives the causes of an event.
  uint8_t seeTcp(Flow& flow, const Packet& packet, int direction, const Parties& parties);
  uint8_t countUnsolicited(SourceHost& source, DestinationHost& destination);
  uint8_t seeBurst(const Packet& packet, int direction, PairRecord& pair);
  uint8_t seeAnswer(Flow& flow, const Packet& packet);
  uint8_t openHandshake(Flow& flow, DestinationHost& destination);
  uint8_t noteFailed(OpenRequest& request);
  uint8_t noteEndedFlow(const Flow& flow, PairRecord& pair);
  static uint8_t dueCauses(const Flow& flow, uint64_t nowUs);

  void countFlow(const Flow& flow, const Parties& parties);
  void noteLookup(Flow& flow);
  static NameLookup lookupOf(uint8_t flags);
  void openRequest(Flow& flow, const Parties& parties);
  void noteAnswered(OpenRequest& request);
  void closeRequest(uint32_t index);
  void forgetRequests();
  void timeOut(uint32_t index);
  void closeHandshake(Flow& flow, DestinationHost& destination) const;
  bool isAsked(const FlowKey& key) const;
  uint64_t contactOf(const FlowKey& key) const;

  void emit(Flow& flow, const Parties& parties, uint8_t causes);
  bool write(const Flow& flow, const Parties& parties, uint8_t causes, uint8_t purpose);

  const BehaviourLimits limits_;
  EventSink& sink_;
  FlowContexts* contexts_ = nullptr;
  BehaviourTables tables_;
  ContactMemory contacts_;
  OpenRequests requests_;
  NameMemory names_;
  EventBudget budget_;
  Flow* seen_ = nullptr;  // of the last packet, for the ICMP error in it
  uint32_t segment_ = 0;
  uint64_t received_ = 0;
  uint64_t scored_ = 0;
  uint64_t shedByBudget_ = 0;
  uint64_t shedByFullSink_ = 0;
  uint64_t recordsLost_ = 0;
  uint64_t requestsDropped_ = 0;
  uint64_t questionsMissed_ = 0;
};

}  // namespace phantommesh
