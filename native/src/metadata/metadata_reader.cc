#include "metadata_reader.h"

#include "dns_message.h"
#include "ftp_line.h"
#include "http_start.h"
#include "icmp_echo.h"
#include "smtp_line.h"
#include "ssh_packet.h"
#include "vpn_message.h"

namespace phantommesh {
namespace {

constexpr uint16_t kFtpPort = 21;
constexpr uint16_t kDnsPort = 53;
constexpr uint16_t kIkePort = 500;
constexpr uint16_t kNatTraversalPort = 4500;  // RFC 3948

bool isEither(const Packet& packet, uint16_t port) {
  return packet.sourcePort == port || packet.destinationPort == port;
}

// DNS, mDNS (RFC 6762) and LLMNR (RFC 4795): one format.
bool isDns(const Packet& packet) {
  return isEither(packet, kDnsPort) || isEither(packet, 5353) || isEither(packet, 5355);
}

// Mail between servers, and its submission (RFC 5321, RFC 6409); 2525 where providers block 25.
constexpr bool isMailPort(uint16_t port) { return port == 25 || port == 587 || port == 2525; }

constexpr bool isLetter(uint8_t octet) { return (octet | 0x20) >= 'a' && (octet | 0x20) <= 'z'; }
constexpr bool isDigit(uint8_t octet) { return octet >= '0' && octet <= '9'; }

bool set(PacketMetadata& metadata, MetadataKind kind, bool isRead) {
  if (isRead) metadata.kind = kind;
  return isRead;
}

// Lines of text: FTP and SMTP answer with the same numbers, so the port decides between them.
bool readLine(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
  if (isEither(packet, kFtpPort)) {
    const bool isFromServer = packet.sourcePort == kFtpPort;
    return set(metadata, MetadataKind::kFtp, readFtpLine(payload, isFromServer, metadata.ftp));
  }
  const bool isFromMailServer = isMailPort(packet.sourcePort);
  if (isFromMailServer || isMailPort(packet.destinationPort)) {
    return set(metadata, MetadataKind::kSmtp, readSmtpLine(payload, isFromMailServer, metadata.smtp));
  }
  return set(metadata, MetadataKind::kHttp, readHttpStart(payload, metadata.http));
}

}  // namespace

std::vector<NamedCount> MetadataReader::counts() const {
  const TlsReaderCounters tls = tls_.counters();
  const QuicReaderCounters quic = quic_.counters();
  return {{"tlsHellos", tls.hellos},
          {"tlsHellosCut", tls.cut},
          {"tlsHellosMalformed", tls.malformed},
          {"quicInitials", quic.initials},
          {"quicHellos", quic.hellos},
          {"quicHellosCut", quic.cut},
          {"quicHellosMalformed", quic.malformed},
          {"quicInitialsUnauthentic", quic.unauthentic}};
}

std::vector<NamedCount> MetadataReader::dropped() const {
  const TlsReaderCounters tls = tls_.counters();
  const QuicReaderCounters quic = quic_.counters();
  return {{"hellosTooLong", tls.tooLong + quic.tooLong},
          {"hellosReplaced", tls.assemblies.replaced + quic.assemblies.replaced},
          {"hellosExpired", tls.assemblies.expired + quic.assemblies.expired},
          {"quicInitialsUnread", quic.unread}};
}

void MetadataReader::readTcp(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
  if (tls_.read(packet, payload, metadata)) return;
  const uint8_t first = payload.bytes[0];
  if (isLetter(first) || isDigit(first)) {
    if (first == 'S' && set(metadata, MetadataKind::kSsh, readSshPacket(payload, metadata.ssh))) return;
    readLine(packet, payload, metadata);
    return;
  }
  // What is left begins with its length, of which the first octet is small: DNS, OpenVPN and SSH in clear text.
  if (isEither(packet, kDnsPort)) {
    set(metadata, MetadataKind::kDns, readDnsOverTcp(payload, metadata.dns));
  } else if (!set(metadata, MetadataKind::kVpn, readOpenVpnTcp(payload, false, metadata.vpn))) {
    set(metadata, MetadataKind::kSsh, readSshPacket(payload, metadata.ssh));
  }
}

void MetadataReader::readUdp(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
  if (isDns(packet)) {
    set(metadata, MetadataKind::kDns, readDnsMessage(payload, metadata.dns));
    return;
  }
  const bool isNatTraversal = isEither(packet, kNatTraversalPort);
  if (isNatTraversal || isEither(packet, kIkePort)) {
    if (set(metadata, MetadataKind::kVpn, readIke(payload, isNatTraversal, metadata.vpn))) return;
  }
  if (quic_.read(packet, payload, metadata) || tls_.read(packet, payload, metadata)) return;  // DTLS
  const bool isVpn = readWireGuard(payload, metadata.vpn) || readOpenVpnUdp(payload, false, metadata.vpn);
  set(metadata, MetadataKind::kVpn, isVpn);
}

void MetadataReader::readIcmp(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
  set(metadata, MetadataKind::kIcmpEcho, readIcmpEcho(packet, payload, metadata.echo));
}

}  // namespace phantommesh
