// Where a flow was seen besides its interface: in which VLANs, and in which tunnel between whom. Each such context has
// a small number, which is part of the flow's key: two tunnels may carry the same private addresses.
//
// 0 is no VLAN and no tunnel; such packets never come here. Every other number is held by those that use it (living
// flows, packets of the burst, contexts within it) and is free again when the last has left it: forged tunnels occupy
// the table no longer than their flows live. When no number is free, packets share kOverflow, which is counted: their
// flows are metered all the same, but neither told apart by their tunnel nor named after it.
#pragma once

#include <cstdint>

#include "decode_tunnel.h"
#include "event_record.h"
#include "flow.h"
#include "flow_index.h"
#include "lazy_array.h"
#include "packet.h"

namespace phantommesh {

// The tunnel around a packet: what its outer packet said.
struct Enclosure {
  TunnelKind kind = TunnelKind::kNone;
  uint8_t ipVersion = 0;   // of the outer packet; 0: the ends do not belong to the context
  uint8_t depth = 0;       // 1: the outer packet is in no tunnel itself
  uint16_t context = 0;    // of the outer packet
  uint32_t id = 0;
  Address source;
  Address destination;
};

// Teredo sends by a server one way and by a relay the other (RFC 4380 section 2.2), and its inner addresses are global:
// its ends are left out, so that both ways are one flow.
inline Enclosure enclosureOf(const Inner& inner, const Packet& outer, uint8_t depth) {
  if (inner.kind == TunnelKind::kTeredo) return {inner.kind, 0, depth, 0, inner.id, {}, {}};
  return {inner.kind, outer.ipVersion, depth, 0, inner.id, outer.source, outer.destination};
}

// Tells the tunnels around a packet apart before it has a context: hellos of two tunnels that carry the same addresses
// must not be put together. Never 0, which is no tunnel.
inline uint16_t markOf(const Enclosure& tunnel) {
  return static_cast<uint16_t>((tunnel.id ^ tunnel.id >> 16) * 2 + tunnel.depth) | 0x8000;
}

struct FlowContext {
  Enclosure tunnel;        // ends as the first packet had them; either way round it is the same context
  uint16_t vlanId = 0;     // of the packet's own frame
  uint16_t innerVlanId = 0;
  uint16_t shownVlanId = 0;  // the same, or where the inner frame had none, what the outer one had
  uint16_t shownInnerVlanId = 0;
  uint32_t users = 0;
  uint32_t hash = 0;
  uint16_t nextFree = 0;
};

class FlowContexts {
 public:
  static constexpr uint16_t kOverflow = 65'535;
  static constexpr uint32_t kContextsMax = kOverflow - 1;

  explicit FlowContexts(uint64_t secret);

  // The number of this context, held once for the caller. `tunnel` may be null.
  uint16_t enter(uint16_t vlanId, uint16_t innerVlanId, const Enclosure* tunnel);
  void hold(uint16_t context) {
    if (context != 0 && context != kOverflow) ++contexts_[context].users;
  }
  void leave(uint16_t context) {
    if (context != 0 && context != kOverflow && --contexts_[context].users == 0) release(context);
  }

  // The shared number stands for tunnels too.
  bool isTunnel(uint16_t context) const {
    return context == kOverflow || contexts_[context].tunnel.kind != TunnelKind::kNone;
  }

  // What a number stands for; valid for numbers that are held, 0 and kOverflow.
  const FlowContext& at(uint16_t context) const { return contexts_[context]; }

  uint32_t used() const { return used_; }
  // Packets that had to share kOverflow.
  uint64_t overflowed() const { return overflowed_; }

 private:
  uint32_t hashOf(uint16_t vlanId, uint16_t innerVlanId, const Enclosure& tunnel) const;
  void release(uint16_t context);

  const uint64_t secret_;
  LazyArray<FlowContext> contexts_;
  FlowIndex index_;
  uint16_t free_ = 0;
  uint16_t high_ = 0;
  uint32_t used_ = 0;
  uint64_t overflowed_ = 0;
};

// The fields of a record that name VLAN and tunnel; all of them, since records are used again.
void fillContext(const Flow& flow, const FlowContexts& contexts, EventRecord& record);

}  // namespace phantommesh
