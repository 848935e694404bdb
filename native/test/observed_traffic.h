// Traffic made packet by packet, through the flow table into the observer, and the events that came of it.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "../src/behaviour_observer.h"
#include "../src/decode_transport.h"
#include "../src/flow_table.h"

namespace phantommesh::test {

inline Address ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  const uint8_t octets[16] = {a, b, c, d};
  Address address;
  std::memcpy(&address, octets, sizeof octets);
  return address;
}
inline Address ipv4(uint32_t number) {
  return ipv4(static_cast<uint8_t>(number >> 24), static_cast<uint8_t>(number >> 16), static_cast<uint8_t>(number >> 8),
              static_cast<uint8_t>(number));
}

struct End {
  Address address;
  uint16_t port = 0;
};

inline FlowLimits fileLimits() {
  FlowLimits limits;
  limits.isFile = true;
  limits.flowsMax = 1 << 17;
  return limits;
}

class Traffic {
 public:
  static constexpr uint64_t kStartUs = 1'700'000'000'000'000;

  explicit Traffic(const BehaviourLimits& limits = {}, size_t eventsMax = 1 << 12)
      : buffers_{std::vector<EventRecord>(eventsMax), std::vector<EventRecord>(eventsMax)},
        sink_({std::span(buffers_[0]), std::span(buffers_[1])}, EventSink::WhenFull::kDrop, [] {}),
        observer_(limits, sink_),
        table_(fileLimits(), observer_) {}

  Traffic& at(double seconds) {
    nowUs_ = kStartUs + static_cast<uint64_t>(seconds * 1e6 + 0.5);
    return *this;
  }
  Traffic& wait(double seconds) {
    nowUs_ += static_cast<uint64_t>(seconds * 1e6 + 0.5);
    return *this;
  }

  Packet& packet(End from, End to, uint8_t protocol, uint32_t payload) {
    Packet& packet = table_.nextPacket();
    packet = Packet{};
    packet.hasMetadata = metadata_ != nullptr;
    if (metadata_ != nullptr) table_.nextMetadata() = *std::exchange(metadata_, nullptr);
    packet.timestampUs = nowUs_;
    packet.source = from.address;
    packet.destination = to.address;
    packet.sourcePort = from.port;
    packet.destinationPort = to.port;
    packet.ipVersion = 4;
    packet.protocol = protocol;
    packet.payloadOctets = payload;
    packet.octets = payload + (protocol == kTcp ? 40 : 28);
    packet.ttl = 64;
    return packet;
  }
  void send() {
    table_.push();
    table_.work();
    collect();
  }
  void tcp(End from, End to, uint8_t bits, uint32_t payload = 0, uint32_t sequence = 0, uint32_t acknowledgement = 0) {
    Packet& each = packet(from, to, kTcp, payload);
    each.tcpBits = bits;
    each.tcpSequence = sequence;
    each.tcpAcknowledgement = acknowledgement;
    send();
  }
  void udp(End from, End to, uint32_t payload) {
    packet(from, to, kUdp, payload);
    send();
  }
  // With what was read of the packet.
  void udpWith(const PacketMetadata& metadata, End from, End to, uint32_t payload) {
    metadata_ = &metadata;
    udp(from, to, payload);
  }
  void tcpWith(const PacketMetadata& metadata, End from, End to, uint8_t bits, uint32_t payload) {
    metadata_ = &metadata;
    tcp(from, to, bits, payload);
  }
  void icmp(Address from, Address to, uint8_t type, uint8_t code = 0) {
    Packet& each = packet({from}, {to}, kIcmp, 56);
    each.icmpType = type;
    each.icmpCode = code;
    send();
  }
  // An ICMP error about a packet from `asker` to `asked`.
  void icmpError(Address from, uint8_t code, End asker, End asked, uint8_t protocol) {
    Packet& each = packet({from}, {asker.address}, kIcmp, 36);
    each.icmpType = 3;
    each.icmpCode = code;
    each.quotesPacket = true;
    each.quotedProtocol = protocol;
    each.quotedSource = asker.address;
    each.quotedDestination = asked.address;
    each.quotedSourcePort = asker.port;
    each.quotedDestinationPort = asked.port;
    send();
  }
  void handshake(End client, End server) {
    tcp(client, server, kSyn, 0, 1000);
    tcp(server, client, kSyn | kAck, 0, 5000, 1001);
    tcp(client, server, kAck, 0, 1001, 5001);
  }
  void pass() {
    table_.pass(nowUs_);
    collect();
  }
  void end() {
    table_.endAll();
    collect();
  }

  void collect() {
    sink_.flush();
    while (const auto batch = sink_.take()) {
      const auto& buffer = buffers_[batch->buffer];
      if (keeps) events.insert(events.end(), buffer.begin(), buffer.begin() + batch->length);
      if (onEvent != nullptr) {
        for (uint32_t i = 0; i < batch->length; ++i) onEvent(buffer[i]);
      }
    }
  }

  BehaviourObserver& observer() { return observer_; }
  const EventRecord& last() const { return events.back(); }
  uint64_t nowUs() const { return nowUs_; }

  bool keeps = true;
  std::function<void(const EventRecord&)> onEvent;
  std::vector<EventRecord> events;

 private:
  std::vector<EventRecord> buffers_[2];
  EventSink sink_;
  BehaviourObserver observer_;
  FlowTable<BehaviourObserver> table_;
  uint64_t nowUs_ = kStartUs;
  const PacketMetadata* metadata_ = nullptr;  // of the next packet
};

}  // namespace phantommesh::test
