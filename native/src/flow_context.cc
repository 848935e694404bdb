#include "flow_context.h"

#include <cstring>

#include "hashing.h"

namespace phantommesh {
namespace {

bool isSame(const Enclosure& one, const Enclosure& other) {
  if (one.kind != other.kind || one.id != other.id || one.context != other.context) return false;
  if (one.ipVersion != other.ipVersion) return false;
  return (one.source == other.source && one.destination == other.destination) ||
         (one.source == other.destination && one.destination == other.source);
}

}  // namespace

FlowContexts::FlowContexts(uint64_t secret)
    : secret_(secret), contexts_(size_t{kOverflow} + 1), index_(kContextsMax) {
  contexts_[kOverflow].tunnel.kind = TunnelKind::kUnlisted;
}

uint16_t FlowContexts::enter(uint16_t vlanId, uint16_t innerVlanId, const Enclosure* tunnel) {
  static constexpr Enclosure kNoTunnel;
  const Enclosure& enclosure = tunnel == nullptr ? kNoTunnel : *tunnel;
  const uint32_t hash = hashOf(vlanId, innerVlanId, enclosure);
  const uint32_t known = index_.find(hash, [&](uint32_t slot) {
    const FlowContext& each = contexts_[slot];
    return each.vlanId == vlanId && each.innerVlanId == innerVlanId && isSame(each.tunnel, enclosure);
  });
  if (known != 0) {
    ++contexts_[known].users;
    return static_cast<uint16_t>(known);
  }
  if (free_ == 0 && high_ == kContextsMax) {
    ++overflowed_;
    return kOverflow;
  }
  uint16_t slot = free_;
  if (slot != 0) free_ = contexts_[slot].nextFree;
  else slot = ++high_;

  const FlowContext& outer = contexts_[enclosure.context];
  const bool hasOwnTag = (vlanId | innerVlanId) != 0;
  FlowContext& context = contexts_[slot];
  context = FlowContext{};
  context.tunnel = enclosure;
  context.vlanId = vlanId;
  context.innerVlanId = innerVlanId;
  context.shownVlanId = hasOwnTag ? vlanId : outer.shownVlanId;
  context.shownInnerVlanId = hasOwnTag ? innerVlanId : outer.shownInnerVlanId;
  context.users = 1;
  context.hash = hash;
  hold(enclosure.context);
  index_.insert(hash, slot);
  ++used_;
  return slot;
}

// Bounded: contexts nest no deeper than tunnels do. What it held is still readable until the number is given out again.
void FlowContexts::release(uint16_t context) {
  FlowContext& gone = contexts_[context];
  index_.remove(gone.hash, context);
  gone.nextFree = free_;
  free_ = context;
  --used_;
  leave(gone.tunnel.context);
}

uint32_t FlowContexts::hashOf(uint16_t vlanId, uint16_t innerVlanId, const Enclosure& tunnel) const {
  // The sum of both ends is the same either way round.
  const uint64_t ends = hashAddress(tunnel.source, secret_) + hashAddress(tunnel.destination, secret_);
  const uint64_t tags = uint64_t{vlanId} << 48 | uint64_t{innerVlanId} << 32 | tunnel.id;
  const uint64_t rest = uint64_t{tunnel.context} << 16 | static_cast<uint64_t>(tunnel.kind) << 8 | tunnel.ipVersion;
  return static_cast<uint32_t>(mixHash(ends ^ secret_, mixHash(tags ^ secret_, rest)));
}

void fillContext(const Flow& flow, const FlowContexts& contexts, EventRecord& record) {
  const FlowContext& context = contexts.at(flow.key.context);
  const Enclosure& tunnel = context.tunnel;
  record.vlanId[0] = context.shownVlanId;
  record.innerVlanId[0] = context.shownInnerVlanId;
  record.tunnelKind[0] = static_cast<uint8_t>(tunnel.kind);
  record.tunnelId[0] = tunnel.id;
  record.tunnelDepth[0] = tunnel.depth;
  record.tunnelIpVersion[0] = tunnel.ipVersion;
  std::memcpy(record.tunnelSource, &tunnel.source, sizeof tunnel.source);
  std::memcpy(record.tunnelDestination, &tunnel.destination, sizeof tunnel.destination);
}

}  // namespace phantommesh
