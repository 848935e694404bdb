// What the meter's dispatcher reads of a capture, a line of JSON a packet:   read-metadata CAPTURE PACKETS_MAX
//
// For bench/metadata only.
#include <cstdio>
#include <cstdlib>

#include "../src/capture_file.h"
#include "../src/metadata/metadata_reader.h"

using namespace phantommesh;

namespace {

constexpr const char* kMethods[] = {"", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
                                    "other"};

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

void printDns(const DnsMessage& message) {
  std::printf(",\"dns\":{\"id\":%u,\"isCut\":%d,\"rcode\":%d,\"answers\":%u", message.id, message.isCut,
              message.isResponse ? message.responseCode : -1, message.answers);
  if (message.hasQuestion) std::printf(",\"type\":%u,\"nameHash\":%u", message.queryType, message.nameHash);
  printAddresses(message);
  std::printf("}");
}

void print(const PacketMetadata& metadata) {
  const auto& [kind, dns, tls, ssh, http, ftp, smtp, echo, vpn, quicVersion] = metadata;
  switch (kind) {
    case MetadataKind::kDns:
      return printDns(dns);
    case MetadataKind::kSsh:
      std::printf(",\"ssh\":{\"isBanner\":%d,\"type\":%u,\"softwareHash\":%u}", ssh.isBanner, ssh.messageType,
                  ssh.softwareHash);
      return;
    case MetadataKind::kHttp:
      std::printf(",\"http\":{\"method\":\"%s\",\"status\":%u}", kMethods[static_cast<int>(http.method)], http.status);
      return;
    case MetadataKind::kFtp:
      std::printf(",\"ftp\":{\"reply\":%u,\"isUser\":%d,\"dataPort\":%u}", ftp.reply, ftp.isUser, ftp.dataPort);
      return;
    case MetadataKind::kSmtp:
      std::printf(",\"smtp\":{\"reply\":%u,\"phase\":%d}", smtp.reply, static_cast<int>(smtp.phase));
      return;
    case MetadataKind::kIcmpEcho:
      std::printf(",\"echo\":{\"isReply\":%d,\"identifier\":%d,\"sequence\":%d}", echo.isReply,
                  echo.hasIdentifier ? echo.identifier : -1, echo.hasIdentifier ? echo.sequence : -1);
      return;
    case MetadataKind::kVpn:
      std::printf(",\"vpn\":{\"application\":%d,\"type\":%u,\"step\":%d}", static_cast<int>(vpn.application), vpn.type,
                  static_cast<int>(vpn.step));
      return;
    case MetadataKind::kNone:
    case MetadataKind::kTlsHello:     // bench/metadata/ja4-compare.ts compares these,
    case MetadataKind::kQuicInitial:  // and these
      return;
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return std::fprintf(stderr, "usage: read-metadata CAPTURE PACKETS_MAX\n"), 2;
  const long packetsMax = std::strtol(arguments[2], nullptr, 10);
  MetadataReader reader(0x5eed);
  PacketMetadata metadata;
  try {
    const auto file = CaptureFile::open(arguments[1]);
    RawPacket raw;
    for (long frame = 1; frame <= packetsMax && file->next(raw); ++frame) {
      Packet packet;
      Carried carried;
      packet.timestampUs = raw.timestampUs;
      if (!raw.linkType || decode(*raw.linkType, raw.captured, packet, carried)) continue;
      std::printf("{\"frame\":%ld", frame);
      if (reader.read(packet, carried.payload, metadata)) print(metadata);
      std::printf("}\n");
    }
  } catch (const CaptureFailure&) {
    return 1;  // what could be read was printed
  }
  return 0;
}
