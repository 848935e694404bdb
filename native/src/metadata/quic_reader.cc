#include "quic_reader.h"

#include <algorithm>

namespace phantommesh {

bool QuicReader::readDatagram(const Packet& packet, const Payload& payload, PacketMetadata& metadata) {
  const FlowEnds ends(packet, secret_);
  const uint64_t nowUs = packet.timestampUs;
  Assembly* assembly = nullptr;
  bool isInitial = false;
  bool isLeft = payload.octets < kDatagramOctetsMin;
  QuicPacket found;
  uint32_t at = 0;
  for (int i = 0; i < kPacketsMax && at < payload.captured; ++i, at += found.octets) {
    if (!readQuicPacket(payload.bytes + at, payload.captured - at, payload.octets - at, found)) break;
    if (!found.isInitial) continue;
    ++counters_.initials;
    if (!isInitial) {
      isInitial = true;
      metadata.kind = MetadataKind::kQuicInitial;
      metadata.tls = TlsHello{};  // what was read into this place before is no hello of this packet
      metadata.quicVersion = found.version;
      isLeft = isLeft || isDone(ends.flow, nowUs);
      assembly = isLeft ? nullptr : assembler_.find(ends.flow, nowUs);
      isLeft = isLeft || (assembly != nullptr && assembly->context.client != ends.direction);
    }
    if (isLeft) continue;
    const uint32_t present = std::min(payload.captured - at, found.octets);
    assembly = openPacket(ends, packet, found, {payload.bytes + at, present}, assembly);
    isLeft = assembly == nullptr || advance(*assembly, metadata);
  }
  return isInitial;
}

// The hello of this flow was read, or could not be.
bool QuicReader::isDone(uint64_t flow, uint64_t nowUs) {
  DoneFlow& done = done_[(flow >> 32) % kDoneFlows];
  const auto idleUs = static_cast<int64_t>(nowUs - done.lastUs);
  if (done.flow != flow || idleUs > kDoneUs || idleUs < -kDoneUs) return false;
  done.lastUs = nowUs;
  return true;
}

bool QuicReader::mayDecrypt(uint64_t nowUs) {
  const uint64_t second = nowUs / 1'000'000;
  if (second != second_) {
    second_ = second;
    decryptions_ = 0;
  }
  return decryptions_ < kDecryptionsPerSecond && ++decryptions_ != 0;
}

// The keys follow from the connection id of the client's first packet. A later packet has the server's instead but the
// same keys, unless the server sent a Retry: then new keys follow from the new id (RFC 9001 section 5.2).
QuicReader::Assembly* QuicReader::openPacket(const FlowEnds& ends, const Packet& datagram, const QuicPacket& packet,
                                             std::span<const uint8_t> captured, Assembly* assembly) {
  const uint64_t nowUs = datagram.timestampUs;
  if (!mayDecrypt(nowUs)) return ++counters_.unread, nullptr;
  const auto hasId = [&packet](const Context& context) {
    const std::span known(context.id.data(), context.idOctets);
    return std::equal(known.begin(), known.end(), packet.destinationId.begin(), packet.destinationId.end());
  };
  const auto count = static_cast<uint32_t>(captured.size());
  if (assembly != nullptr) {
    if (protection_.open(assembly->context.keys, packet, captured.data(), count, opened_)) return assembly;
    if (hasId(assembly->context)) return ++counters_.unauthentic, nullptr;
    if (!mayDecrypt(nowUs)) return ++counters_.unread, nullptr;
  }
  QuicKeys keys;
  if (!protection_.derive(*quicVersionOf(packet.version), packet.destinationId, keys) ||
      !protection_.open(keys, packet, captured.data(), count, opened_)) {
    return ++counters_.unauthentic, nullptr;
  }
  if (assembly == nullptr) assembly = &assembler_.open(ends.flow, datagram);
  Context& context = assembly->context;
  context.client = ends.direction;
  context.keys = keys;
  context.idOctets = static_cast<uint8_t>(packet.destinationId.size());
  std::copy(packet.destinationId.begin(), packet.destinationId.end(), context.id.begin());
  return assembly;
}

// Takes the frames of the packet that was opened. True: the hello is whole, or never will be.
bool QuicReader::advance(Assembly& assembly, PacketMetadata& metadata) {
  const bool isCut = !opened_.isAuthentic;
  QuicCursor frames(opened_.frames);
  CryptoFrame frame;
  bool isBroken = false;
  bool isShort = false;
  bool hasRoom = true;
  while (nextCryptoFrame(frames, frame, isBroken)) {
    const auto offset = static_cast<uint32_t>(std::min<uint64_t>(frame.offset, kHelloOctetsMax));
    hasRoom = assembly.add(offset, frame.data) && hasRoom;
    isShort = !frame.isWhole;
  }
  const std::span message(assembly.bytes, assembly.contiguous);
  HandshakeBody body;
  const bool isHello = message.empty() || message[0] == kClientHello;
  const bool hasBody = bodyOf(message, body);
  const bool isWhole = isHello && hasBody && body.present == body.octets;
  if (isWhole || (isCut && isHello && hasBody)) {
    finish(body, metadata);
  } else if (isCut) {
    ++counters_.cut;
  } else if (!isHello || isBroken || isShort) {
    ++counters_.malformed;
  } else if (!hasRoom || (hasBody && body.octets + kHandshakeHeaderOctets > kHelloOctetsMax)) {
    ++counters_.tooLong;
  } else {
    return false;
  }
  done_[(assembly.key >> 32) % kDoneFlows] = {assembly.key, assembly.openedUs};
  assembler_.close(assembly);
  return true;
}

void QuicReader::finish(const HandshakeBody& body, PacketMetadata& metadata) {
  HelloView view;
  const HelloReading reading = readHello(body, view);
  if (reading == HelloReading::kNone) {
    ++counters_.malformed;
    return;
  }
  ++(reading == HelloReading::kWhole ? counters_.hellos : counters_.cut);
  if (reading == HelloReading::kWhole) ja4_.write(view, HelloTransport::kQuic, view.hello.ja4);
  metadata.tls = view.hello;
}

}  // namespace phantommesh
