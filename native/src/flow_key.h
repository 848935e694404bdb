// Which packets belong to one flow: the key of a packet, its hash that is equal in both directions, and the match.
//
// A flow is (interface, context, addresses, protocol, ports), either way round. The context is VLANs and tunnel
// (flow_context.h). The interface belongs to it because a gateway sees a forwarded packet on two interfaces: two flows,
// not one with every packet twice.
#pragma once

#include <cstdint>
#include <optional>

#include "decode_transport.h"
#include "flow.h"
#include "packet.h"

namespace phantommesh {

struct IcmpPorts {
  uint16_t source;
  uint16_t destination;
};

// Community ID v1: a request and its answer are one flow, with the type as source port and the answering type as
// destination port. Other messages are one-way: type and code, the code marked so that two such messages never match as
// question and answer.
IcmpPorts icmpPorts(uint8_t protocol, uint8_t type, uint8_t code);

inline constexpr uint16_t kIcmpOneWay = 0x100;

inline FlowKey keyOf(const Packet& packet) {
  FlowKey key{packet.source, packet.destination, packet.sourcePort, packet.destinationPort,
              packet.context, packet.protocol,    packet.ipVersion};
  if ((packet.protocol == kIcmp || packet.protocol == kIcmpv6) && !packet.isFragment) {
    const IcmpPorts ports = icmpPorts(packet.protocol, packet.icmpType, packet.icmpCode);
    key.sourcePort = ports.source;
    key.destinationPort = ports.destination;
  }
  return key;
}

// The key of the flow that an ICMP error quotes; nothing when it quotes none, or only addresses.
std::optional<FlowKey> quotedKeyOf(const Packet& packet);

// Keyed by a secret of the process, so that nobody can choose addresses that collide. Multiply-and-fold of wyhash (Wang
// Yi, 2019). Both factors are keyed: a factor that a sender could make 0 would give all of his addresses one hash.
class FlowHash {
 public:
  explicit FlowHash(uint64_t secret)
      : secret_(secret | 1), portSecret_(fold(secret ^ 0xa4093822299f31d0, 0x9e3779b97f4a7c15)) {}

  uint32_t operator()(const FlowKey& key, uint8_t interfaceIndex) const {
    // The sum of both ends is the same in either direction.
    const uint64_t ends = hashEnd(key.source, key.sourcePort) + hashEnd(key.destination, key.destinationPort);
    const uint64_t rest =
        uint64_t{key.context} << 32 | uint64_t{interfaceIndex} << 16 | uint64_t{key.protocol} << 8 | key.ipVersion;
    return static_cast<uint32_t>(fold(ends ^ secret_, rest ^ 0x9e3779b97f4a7c15));
  }

 private:
  static uint64_t fold(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  uint64_t hashEnd(const Address& address, uint16_t port) const {
    return fold(address.high ^ secret_, address.low ^ (uint64_t{port} << 48) ^ portSecret_);
  }

  uint64_t secret_;
  uint64_t portSecret_;
};

// 0: the packet runs from the flow's source; 1: towards it; -1: another flow.
inline int directionOf(const Flow& flow, const FlowKey& key, uint8_t interfaceIndex) {
  const FlowKey& own = flow.key;
  const bool same = own.protocol == key.protocol && own.context == key.context && own.ipVersion == key.ipVersion &&
                    flow.interfaceIndex == interfaceIndex;
  if (!same) return -1;
  if (own.source == key.source && own.destination == key.destination && own.sourcePort == key.sourcePort &&
      own.destinationPort == key.destinationPort) {
    return 0;
  }
  if (own.source == key.destination && own.destination == key.source && own.sourcePort == key.destinationPort &&
      own.destinationPort == key.sourcePort) {
    return 1;
  }
  return -1;
}

}  // namespace phantommesh
