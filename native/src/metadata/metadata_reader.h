// Chooses the parser of each packet. Most packets are turned away by their first octets; what a packet is, its content
// says, and the port only where many contents look alike (DNS, FTP, SMTP, IKE).
#pragma once

#include <cstdint>
#include <vector>

#include "../decode_transport.h"
#include "../event_sink.h"
#include "../payload.h"
#include "packet_metadata.h"
#include "quic_reader.h"
#include "tls_reader.h"

namespace phantommesh {

class MetadataReader {
 public:
  explicit MetadataReader(uint64_t hashSecret) : tls_(hashSecret), quic_(hashSecret) {}

  // The names reach JavaScript as they are.
  std::vector<NamedCount> counts() const;
  std::vector<NamedCount> dropped() const;

  // True when there was something to read: `metadata` then says what. Else `metadata` is left in any state.
  bool read(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
    switch (packet.protocol) {
      case kTcp:
        return payload.captured != 0 && readTcp(packet, payload, metadata);
      case kUdp:
        return payload.captured != 0 && readUdp(packet, payload, metadata);
      case kIcmp:
      case kIcmpv6:
        return readIcmp(packet, payload, metadata);
      default:
        return false;
    }
  }

 private:
  bool readTcp(const Packet& packet, const Payload& payload, PacketMetadata& metadata);
  bool readUdp(const Packet& packet, const Payload& payload, PacketMetadata& metadata);
  static bool readIcmp(const Packet& packet, const Payload& payload, PacketMetadata& metadata);

  TlsReader tls_;
  QuicReader quic_;
};

}  // namespace phantommesh
