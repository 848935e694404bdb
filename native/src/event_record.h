// The record that JavaScript reads from shared memory: one event, fixed size, every field at a fixed offset.
//
// This list is the contract between native/ and agent/capture: the struct, the exported layout and the TypeScript views
// are all generated from it, so no offset is written twice. Add fields at will; order by falling alignment.
#pragma once

#include <cstddef>
#include <cstdint>

#include "metadata/metadata_fields.h"

namespace phantommesh {

inline constexpr int kWindows = 5;
inline constexpr double kWindowSeconds[kWindows] = {1, 10, 60, 3600, 86400};
inline constexpr int kFirstPackets = 16;  // packets whose length, direction and gap are kept
inline constexpr int kRecent = 16;        // last bursts and last ended flows that a pair remembers

// Why the event was made; several may hold at once.
enum Cause : uint8_t {
  kPacketCount = 1,   // the flow's 1st, 4th, 8th, 16th, 32nd, 64th ... packet
  kPeriodic = 2,      // a second has passed since the flow's last event
  kFlowEnd = 4,       // the flow ended; flowEndReason says why
  kHostEvidence = 8,  // a counter of the source or destination host crossed a threshold
  kPairEvidence = 16  // a counter of the pair crossed a threshold
};

// What the event is for. Shed events that nobody wants as a record are not copied at all.
enum Purpose : uint8_t {
  kScore = 1,  // admitted to scoring
  kRecord = 2  // a finished flow for the event log
};

// How far a TCP flow got. kMidstream: the first packet seen was no SYN.
enum TcpState : uint8_t { kNotTcp, kSynSent, kSynReceived, kEstablished, kClosing, kClosed, kReset, kMidstream };

// Whether the source was told the destination's address before it began the flow. kLookupsUnseen: no answer of a name
// server to this source passed here lately (it may ask over HTTPS, or elsewhere), so nothing follows.
enum NameLookup : uint8_t { kLookupsUnseen, kLookedUp, kNotLookedUp };

// IPFIX flowEndReason (IANA, element 136). 0 while the flow is alive.
enum EndReason : uint8_t { kAlive, kIdleTimeout, kActiveTimeout, kEndOfFlow, kForcedEnd, kLackOfResources };

// X(type, name, count). IPFIX spelling where IPFIX has the element; `reverse...` is destination to source (RFC 5103).
// Gaps are milliseconds; lengths and octets are layer 3. Counters by window are decayed with that window as time
// constant.
#define PHANTOMMESH_EVENT_FIELDS(X)                                                                            \
  X(double, observedAtMs, 1)             /* epoch; timestamp of the packet that caused the event */            \
  X(double, flowId, 1)                   /* whole number below 2^53, unique in a run */                        \
  X(double, flowStartMilliseconds, 1)                                                                          \
  X(double, flowEndMilliseconds, 1)                                                                            \
  X(double, packetDeltaCount, 1)                                                                               \
  X(double, reversePacketDeltaCount, 1)                                                                        \
  X(double, octetDeltaCount, 1)                                                                                \
  X(double, reverseOctetDeltaCount, 1)                                                                         \
  X(double, payloadOctets, 1)            /* layer 4 payload, source to destination */                          \
  X(double, reversePayloadOctets, 1)                                                                           \
  X(uint8_t, sourceAddress, 16)                                                                                \
  X(uint8_t, destinationAddress, 16)                                                                           \
  X(float, lengthMean, 2)                /* [forward, reverse] of all moments below */                         \
  X(float, lengthDeviation, 2)                                                                                 \
  X(float, lengthMin, 2)                                                                                       \
  X(float, lengthMax, 2)                                                                                       \
  X(float, gapMeanMs, 2)                                                                                       \
  X(float, gapDeviationMs, 2)                                                                                  \
  X(float, gapMinMs, 2)                                                                                        \
  X(float, gapMaxMs, 2)                                                                                        \
  X(float, firstGapsMs, 16)              /* gap before the i-th packet; [0] is 0 */                            \
  /* Source host in the role of a source (what it started and what came back). */                              \
  X(float, sourceFlows, 5)                                                                                     \
  X(float, sourceContactsFailed, 5)      /* first contacts refused or unanswered; retransmissions are one */   \
  X(float, sourceContactsAnswered, 5)                                                                          \
  X(float, sourceDistinctPeers, 5)                                                                             \
  X(float, sourceDistinctPorts, 5)       /* distinct (peer, port) pairs */                                     \
  X(float, sourceOctetsSent, 5)                                                                                \
  X(float, sourceOctetsReceived, 5)                                                                            \
  X(float, sourcePacketsSent, 5)                                                                               \
  X(float, sourcePacketsReceived, 5)                                                                           \
  X(float, sourceUnansweredSyns, 5)                                                                            \
  X(float, sourceResetsReceived, 5)                                                                            \
  X(float, sourceIcmpSent, 5)                                                                                  \
  X(float, sourceUnnamedContacts, 5)     /* first contacts to addresses that no DNS answer had told it */ \
  X(float, sourceUnsolicitedAnswers, 5)  /* answers it sent that nobody asked for */                           \
  /* Destination host in the role of a destination (what others started towards it). */                        \
  X(float, destinationFlows, 5)                                                                                \
  X(float, destinationSyns, 5)                                                                                 \
  X(float, destinationUnansweredSyns, 5)                                                                       \
  X(float, destinationHandshakes, 5)                                                                           \
  X(float, destinationDistinctPeers, 5)                                                                        \
  X(float, destinationDistinctPorts, 5)                                                                        \
  X(float, destinationOctetsReceived, 5)                                                                       \
  X(float, destinationOctetsSent, 5)                                                                           \
  X(float, destinationPacketsReceived, 5)                                                                      \
  X(float, destinationPacketsSent, 5)                                                                          \
  X(float, destinationResetsSent, 5)                                                                           \
  X(float, destinationIcmpReceived, 5)                                                                         \
  X(float, destinationUnsolicitedAnswers, 5) /* answers it received without having asked: reflection */        \
  /* The pair source -> destination, over all its flows; oldest first. */                                      \
  X(float, pairFlows, 5)                                                                                       \
  X(float, pairContactsFailed, 5)                                                                              \
  X(float, pairDistinctPorts, 5)                                                                               \
  X(float, pairOctetsSent, 5)                                                                                  \
  X(float, pairOctetsReceived, 5)                                                                              \
  X(float, pairBurstGapsMs, 16)          /* last gaps between starts of bursts (300 ms idle before) */ \
  X(float, pairBurstOctets, 16)          /* octets of those bursts, both ways */                               \
  X(float, pairFlowPackets, 16)          /* both ways, of the pair's last ended flows with payload */ \
  X(float, pairFlowOctets, 16)                                                                                 \
  X(float, pairFlowDurationsMs, 16)                                                                            \
  X(uint32_t, sourceTrialsFailed, 1)     /* first contacts decided since the host was first seen */            \
  X(uint32_t, sourceTrialsAnswered, 1)                                                                         \
  X(uint32_t, sourceTrialsPending, 1)    /* asked, neither answered nor timed out yet */                       \
  X(uint32_t, destinationSynsTotal, 1)                                                                         \
  X(uint32_t, destinationHandshakesTotal, 1)                                                                   \
  X(uint32_t, destinationUnsolicitedTotal, 1)                                                                  \
  X(uint32_t, pairFlowsTotal, 1)                                                                               \
  X(uint32_t, pairBurstsTotal, 1)                                                                              \
  X(uint32_t, pairFlowsEndedTotal, 1)    /* ended flows that carried payload; the last kRecent are listed above */ \
  X(uint32_t, segment, 1)                /* grows when packet time of a file jumps: fresh state */             \
  X(uint32_t, sourceFirstSeenSeconds, 1) /* age of the host's record at this event, s */                       \
  X(uint32_t, pairFirstSeenSeconds, 1)                                                                         \
  X(uint32_t, tunnelId, 1)               /* VNI, key or session; 0 none */                                     \
  X(int16_t, firstLengths, 16)           /* layer-3 octets of the first packets; negative: reverse direction */ \
  X(uint16_t, sourceTransportPort, 1)                                                                          \
  X(uint16_t, destinationTransportPort, 1)                                                                     \
  X(uint16_t, vlanId, 1)                 /* outermost tag, 0 none */                                           \
  X(uint16_t, innerVlanId, 1)            /* the tag within it */                                               \
  X(uint16_t, initialWindow, 2)                                                                                \
  X(uint16_t, synCount, 2)               /* packets with that flag, [forward, reverse], saturating */          \
  X(uint16_t, finCount, 2)                                                                                     \
  X(uint16_t, rstCount, 2)                                                                                     \
  X(uint16_t, pshCount, 2)                                                                                     \
  X(uint8_t, tcpControlBits, 2)          /* union of flags, [forward, reverse] */                              \
  X(uint8_t, ttlMin, 2)                                                                                        \
  X(uint8_t, ttlMax, 2)                                                                                        \
  X(uint8_t, tunnelSource, 16)           /* ends of the tunnel around the flow, as its first packet had them */ \
  X(uint8_t, tunnelDestination, 16)                                                                            \
  X(uint8_t, tunnelKind, 1)              /* TunnelKind of decode_tunnel.h, 0 none */                           \
  X(uint8_t, tunnelDepth, 1)             /* 1: the tunnel is in no other */                                    \
  X(uint8_t, tunnelIpVersion, 1)                                                                               \
  X(uint8_t, cause, 1)                                                                                         \
  X(uint8_t, purpose, 1)                                                                                       \
  X(uint8_t, interfaceIndex, 1)                                                                                \
  X(uint8_t, ipVersion, 1)                                                                                     \
  X(uint8_t, protocolIdentifier, 1)                                                                            \
  X(uint8_t, tcpState, 1)                                                                                      \
  X(uint8_t, flowEndReason, 1)                                                                                 \
  X(uint8_t, icmpType, 1)                                                                                      \
  X(uint8_t, icmpCode, 1)                                                                                      \
  X(uint8_t, firstCount, 1)              /* how many of firstLengths are set */                                \
  X(uint8_t, isTruncated, 1)             /* some header of this flow was cut by the capture */                 \
  X(uint8_t, returnPathProven, 1)        /* TCP handshake completed: the source receives at its address */ \
  X(uint8_t, isFirstContact, 1)          /* the pair's first flow (to this port) since either was remembered */ \
  X(uint8_t, contactFailed, 1)           /* this flow's contact was refused or timed out */ \
  X(uint8_t, nameLookup, 1)              /* NameLookup: was the source told this address by a DNS answer? */

struct alignas(8) EventRecord {
#define X(type, name, count) type name[count];
  PHANTOMMESH_EVENT_FIELDS(X)
#undef X
  MetadataFields metadata;  // its fields stand in the layout like all others
};

}  // namespace phantommesh
