#include "tls_reader.h"

#include <algorithm>
#include <cstring>

#include "../header_reader.h"

namespace phantommesh {
namespace {

// The least body of a hello: version, random, session id, cipher suite, compression.
constexpr uint32_t kBodyOctetsMin = 2 + 32 + 1 + 2 + 1;

// What else begins like a hello, by chance, is an encrypted handshake record: its next octets are anything.
bool isPlausible(std::span<const uint8_t> message) {
  if (message.size() < kHandshakeHeaderOctets) return true;
  const uint32_t octets = read32(message.data()) & 0xff'ffff;
  return octets >= kBodyOctetsMin && octets <= 0xffff &&
         (message.size() == kHandshakeHeaderOctets || message[kHandshakeHeaderOctets] == 3);
}

uint32_t read24(const uint8_t* bytes) { return uint32_t{bytes[0]} << 16 | read16(bytes + 1); }

}  // namespace

bool TlsReader::readSegment(const Packet& packet, const Payload& payload, bool isStart, PacketMetadata& metadata) {
  const FlowEnds ends(packet, secret_);
  // A SYN takes a sequence number of its own before the data (RFC 9293 section 3.4).
  const uint32_t sequence = packet.tcpSequence + ((packet.tcpBits & kSyn) != 0 ? 1 : 0);
  Assembly* assembly = assembler_.find(ends.direction, packet.timestampUs);
  // Far away from what is being collected: another hello of the same flow, or of the next with its ports.
  if (assembly != nullptr && isStart && sequence - assembly->context.firstSequence >= kHelloOctetsMax) {
    assembler_.close(*assembly);
    assembly = nullptr;
  }
  if (assembly == nullptr) {
    if (!isStart) return false;
    bool isDone = false;
    const bool isRead = readInPlace(payload, isDone, metadata);
    if (isDone) return isRead;
    assembly = &assembler_.open(ends.direction, packet);
    assembly->context.firstSequence = sequence;
  }
  const uint32_t offset = sequence - assembly->context.firstSequence;
  assembly->add(offset, {payload.bytes, payload.captured});
  return advance(*assembly, payload.captured < payload.octets, metadata);
}

// The hello as the first record holds it. Not done: it goes on behind this segment.
bool TlsReader::readInPlace(const Payload& payload, bool& isDone, PacketMetadata& metadata) {
  isDone = true;
  if (payload.captured > kRecordHeaderOctets) {
    const uint32_t record = read16(payload.bytes + 3);
    const std::span message(payload.bytes + kRecordHeaderOctets,
                            std::min(record, payload.captured - kRecordHeaderOctets));
    HandshakeBody body;
    if (!isPlausible(message)) {
      ++counters_.malformed;
      return false;
    }
    const bool isCut = payload.captured < payload.octets;
    if (bodyOf(message, body) && (body.present == body.octets || isCut)) return finish(body, metadata);
    if (isCut) return ++counters_.cut, false;
  }
  isDone = false;
  return false;
}

bool TlsReader::advance(Assembly& assembly, bool isCut, PacketMetadata& metadata) {
  Progress progress = unwrap(assembly);
  // What the capture cut never comes: what is there is read now.
  if (progress == Progress::kWaiting && isCut) progress = Progress::kReady;
  if (progress == Progress::kWaiting) return false;
  assembler_.close(assembly);  // its octets stay until the next is opened
  if (progress == Progress::kMalformed) return ++counters_.malformed, false;
  if (progress == Progress::kTooLong) return ++counters_.tooLong, false;
  HandshakeBody body;
  if (!bodyOf({assembly.bytes, assembly.context.message}, body)) return ++counters_.cut, false;
  return finish(body, metadata);
}

// Takes the record headers out of what is there without a hole. What has been worked off is never added again, so it
// may be overwritten; every octet is moved once.
TlsReader::Progress TlsReader::unwrap(Assembly& assembly) {
  Context& context = assembly.context;
  while (context.unwrapped < assembly.contiguous) {
    const uint8_t* const next = assembly.bytes + context.unwrapped;
    const uint32_t left = assembly.contiguous - context.unwrapped;
    if (context.recordLeft == 0) {
      if (left < kRecordHeaderOctets) break;
      context.recordLeft = read16(next + 3);
      if (next[0] != kHandshakeRecord || next[1] != 3 || !isRecordLength(context.recordLeft)) {
        return Progress::kMalformed;
      }
      context.unwrapped += kRecordHeaderOctets;
      continue;
    }
    const uint32_t taken = std::min(left, context.recordLeft);
    std::memmove(assembly.bytes + context.message, next, taken);
    context.message += taken;
    context.recordLeft -= taken;
    context.unwrapped += taken;
    if (progressOf(assembly) != Progress::kWaiting) break;
  }
  return progressOf(assembly);
}

TlsReader::Progress TlsReader::progressOf(const Assembly& assembly) {
  const std::span message(assembly.bytes, assembly.context.message);
  if (message.empty()) return Progress::kWaiting;
  HandshakeBody body;
  if (message[0] != kClientHello && message[0] != kServerHello) return Progress::kMalformed;
  if (!isPlausible(message)) return Progress::kMalformed;
  if (!bodyOf(message, body)) return Progress::kWaiting;
  if (body.present == body.octets) return Progress::kReady;
  const bool isFull = assembly.contiguous == kHelloOctetsMax;
  return isFull || body.octets + kHandshakeHeaderOctets > kHelloOctetsMax ? Progress::kTooLong : Progress::kWaiting;
}

bool TlsReader::readDatagram(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
  uint32_t at = 0;
  for (int i = 0; i < kDtlsRecordsMax && startsDatagram({payload.bytes + at, payload.captured - at, 0}); ++i) {
    const uint8_t* const record = payload.bytes + at;
    const uint32_t octets = read16(record + 11);
    if (octets < kDtlsHeaderOctets) return false;
    const uint32_t present = std::min(octets, payload.captured - at - kDtlsRecordHeaderOctets);
    const std::span message(record + kDtlsRecordHeaderOctets, present);
    if (readFragment(packet, message, present < octets, metadata)) return true;
    at += kDtlsRecordHeaderOctets + present;
  }
  return false;
}

// RFC 6347 section 4.2.2: type, length, number, then offset and length of the fragment.
bool TlsReader::readFragment(const Packet& packet, std::span<const uint8_t> message, bool isCut,
                             PacketMetadata& metadata) {
  if (message[0] != kClientHello && message[0] != kServerHello) return false;
  HandshakeBody body{message[0], true, message.data() + kDtlsHeaderOctets, 0, read24(&message[1])};
  const uint32_t offset = read24(&message[6]);
  const uint32_t octets = read24(&message[9]);
  body.present = std::min(octets, static_cast<uint32_t>(message.size()) - kDtlsHeaderOctets);
  if (body.octets < kBodyOctetsMin || offset > body.octets || octets > body.octets - offset) return false;
  if (body.octets > kHelloOctetsMax) return ++counters_.tooLong, false;
  isCut = isCut || body.present < octets;
  if (offset == 0 && (octets == body.octets || isCut)) return finish(body, metadata);

  // The number tells a second hello, which answers a cookie, from the first.
  const uint64_t number = uint64_t{body.type} << 16 | read16(&message[4]);
  const uint64_t key = mixHash(FlowEnds(packet, secret_).direction, number) | 1;
  Assembly* assembly = assembler_.find(key, packet.timestampUs);
  if (assembly == nullptr) {
    assembly = &assembler_.open(key, packet);
    assembly->context.body = body.octets;
  }
  assembly->add(offset, {body.bytes, body.present});
  if (assembly->context.body == body.octets && assembly->contiguous < body.octets && !isCut) return false;
  body.bytes = assembly->bytes;
  body.present = std::min(assembly->contiguous, body.octets);
  const bool isSame = assembly->context.body == body.octets;
  assembler_.close(*assembly);
  if (!isSame || body.present == 0) return ++counters_.malformed, false;
  return finish(body, metadata);
}

bool TlsReader::finish(const HandshakeBody& body, PacketMetadata& metadata) {
  HelloView view;
  const HelloReading reading = readHello(body, view);
  if (reading == HelloReading::kNone) {
    ++counters_.malformed;
    return false;
  }
  ++(reading == HelloReading::kWhole ? counters_.hellos : counters_.cut);
  if (reading == HelloReading::kWhole && !view.hello.isServer) {
    ja4_.write(view, body.isDtls ? HelloTransport::kDtls : HelloTransport::kTcp, view.hello.ja4);
  }
  metadata.kind = MetadataKind::kTlsHello;
  metadata.tls = view.hello;
  return true;
}

}  // namespace phantommesh
