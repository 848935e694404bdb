// A ClientHello or ServerHello (RFC 8446 section 4.1, RFC 5246 section 7.4.1, RFC 6347 section 4.2.1) as it lies in
// memory. Pure and total: any octets give a reading, and nothing beyond what is present is read.
#pragma once

#include <cstdint>
#include <span>

#include "packet_metadata.h"

namespace phantommesh {

// Longer hellos are not read. The largest in use, with post-quantum key shares and Encrypted ClientHello, have 2 to 4
// kB.
inline constexpr uint32_t kHelloOctetsMax = 16'384;

enum HandshakeType : uint8_t { kClientHello = 1, kServerHello = 2 };

// Type and 24-bit length (RFC 8446 section 4).
inline constexpr uint32_t kHandshakeHeaderOctets = 4;

// A handshake message without its header, of which the first `present` octets are in memory.
struct HandshakeBody {
  uint8_t type = 0;
  bool isDtls = false;
  const uint8_t* bytes = nullptr;
  uint32_t present = 0;  // at most `octets`
  uint32_t octets = 0;   // by the header
};

// From the octets of a message with its header; false while the header is not there or the type is no hello.
bool bodyOf(std::span<const uint8_t> message, HandshakeBody& body);

enum class HelloReading : uint8_t {
  kNone,   // not a hello: lengths that contradict each other, or no version that exists
  kCut,    // begins as one; what was present has been read
  kWhole,
};

// What was read. The lists are views into the message, each of whole elements; of a cut hello they may be incomplete.
struct HelloView {
  TlsHello hello;
  std::span<const uint8_t> cipherSuites;         // of 2 octets
  std::span<const uint8_t> extensions;           // type, length, data
  std::span<const uint8_t> signatureAlgorithms;  // of 2 octets
  std::span<const uint8_t> versions;             // of 2 octets
  std::span<const uint8_t> alpn;                 // the first protocol
  uint16_t legacyVersion = 0;
  bool hasVersions = false;                      // extension supported_versions
};

HelloReading readHello(const HandshakeBody& body, HelloView& view);

// RFC 8701: reserved values that a client sends to keep servers tolerant: 0x0a0a, 0x1a1a ... 0xfafa.
constexpr bool isGrease(uint16_t value) { return (value & 0x0f0f) == 0x0a0a && (value >> 8) == (value & 0xff); }

// IANA TLS ExtensionType values that are read.
enum ExtensionType : uint16_t {
  kServerNameExtension = 0,
  kSignatureAlgorithmsExtension = 13,
  kAlpnExtension = 16,
  kSupportedVersionsExtension = 43,
};

}  // namespace phantommesh
