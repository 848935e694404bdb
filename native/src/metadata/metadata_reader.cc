#include "metadata_reader.h"

#include "dns_message.h"
#include "ftp_line.h"
#include "http_start.h"
#include "icmp_echo.h"
#include "smtp_line.h"
#include "ssh_packet.h"
#include "vpn_message.h"
#include "../header_reader.h"

namespace phantommesh {
namespace {

constexpr uint16_t kFtpPort = 21;
constexpr uint16_t kDnsPort = 53;
constexpr uint16_t kIkePort = 500;
constexpr uint16_t kNatTraversalPort = 4500;  // RFC 3948
constexpr uint16_t kOpenVpnPort = 1194;

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

// The start of each message, so that ciphertext is turned away here: of random octets less than one in a hundred
// passes.

// A command has three letters at least, a reply three digits.
bool mayBeLine(const Payload& payload) {
  const uint8_t* octets = payload.bytes;
  if (payload.captured < 3) return false;
  if (isLetter(octets[0])) return isLetter(octets[1]) && isLetter(octets[2]);
  return isDigit(octets[0]) && isDigit(octets[1]) && isDigit(octets[2]);
}

// RFC 4253 section 6: length (35 000 at most), padding length, message number; those of the key exchange are 20 to 49.
bool mayBeSsh(const Payload& payload) {
  const uint8_t* octets = payload.bytes;
  return payload.captured >= 6 && octets[0] == 0 && octets[1] == 0 && octets[5] >= 20 && octets[5] <= 49;
}

// The resets, which begin a session: of either key method, and with a wrapped client key (ssl_pkt.h). What follows
// them is one telling octet before ciphertext, and is read on OpenVPN's own port only.
constexpr bool isOpenVpnReset(uint8_t octet) {
  const int opcode = octet >> 3;
  return opcode == 1 || opcode == 2 || opcode == 7 || opcode == 8 || opcode == 10;
}

bool readOpenVpn(const Packet& packet, const Payload& payload, VpnMessage& message) {
  const bool isOwnPort = isEither(packet, kOpenVpnPort);
  if (packet.protocol == kUdp) {
    return (isOwnPort || isOpenVpnReset(payload.bytes[0])) && readOpenVpnUdp(payload, isOwnPort, message);
  }
  if (payload.captured < 3 || read16(payload.bytes) + 2u > payload.octets) return false;
  return (isOwnPort || isOpenVpnReset(payload.bytes[2])) && readOpenVpnTcp(payload, isOwnPort, message);
}

// Type 1 to 4 and three reserved octets.
bool mayBeWireGuard(const Payload& payload) {
  const uint8_t* octets = payload.bytes;
  return payload.captured >= 4 && octets[0] - 1u < 4 && (octets[1] | octets[2] | octets[3]) == 0;
}

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

bool MetadataReader::readTcp(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
  if (tls_.read(packet, payload, metadata)) return true;
  if (mayBeLine(payload)) {
    if (payload.bytes[0] == 'S' && set(metadata, MetadataKind::kSsh, readSshPacket(payload, metadata.ssh))) return true;
    return readLine(packet, payload, metadata);
  }
  // What is left begins with its length: DNS, SSH in clear text and OpenVPN.
  if (isEither(packet, kDnsPort)) return set(metadata, MetadataKind::kDns, readDnsOverTcp(payload, metadata.dns));
  if (mayBeSsh(payload)) return set(metadata, MetadataKind::kSsh, readSshPacket(payload, metadata.ssh));
  return set(metadata, MetadataKind::kVpn, readOpenVpn(packet, payload, metadata.vpn));
}

bool MetadataReader::readUdp(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
  if (isDns(packet)) return set(metadata, MetadataKind::kDns, readDnsMessage(payload, metadata.dns));
  const bool isNatTraversal = isEither(packet, kNatTraversalPort);
  if (isNatTraversal || isEither(packet, kIkePort)) {
    if (set(metadata, MetadataKind::kVpn, readIke(payload, isNatTraversal, metadata.vpn))) return true;
  }
  if (quic_.read(packet, payload, metadata) || tls_.read(packet, payload, metadata)) return true;  // DTLS
  const bool isVpn = (mayBeWireGuard(payload) && readWireGuard(payload, metadata.vpn)) ||
                     readOpenVpn(packet, payload, metadata.vpn);
  return set(metadata, MetadataKind::kVpn, isVpn);
}

bool MetadataReader::readIcmp(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
  return set(metadata, MetadataKind::kIcmpEcho, readIcmpEcho(packet, payload, metadata.echo));
}

}  // namespace phantommesh
