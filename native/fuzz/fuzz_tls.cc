// Any payloads as TLS over TCP and DTLS over UDP. Input: one octet for the protocol, then records as in record_input.h.
#include "../src/metadata/tls_reader.h"
#include "mutate_seeds.h"
#include "record_input.h"

using namespace phantommesh;
using namespace phantommesh::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  TlsReader reader(7);
  uint64_t read = 0;
  eachPacket(data + 1, size - 1, data[0] % 2 == 0 ? kTcp : kUdp, [&](const Packet& packet, const Payload& payload) {
    PacketMetadata metadata;
    const bool isRead = reader.read(packet, payload, metadata);
    require(isRead == (metadata.kind == MetadataKind::kTlsHello));
    require(metadata.tls.alpn[sizeof metadata.tls.alpn - 1] == 0);
    require(isRead || metadata.tls.ja4[0] == 0);
    require(!metadata.tls.isServer || metadata.tls.ja4[0] == 0);
    requireJa4(metadata.tls.ja4, packet.protocol == kTcp ? "t" : "d");
    read += isRead;
  });
  const TlsReaderCounters counters = reader.counters();
  require(read <= counters.hellos + counters.cut);
  return 0;
}
