#include "tls_hello.h"

#include <algorithm>

#include "../header_reader.h"

namespace phantommesh {
namespace {

constexpr uint32_t kRandomOctets = 32;
constexpr uint32_t kSessionIdOctetsMax = 32;

// Numbers and vectors of the presentation language (RFC 8446 section 3) from a structure of which only the start may
// be present. What lies behind what is present is "cut", what lies behind the structure's own end is "broken"; after
// either every number is 0 and every vector empty.
class Cursor {
 public:
  Cursor(const uint8_t* bytes, uint32_t present, uint32_t octets) : bytes_(bytes), present_(present), octets_(octets) {}

  bool isCut() const { return isCut_; }
  bool isBroken() const { return isBroken_; }
  bool isSound() const { return !isCut_ && !isBroken_; }
  bool isAtEnd() const { return at_ == octets_; }
  uint32_t octets() const { return octets_; }

  uint32_t number(uint32_t width) {
    if (!reach(width)) return 0;
    uint32_t value = 0;
    for (uint32_t i = 0; i < width; ++i) value = value << 8 | bytes_[at_ + i];
    at_ += width;
    return value;
  }
  void skip(uint32_t count) {
    if (reach(count)) at_ += count;
  }
  // A vector with its length before it. Its start can be read even when its end is cut; without its length it is
  // broken.
  Cursor vector(uint32_t lengthWidth) {
    const uint32_t length = number(lengthWidth);
    if (isSound() && length > octets_ - at_) isBroken_ = true;
    if (!isSound()) return nothing();
    const Cursor inner(bytes_ + at_, std::min(length, present_ - at_), length);
    if (inner.present_ < length) {
      isCut_ = true;
    } else {
      at_ += length;
    }
    return inner;
  }
  std::span<const uint8_t> all() const { return {bytes_, present_}; }
  // As many whole pairs of octets as are present.
  std::span<const uint8_t> pairs() const { return {bytes_, present_ & ~1u}; }

 private:
  static Cursor nothing() {
    Cursor cursor(nullptr, 0, 0);
    cursor.isBroken_ = true;
    return cursor;
  }
  bool reach(uint32_t count) {
    if (!isSound()) return false;
    if (count > octets_ - at_) {
      isBroken_ = true;
    } else if (count > present_ - at_) {
      isCut_ = true;
    }
    return isSound();
  }

