// The metadata of one flow: the fields that the event record shows, and what is needed to go on adding to them.
#pragma once

#include <cstdint>

#include "metadata_fields.h"
#include "packet_metadata.h"

namespace phantommesh {

class FlowMetadata {
 public:
  // Direction 0 is forward. What belongs to another application than the flow's is ignored, but for a TLS hello, which
  // upgrades what began in clear text (STARTTLS).
  void add(const PacketMetadata& metadata, int direction);
  // A packet of the flow of which nothing could be read: SSH's authentication consists of such.
  void unreadSeen(uint32_t payloadOctets, int direction) {
    if (application() == Application::kSsh) noteSshPacket(payloadOctets, direction);
  }
  void markAsFtpData(uint64_t controlFlowId);
  // The flow goes on under a new id: what it is stays, counts start anew.
  void startAnew();

  Application application() const { return static_cast<Application>(fields_.application[0]); }
  const MetadataFields& fields() const { return fields_; }

  // Whether a packet like this may begin the metadata of a flow that has none: a message that many random octets look
  // like may not.
  static bool mayBegin(const PacketMetadata& metadata);

 private:
  static constexpr int kNameBits = 256;  // of dnsDistinctNames (linear counting, Whang 1990)
  static constexpr int kEchoesKept = 4;  // requests that wait for their reply: ping sends one a second
  static constexpr int kSshPackets = 8;

  struct Echo {
    uint16_t sequence;
    uint16_t identifier;
    uint32_t hash;
  };
  struct SshState {
    uint8_t newKeys;           // bit per direction
    uint8_t packets;           // encrypted ones noted
    uint16_t replyOctets[2];   // of a key exchange's reply that are still to come
  };

  bool accepts(Application application);
  void addDns(const DnsMessage& message);
  void addTls(const TlsHello& hello);
  void addSsh(const SshPacket& packet, int direction);
  void addHttp(const HttpStart& start);
  void addFtp(const FtpLine& line);
  void addSmtp(const SmtpLine& line);
  void addEcho(const IcmpEcho& echo);
  void addVpn(const VpnMessage& message);
  void noteSshPacket(uint32_t payloadOctets, int direction);

  MetadataFields fields_;
  union {
    uint64_t nameBits[kNameBits / 64];
    Echo echoes[kEchoesKept];
    SshState ssh;
  } state_;
};

}  // namespace phantommesh
