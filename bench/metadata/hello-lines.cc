// The TLS and QUIC hellos of a capture as the agent's readers find them, one JSON object a line:   hello-lines CAPTURE
// Then a line of counters. Only for bench/metadata/ja4-compare.ts.
#include <arpa/inet.h>

#include <cinttypes>
#include <cstdio>
#include <string>

#include "../../native/src/capture_file.h"
#include "../../native/src/metadata/quic_reader.h"
#include "../../native/src/metadata/tls_reader.h"

using namespace phantommesh;

namespace {

std::string textOf(const Address& address, uint8_t ipVersion, uint16_t port) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(ipVersion == 4 ? AF_INET : AF_INET6, &address, text, sizeof text);
  return std::string(text) + " " + std::to_string(port);
}

void printHello(const Packet& packet, const PacketMetadata& metadata) {
  const TlsHello& hello = metadata.tls;
  std::printf(
      "{\"flow\":\"%s > %s %s\",\"kind\":\"%s\",\"isServer\":%s,\"version\":%u,\"cipherSuite\":%u,"
      "\"hasServerName\":%s,\"serverNameOctets\":%u,\"ja4\":\"%s\"}\n",
      textOf(packet.source, packet.ipVersion, packet.sourcePort).c_str(),
      textOf(packet.destination, packet.ipVersion, packet.destinationPort).c_str(),
      packet.protocol == kTcp ? "tcp" : "udp", metadata.kind == MetadataKind::kTlsHello ? "tls" : "quic",
      hello.isServer ? "true" : "false", hello.version, hello.cipherSuite, hello.hasServerName ? "true" : "false",
      hello.serverNameOctets, hello.ja4);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::fprintf(stderr, "usage: %s CAPTURE\n", arguments[0]), 2;
  TlsReader tls(0x5eed);
  QuicReader quic(0x5eed);
  uint64_t packets = 0;
  try {
    const auto file = CaptureFile::open(arguments[1]);
    RawPacket raw;
    Packet packet;
    Carried carried;
    while (file->next(raw)) {
      ++packets;
      packet.timestampUs = raw.timestampUs;
      if (!raw.linkType || decode(*raw.linkType, raw.captured, packet, carried)) continue;
      PacketMetadata metadata;
      if (tls.read(packet, carried.payload, metadata)) {
        printHello(packet, metadata);
      } else if (quic.read(packet, carried.payload, metadata) && metadata.tls.version != 0) {
        printHello(packet, metadata);
      }
    }
  } catch (const CaptureFailure& failure) {
    std::fprintf(stderr, "%s: the file ends with a failure\n", arguments[1]);
  }
  const TlsReaderCounters t = tls.counters();
  const QuicReaderCounters q = quic.counters();
  std::printf("{\"packets\":%" PRIu64 ",\"tls\":{\"hellos\":%" PRIu64 ",\"cut\":%" PRIu64 ",\"malformed\":%" PRIu64
              ",\"tooLong\":%" PRIu64 ",\"opened\":%" PRIu64 ",\"replaced\":%" PRIu64 ",\"expired\":%" PRIu64 "},",
              packets, t.hellos, t.cut, t.malformed, t.tooLong, t.assemblies.opened, t.assemblies.replaced,
              t.assemblies.expired);
  std::printf("\"quic\":{\"initials\":%" PRIu64 ",\"hellos\":%" PRIu64 ",\"cut\":%" PRIu64 ",\"unread\":%" PRIu64
              ",\"unauthentic\":%" PRIu64 ",\"malformed\":%" PRIu64 ",\"tooLong\":%" PRIu64 ",\"opened\":%" PRIu64
              ",\"replaced\":%" PRIu64 ",\"expired\":%" PRIu64 "}}\n",
              q.initials, q.hellos, q.cut, q.unread, q.unauthentic, q.malformed, q.tooLong, q.assemblies.opened,
              q.assemblies.replaced, q.assemblies.expired);
}
