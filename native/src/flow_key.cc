#include "flow_key.h"

namespace phantommesh {
namespace {

// The answering type of each ICMP type that has one (Community ID v1 specification, tables ICMPv4 and ICMPv6); -1:
// one-way.
int answerOf(uint8_t protocol, uint8_t type) {
  if (protocol == kIcmp) {
    switch (type) {
      case 0: return 8;    // echo
      case 8: return 0;
      case 9: return 10;   // router advertisement, solicitation
      case 10: return 9;
      case 13: return 14;  // timestamp
      case 14: return 13;
      case 15: return 16;  // information
      case 16: return 15;
      case 17: return 18;  // address mask
      case 18: return 17;
      default: return -1;
    }
  }
  switch (type) {
    case 128: return 129;  // echo
    case 129: return 128;
    case 130: return 131;  // multicast listener
    case 131: return 130;
    case 133: return 134;  // router
    case 134: return 133;
    case 135: return 136;  // neighbour
    case 136: return 135;
    case 139: return 140;  // node information
    case 140: return 139;
    case 144: return 145;  // home agent address discovery
    case 145: return 144;
    default: return -1;
  }
}

}  // namespace

IcmpPorts icmpPorts(uint8_t protocol, uint8_t type, uint8_t code) {
  const int answer = answerOf(protocol, type);
  if (answer >= 0) return {type, static_cast<uint16_t>(answer)};
  return {type, static_cast<uint16_t>(code | kIcmpOneWay)};
}

std::optional<FlowKey> quotedKeyOf(const Packet& packet) {
  if (!packet.quotesPacket) return std::nullopt;
  FlowKey key{packet.quotedSource, packet.quotedDestination, packet.quotedSourcePort, packet.quotedDestinationPort,
              packet.context,      packet.quotedProtocol,    packet.ipVersion};
  if (packet.quotedProtocol == kIcmp || packet.quotedProtocol == kIcmpv6) {
    const IcmpPorts ports = icmpPorts(packet.quotedProtocol, static_cast<uint8_t>(packet.quotedSourcePort),
                                      static_cast<uint8_t>(packet.quotedDestinationPort));
    key.sourcePort = ports.source;
    key.destinationPort = ports.destination;
  }
  return key;
}

}  // namespace phantommesh
