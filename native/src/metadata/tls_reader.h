// TLS hellos over TCP, on any port and at any place of a stream (STARTTLS), and DTLS hellos over UDP.
//
// A hello that its first segment holds whole, as nearly all do, is read where it lies. One that goes on is collected in
// a bounded buffer by sequence number (TCP) or fragment offset (DTLS). The first segment must come first; the others
// may come in any order, overlap and repeat.
#pragma once

#include <cstdint>

#include "../decode_transport.h"
#include "../payload.h"
#include "hello_assembler.h"
#include "ja4.h"
#include "packet_metadata.h"
#include "tls_hello.h"

namespace phantommesh {

struct TlsReaderCounters {
  uint64_t hellos = 0;     // read whole
  uint64_t cut = 0;        // begun, but the capture cut the rest: no JA4
  uint64_t malformed = 0;  // given up: not the hello that the first octets promised
  uint64_t tooLong = 0;    // given up: longer than kHelloOctetsMax with its record headers
  AssemblyCounters assemblies;
};

class TlsReader {
 public:
  explicit TlsReader(uint64_t hashSecret) : secret_(hashSecret) {}

  // True when this packet completed a hello, or began one that the capture cut: metadata.kind and metadata.tls are
  // set, with tls.ja4 for a whole ClientHello only.
  bool read(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
    if (packet.protocol == kTcp) {
      const bool isStart = startsStream(payload);
      if (!isStart && (!assembler_.mayHold(packet) || payload.captured == 0)) return false;
      return readSegment(packet, payload, isStart, metadata);
    }
    if (packet.protocol == kUdp && startsDatagram(payload)) return readDatagram(packet, payload, metadata);
    return false;
  }

  TlsReaderCounters counters() const {
    TlsReaderCounters counters = counters_;
    counters.assemblies = assembler_.counters();
    return counters;
  }

 private:
  // One message of one sender. In TCP the buffer holds the stream from the record that begins the hello on; the record
  // headers are taken out in place as soon as there is no hole before them.
  struct Context {
    uint32_t firstSequence = 0;
    uint32_t unwrapped = 0;   // stream octets worked off
    uint32_t recordLeft = 0;  // octets of the record under way that are still to come
    uint32_t message = 0;     // octets of the message, at the start of the buffer
    uint32_t body = 0;        // DTLS: length of the message's body
  };
  using Assembly = HelloAssembler<Context>::Assembly;
  enum class Progress : uint8_t { kWaiting, kMalformed, kTooLong, kReady };

  static constexpr uint8_t kHandshakeRecord = 22;          // RFC 8446 section 5.1, ContentType
  static constexpr uint32_t kRecordOctetsMax = 16'384;     // of a record in clear text
  static constexpr uint32_t kRecordHeaderOctets = 5;
  static constexpr uint32_t kDtlsRecordHeaderOctets = 13;  // RFC 6347 section 4.1
  static constexpr uint32_t kDtlsHeaderOctets = 12;        // section 4.2.2, of a handshake message
  static constexpr int kDtlsRecordsMax = 8;                // of a datagram that are looked at

  // Type, version, length and the type of the message, as far as the segment goes.
  static bool startsStream(const Payload& payload) {
    const uint8_t* const bytes = payload.bytes;
    const uint32_t count = payload.captured;
    if (count == 0 || bytes[0] != kHandshakeRecord) return false;
    if (count < kRecordHeaderOctets + 1 && count < payload.octets) return false;
    if ((count > 1 && bytes[1] != 3) || (count > 2 && bytes[2] > 4)) return false;
    if (count > 4 && !isRecordLength(static_cast<uint32_t>(bytes[3] << 8 | bytes[4]))) return false;
    return count <= kRecordHeaderOctets || bytes[5] == kClientHello || bytes[5] == kServerHello;
  }
  // Likewise, in epoch 0, which is in clear text.
  static bool startsDatagram(const Payload& payload) {
    const uint8_t* const bytes = payload.bytes;
    return payload.captured >= kDtlsRecordHeaderOctets + kDtlsHeaderOctets && bytes[0] == kHandshakeRecord &&
           bytes[1] == 0xfe && bytes[3] == 0 && bytes[4] == 0;
  }
  static bool isRecordLength(uint32_t octets) { return octets > 0 && octets <= kRecordOctetsMax; }

  bool readSegment(const Packet& packet, const Payload& payload, bool isStart, PacketMetadata& metadata);
  bool readInPlace(const Payload& payload, bool& isDone, PacketMetadata& metadata);
  bool advance(Assembly& assembly, bool isCut, PacketMetadata& metadata);
  static Progress unwrap(Assembly& assembly);
  static Progress progressOf(const Assembly& assembly);
  bool readDatagram(const Packet& packet, const Payload& payload, PacketMetadata& metadata);
  bool readFragment(const Packet& packet, std::span<const uint8_t> message, bool isCut, PacketMetadata& metadata);
  bool finish(const HandshakeBody& body, PacketMetadata& metadata);

  uint64_t secret_;
  HelloAssembler<Context> assembler_;
  Ja4 ja4_;
  TlsReaderCounters counters_;
};

}  // namespace phantommesh
