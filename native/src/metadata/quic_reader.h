// QUIC Initial packets: the client's first flight is opened, its CRYPTO frames are put in order, and its hello is read.
//
// The frames may come in any order and overlap, in several packets and datagrams, as browsers send them. What the
// client sends later, and what the server sends, is recognised but not opened; so is everything past a number of
// decryptions a second of packet time, so that a flood of Initial packets costs no more than any other.
#pragma once

#include <cstdint>

#include "../decode_transport.h"
#include "../header_reader.h"
#include "../lazy_array.h"
#include "../payload.h"
#include "hello_assembler.h"
#include "ja4.h"
#include "packet_metadata.h"
#include "quic_protection.h"

namespace phantommesh {

struct QuicReaderCounters {
  uint64_t initials = 0;         // Initial packets of a known version, either way
  uint64_t hellos = 0;           // read whole
  uint64_t cut = 0;              // begun, but the capture cut the rest: no JA4
  uint64_t unread = 0;           // not opened: past the decryptions of this second
  uint64_t unauthentic = 0;      // did not open: a wrong tag, a server's packet without its client's, or damage
  uint64_t malformed = 0;        // opened, but no ClientHello, or frames that make no sense
  uint64_t tooLong = 0;          // a ClientHello of more than kHelloOctetsMax
  AssemblyCounters assemblies;
};

class QuicReader {
 public:
  // Some 20 microseconds each: at most 4 % of a core.
  static constexpr uint32_t kDecryptionsPerSecond = 2'000;

  explicit QuicReader(uint64_t hashSecret) : secret_(hashSecret), done_(kDoneFlows) {}

  // True for a datagram with an Initial packet of a known version: metadata.kind and metadata.quicVersion are set, and
  // metadata.tls once this datagram made the hello whole (tls.ja4) or showed the start of one that the capture cut.
  bool read(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
    if (packet.protocol != kUdp || payload.captured < kHeaderOctetsMin) return false;
    if ((payload.bytes[0] & 0xc0) != 0xc0 || quicVersionOf(read32(payload.bytes + 1)) == nullptr) return false;
    return readDatagram(packet, payload, metadata);
  }

  QuicReaderCounters counters() const {
    QuicReaderCounters counters = counters_;
    counters.assemblies = assembler_.counters();
    return counters;
  }

 private:
  struct Context {
    uint64_t client = 0;  // the direction in which it sends
    QuicKeys keys;
    uint8_t idOctets = 0;
    std::array<uint8_t, kQuicIdOctetsMax> id;  // the connection id of `keys`
  };
  using Assembly = HelloAssembler<Context>::Assembly;
  struct DoneFlow {
    uint64_t flow;
    uint64_t lastUs;
  };

  static constexpr uint32_t kHeaderOctetsMin = 7;  // first octet, version, two lengths
  static constexpr int kPacketsMax = 8;            // of a datagram that are looked at
  // RFC 9000 section 14.1: a server drops what comes in less. So does this reader: a hello that nobody answers.
  static constexpr uint32_t kDatagramOctetsMin = 1'200;
  static constexpr size_t kDoneFlows = 4'096;
  // A flow whose hello was read is left alone while Initial packets come, and as long after them.
  static constexpr int64_t kDoneUs = 30'000'000;

  bool readDatagram(const Packet& packet, const Payload& payload, PacketMetadata& metadata);
  bool isDone(uint64_t flow, uint64_t nowUs);
  bool mayDecrypt(uint64_t nowUs);
  // Null when it does not open.
  Assembly* openPacket(const FlowEnds& ends, const Packet& datagram, const QuicPacket& packet,
                       std::span<const uint8_t> captured, Assembly* assembly);
  bool advance(Assembly& assembly, PacketMetadata& metadata);
  void finish(const HandshakeBody& body, PacketMetadata& metadata);

  uint64_t secret_;
  HelloAssembler<Context> assembler_;
  LazyArray<DoneFlow> done_;
  QuicProtection protection_;
  OpenedPacket opened_;
  Ja4 ja4_;
  uint64_t second_ = 0;
  uint32_t decryptions_ = 0;
  QuicReaderCounters counters_;
};

}  // namespace phantommesh
