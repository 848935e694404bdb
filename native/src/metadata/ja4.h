// JA4, the fingerprint of a TLS client (FoxIO, technical_details/JA4.md of https://github.com/FoxIO-LLC/ja4).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sha256.h"
#include "tls_hello.h"

namespace phantommesh {

// JA4's first letter.
enum class HelloTransport : char { kTcp = 't', kQuic = 'q', kDtls = 'd' };

class Ja4 {
 public:
  // Of a whole ClientHello of at most kHelloOctetsMax; false, with no text, where OpenSSL refused.
  bool write(const HelloView& view, HelloTransport transport, char (&text)[37]);

 private:
  size_t gatherSuites(const HelloView& view);
  size_t gatherExtensions(const HelloView& view, uint32_t& counted);
  bool writeHash(size_t sorted, std::span<const uint8_t> following, char* text);
  void addNumber(uint16_t value, char before);
  void flush();

  Sha256 sha256_;
  std::array<uint16_t, kHelloOctetsMax / 2> values_;
  std::array<uint8_t, 320> text_;  // 64 numbers: nearly every list is hashed in one call
  size_t textOctets_ = 0;
};

}  // namespace phantommesh
