// Any payloads as QUIC, as they came and as the frames of a packet that opened: input as in record_input.h. The frames
// of random packets would hardly ever be reached through the protection, so they are also walked without it.
#include "../src/metadata/quic_reader.h"
#include "mutate_seeds.h"
#include "record_input.h"

using namespace phantommesh;
using namespace phantommesh::fuzz;

namespace {

void walkFrames(std::span<const uint8_t> octets) {
  static volatile uint8_t sink;
  QuicCursor cursor(octets);
  CryptoFrame frame;
  bool isBroken = false;
  size_t frames = 0;
  while (nextCryptoFrame(cursor, frame, isBroken)) {
    for (const uint8_t octet : frame.data) sink = octet;
    require(++frames <= octets.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  QuicReader reader(7);
  uint64_t hellos = 0;
  eachPacket(data, size, kUdp, [&](const Packet& packet, Payload payload) {
    walkFrames({payload.bytes, payload.captured});
    payload.octets += 1'200;  // a datagram that a server would take
    PacketMetadata metadata;
    const bool isRead = reader.read(packet, payload, metadata);
    require(isRead == (metadata.kind == MetadataKind::kQuicInitial));
    require(isRead == (metadata.quicVersion != 0));
    requireJa4(metadata.tls.ja4, "q");
    hellos += metadata.tls.ja4[0] != 0;
  });
  require(hellos == reader.counters().hellos);
  return 0;
}
