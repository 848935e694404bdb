#include "ja4.h"

#include <algorithm>
#include <cstring>

#include "../header_reader.h"

namespace phantommesh {
namespace {

constexpr size_t kHashCharacters = 12;
constexpr char kHexDigits[] = "0123456789abcdef";

const char* versionText(uint16_t version) {
  switch (version) {
    case 0x0304: return "13";
    case 0x0303: return "12";
    case 0x0302: return "11";
    case 0x0301: return "10";
    case 0x0300: return "s3";
    case 0x0002: return "s2";
    case 0xfeff: return "d1";
    case 0xfefd: return "d2";
    case 0xfefc: return "d3";
    default: return "00";
  }
}

// "The highest value in the extension": the number, also in DTLS, where a higher number is an older version.
uint16_t versionOf(const HelloView& view) {
  if (!view.hasVersions) return view.legacyVersion;
  uint16_t highest = 0;
  for (size_t i = 0; i + 1 < view.versions.size(); i += 2) {
    const uint16_t version = read16(&view.versions[i]);
    if (!isGrease(version)) highest = std::max(highest, version);
  }
  return highest;
}

char* writeCount(size_t count, char* text) {
  const size_t shown = std::min<size_t>(count, 99);
  *text++ = static_cast<char>('0' + shown / 10);
  *text++ = static_cast<char>('0' + shown % 10);
  return text;
}

constexpr bool isAlphanumeric(uint8_t octet) {
  return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
}

// First and last character of the first protocol, or of its hexadecimal text where one of them is no letter or digit.
char* writeAlpn(std::span<const uint8_t> alpn, char* text) {
  const uint8_t first = alpn.empty() ? '0' : alpn.front();
  const uint8_t last = alpn.empty() ? '0' : alpn.back();
  const bool isPlain = isAlphanumeric(first) && isAlphanumeric(last);
  *text++ = isPlain ? static_cast<char>(first) : kHexDigits[first >> 4];
  *text++ = isPlain ? static_cast<char>(last) : kHexDigits[last & 15];
  return text;
}

}  // namespace

bool Ja4::write(const HelloView& view, HelloTransport transport, char (&text)[37]) {
  char* at = text;
  *at++ = static_cast<char>(transport);
  std::memcpy(at, versionText(versionOf(view)), 2);
  at += 2;
  *at++ = view.hello.hasServerName ? 'd' : 'i';
  const size_t suites = gatherSuites(view);
  at = writeCount(suites, at);
  char* const extensionCount = at;
  at = writeAlpn(view.alpn, at + 2);
  *at++ = '_';
  bool isSound = writeHash(suites, {}, at);
  at += kHashCharacters;
  *at++ = '_';
  uint32_t counted = 0;
  const size_t extensions = gatherExtensions(view, counted);
  writeCount(counted, extensionCount);
  isSound = writeHash(extensions, view.signatureAlgorithms, at) && isSound;
  at[kHashCharacters] = 0;
  if (!isSound) text[0] = 0;
  return isSound;
}

// Into values_, without GREASE.
size_t Ja4::gatherSuites(const HelloView& view) {
  size_t count = 0;
  for (size_t i = 0; i + 1 < view.cipherSuites.size() && count < values_.size(); i += 2) {
    const uint16_t suite = read16(&view.cipherSuites[i]);
    if (!isGrease(suite)) values_[count++] = suite;
  }
  return count;
}

// Into values_, without GREASE, server name and ALPN; the latter two are counted.
size_t Ja4::gatherExtensions(const HelloView& view, uint32_t& counted) {
  size_t count = 0;
  for (size_t at = 0; at + 4 <= view.extensions.size() && count < values_.size();) {
    const uint16_t type = read16(&view.extensions[at]);
    at += 4u + read16(&view.extensions[at + 2]);
    if (isGrease(type)) continue;
    ++counted;
    if (type != kServerNameExtension && type != kAlpnExtension) values_[count++] = type;
  }
  return count;
}

// Of the first `count` values, sorted, and of what follows them in its own order.
bool Ja4::writeHash(size_t count, std::span<const uint8_t> following, char* text) {
  if (count == 0) {
    std::memset(text, '0', kHashCharacters);
    return true;
  }
  std::sort(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(count));
  sha256_.start();
  for (size_t i = 0; i < count; ++i) addNumber(values_[i], i == 0 ? '\0' : ',');
  char separator = '_';
  for (size_t i = 0; i + 1 < following.size(); i += 2) {
    const uint16_t value = read16(&following[i]);
    if (isGrease(value)) continue;
    addNumber(value, separator);
    separator = ',';
  }
  flush();
  Sha256::Digest digest;
  const bool isSound = sha256_.finish(digest);
  for (size_t i = 0; i < kHashCharacters / 2; ++i) {
    text[2 * i] = kHexDigits[digest[i] >> 4];
    text[2 * i + 1] = kHexDigits[digest[i] & 15];
  }
  return isSound;
}

// As four hexadecimal digits, after `before` unless that is 0.
void Ja4::addNumber(uint16_t value, char before) {
  if (textOctets_ + 5 > text_.size()) flush();
  if (before != '\0') text_[textOctets_++] = static_cast<uint8_t>(before);
  for (int shift = 12; shift >= 0; shift -= 4) {
    text_[textOctets_++] = static_cast<uint8_t>(kHexDigits[value >> shift & 15]);
  }
}

void Ja4::flush() {
  sha256_.add(std::span(text_).first(textOctets_));
  textOctets_ = 0;
}

}  // namespace phantommesh
