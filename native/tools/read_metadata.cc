// What the parsers of src/metadata read of a capture, a line of JSON a packet:   read-metadata CAPTURE PACKETS_MAX
//
// For bench/metadata only. Which parser sees a payload: DNS by ports 53, 5353 and 5355, FTP by 21, SMTP by 25 and 587,
// IKE by 500 and 4500; SSH and HTTP on any TCP port, WireGuard and OpenVPN on any UDP port, OpenVPN on any TCP port
// where nothing else was read. OpenVPN beyond its hard resets counts once one was seen between the two endpoints.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <tuple>

#include "../src/capture_file.h"
#include "../src/flow_key.h"
#include "../src/metadata/dns_message.h"
#include "../src/metadata/ftp_line.h"
#include "../src/metadata/http_start.h"
#include "../src/metadata/icmp_echo.h"
#include "../src/metadata/smtp_line.h"
#include "../src/metadata/ssh_packet.h"
#include "../src/metadata/vpn_message.h"

using namespace phantommesh;

namespace {

constexpr const char* kMethods[] = {"", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
                                    "other"};

bool hasPort(const Packet& packet, uint16_t port) {
  return packet.sourcePort == port || packet.destinationPort == port;
}

void printAddresses(const DnsMessage& message) {
  std::printf(",\"addresses\":[");
  for (int i = 0; i < message.addressCount; ++i) {
    const auto* octets = reinterpret_cast<const uint8_t*>(&message.addresses[i]);
    std::printf("%s\"", i > 0 ? "," : "");
    for (int place = 0; place < (message.addressVersions[i] == 4 ? 4 : 16); ++place) std::printf("%02x", octets[place]);
    std::printf("\"");
  }
  std::printf("]");
}

bool printDns(const Packet& packet, const Payload& payload) {
  DnsMessage message;
  const bool isTcp = packet.protocol == kTcp;
  if (!hasPort(packet, 53) && (isTcp || (!hasPort(packet, 5353) && !hasPort(packet, 5355)))) return false;
  if (!(isTcp ? readDnsOverTcp(payload, message) : readDnsMessage(payload, message))) return false;
  std::printf(",\"dns\":{\"id\":%u,\"isCut\":%d,\"rcode\":%d,\"answers\":%u", message.id, message.isCut,
              message.isResponse ? message.responseCode : -1, message.answers);
  if (message.hasQuestion) std::printf(",\"type\":%u,\"nameHash\":%u", message.queryType, message.nameHash);
  printAddresses(message);
  std::printf("}");
  return true;
}

bool printMail(const Packet& packet, const Payload& payload) {
  SmtpLine smtp;
  const bool isFromServer = packet.sourcePort == 25 || packet.sourcePort == 587;
  if (!isFromServer && !hasPort(packet, 25) && !hasPort(packet, 587)) return false;
  if (!readSmtpLine(payload, isFromServer, smtp)) return false;
  std::printf(",\"smtp\":{\"reply\":%u,\"phase\":%d}", smtp.reply, static_cast<int>(smtp.phase));
  return true;
}

bool printFtp(const Packet& packet, const Payload& payload) {
  FtpLine ftp;
  if (!hasPort(packet, 21) || !readFtpLine(payload, packet.sourcePort == 21, ftp)) return false;
  std::printf(",\"ftp\":{\"reply\":%u,\"isUser\":%d,\"dataPort\":%u}", ftp.reply, ftp.isUser, ftp.dataPort);
  return true;
}

bool printAnyTcp(const Payload& payload) {
  SshPacket ssh;
  HttpStart http;
  if (readSshPacket(payload, ssh)) {
    std::printf(",\"ssh\":{\"isBanner\":%d,\"type\":%u,\"softwareHash\":%u}", ssh.isBanner, ssh.messageType,
                ssh.softwareHash);
    return true;
  }
  if (!readHttpStart(payload, http)) return false;
  std::printf(",\"http\":{\"method\":\"%s\",\"status\":%u}", kMethods[static_cast<int>(http.method)], http.status);
  return true;
}

using Endpoints = std::tuple<uint8_t, uint64_t, uint64_t, uint64_t, uint64_t, uint16_t, uint16_t>;

// The same for both directions.
Endpoints endpointsOf(const Packet& packet) {
  const auto from = std::tie(packet.source.high, packet.source.low, packet.sourcePort);
  const auto to = std::tie(packet.destination.high, packet.destination.low, packet.destinationPort);
  const auto& [high, low, port] = std::min(from, to);
  const auto& [otherHigh, otherLow, otherPort] = std::max(from, to);
  return {packet.protocol, high, low, otherHigh, otherLow, port, otherPort};
}

void printVpn(const Packet& packet, const Payload& payload) {
  static std::set<Endpoints> openVpn;
  const bool isUdp = packet.protocol == kUdp;
  const bool isNatTraversal = hasPort(packet, 4500);
  VpnMessage message;
  const bool isIke = isUdp && (hasPort(packet, 500) || isNatTraversal) && readIke(payload, isNatTraversal, message);
  if (!isIke && !(isUdp && readWireGuard(payload, message))) {
    const bool isKnown = openVpn.contains(endpointsOf(packet));
    if (!(isUdp ? readOpenVpnUdp(payload, isKnown, message) : readOpenVpnTcp(payload, isKnown, message))) return;
    openVpn.insert(endpointsOf(packet));
  }
  std::printf(",\"vpn\":{\"application\":%d,\"type\":%u,\"step\":%d}", static_cast<int>(message.application),
              message.type, static_cast<int>(message.step));
}

void print(const Packet& packet, const Payload& payload) {
  IcmpEcho echo;
  if (readIcmpEcho(packet, payload, echo)) {
    std::printf(",\"echo\":{\"isReply\":%d,\"identifier\":%d,\"sequence\":%d}", echo.isReply,
                echo.hasIdentifier ? echo.identifier : -1, echo.hasIdentifier ? echo.sequence : -1);
  }
  if (packet.protocol != kTcp && packet.protocol != kUdp) return;
  if (payload.captured == 0 || printDns(packet, payload)) return;
  if (packet.protocol == kTcp &&
      (printMail(packet, payload) || printFtp(packet, payload) || printAnyTcp(payload))) {
    return;
  }
  printVpn(packet, payload);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return std::fprintf(stderr, "usage: read-metadata CAPTURE PACKETS_MAX\n"), 2;
  const long packetsMax = std::strtol(arguments[2], nullptr, 10);
  try {
    const auto file = CaptureFile::open(arguments[1]);
    RawPacket raw;
    for (long frame = 1; frame <= packetsMax && file->next(raw); ++frame) {
      Packet packet;
      Carried carried;
      if (!raw.linkType || decode(*raw.linkType, raw.captured, packet, carried)) continue;
      std::printf("{\"frame\":%ld", frame);
      print(packet, carried.payload);
      std::printf("}\n");
    }
  } catch (const CaptureFailure&) {
    return 1;  // what could be read was printed
  }
  return 0;
}