  const uint8_t* bytes_;
  uint32_t at_ = 0;  // never beyond present_
  uint32_t present_;
  uint32_t octets_;
  bool isCut_ = false;
  bool isBroken_ = false;
};

// RFC 6066 section 3. A server name extension without a host name still is one.
void readServerName(Cursor data, TlsHello& hello) {
  hello.hasServerName = true;
  Cursor names = data.vector(2);
  const bool isHostName = names.number(1) == 0;
  const uint32_t octets = names.number(2);
  if (names.isSound() && isHostName) hello.serverNameOctets = static_cast<uint16_t>(octets);
}

// RFC 7301: the first protocol of the list; a server sends a list of one.
void readAlpn(Cursor data, HelloView& view) {
  Cursor protocols = data.vector(2);
  const Cursor first = protocols.vector(1);
  if (!protocols.isSound()) return;
  view.alpn = first.all();
  const size_t kept = std::min(view.alpn.size(), sizeof view.hello.alpn - 1);
  for (size_t i = 0; i < kept; ++i) {
    const uint8_t octet = view.alpn[i];
    view.hello.alpn[i] = octet > ' ' && octet < 0x7f ? static_cast<char>(octet) : '?';
  }
}

// RFC 8446 section 4.2.1. The newest version: TLS counts up, DTLS down.
void readOfferedVersions(Cursor data, bool isDtls, HelloView& view) {
  view.hasVersions = true;
  view.versions = data.vector(1).pairs();
  uint16_t newest = 0;
  for (size_t i = 0; i < view.versions.size(); i += 2) {
    const uint16_t version = read16(&view.versions[i]);
    if (isGrease(version)) continue;
    if (newest == 0 || (isDtls ? version < newest : version > newest)) newest = version;
  }
  if (newest != 0) view.hello.version = newest;
}

void readChosenVersion(Cursor data, TlsHello& hello) {
  const uint32_t version = data.number(2);
  if (data.isSound()) hello.version = static_cast<uint16_t>(version);
}

// Each extension counts once: a repeated one is forbidden (RFC 8446 section 4.2), and the first is what is read.
void readExtension(uint32_t type, const Cursor& data, bool isDtls, HelloView& view) {
  const bool isServer = view.hello.isServer;
  switch (type) {
    case kServerNameExtension:
      if (!isServer && !view.hello.hasServerName) readServerName(data, view.hello);
      return;
    case kAlpnExtension:
      if (view.alpn.empty()) readAlpn(data, view);
      return;
    case kSignatureAlgorithmsExtension:
      if (view.signatureAlgorithms.empty()) view.signatureAlgorithms = Cursor(data).vector(2).pairs();
      return;
    case kSupportedVersionsExtension:
      if (isServer) return readChosenVersion(data, view.hello);
      if (!view.hasVersions) readOfferedVersions(data, isDtls, view);
      return;
    default:
      return;
  }
}

// False when their lengths contradict each other.
bool readExtensions(Cursor& body, bool isDtls, HelloView& view) {
  if (!body.isSound() || body.isAtEnd()) return true;  // none: SSL 3 and early TLS
  Cursor extensions = body.vector(2);
  view.extensions = extensions.all();
  while (extensions.isSound() && !extensions.isAtEnd()) {
    const uint32_t type = extensions.number(2);
    const Cursor data = extensions.vector(2);
    if (!data.isBroken()) readExtension(type, data, isDtls, view);
  }
  return body.isCut() || !extensions.isBroken();
}

// What both hellos begin with. False: neither.
bool readStart(Cursor& body, bool isDtls, HelloView& view) {
  const uint32_t version = body.number(2);
  if (body.isCut()) return true;
  // SSL 3.0 and every TLS have major version 3; DTLS writes the complement of 1.x.
  if (version >> 8 != (isDtls ? 0xfe : 0x03)) return false;
  view.hello.version = view.legacyVersion = static_cast<uint16_t>(version);
  body.skip(kRandomOctets);
  return body.vector(1).octets() <= kSessionIdOctetsMax;
}

}  // namespace

bool bodyOf(std::span<const uint8_t> message, HandshakeBody& body) {
  if (message.size() < kHandshakeHeaderOctets) return false;
  if (message[0] != kClientHello && message[0] != kServerHello) return false;
  body.type = message[0];
  body.octets = read32(message.data()) & 0xff'ffff;
  body.bytes = message.data() + kHandshakeHeaderOctets;
  body.present = static_cast<uint32_t>(std::min<size_t>(message.size() - kHandshakeHeaderOctets, body.octets));
  return true;
}

HelloReading readHello(const HandshakeBody& source, HelloView& view) {
  view = HelloView{};
  TlsHello& hello = view.hello;
  hello.isServer = source.type == kServerHello;
  Cursor body(source.bytes, source.present, source.octets);
  if (!readStart(body, source.isDtls, view)) return HelloReading::kNone;
  if (hello.isServer) {
    hello.cipherSuite = static_cast<uint16_t>(body.number(2));
    body.skip(1);  // compression method
  } else {
    if (source.isDtls) body.vector(1);  // cookie
    const Cursor suites = body.vector(2);
    if (suites.octets() % 2 != 0) return HelloReading::kNone;
    view.cipherSuites = suites.pairs();
    body.vector(1);  // compression methods
  }
  const bool isOrdered = readExtensions(body, source.isDtls, view);
  if (!isOrdered || body.isBroken()) return HelloReading::kNone;
  if (body.isCut()) return HelloReading::kCut;
  return body.isAtEnd() ? HelloReading::kWhole : HelloReading::kNone;
}

}  // namespace phantommesh
