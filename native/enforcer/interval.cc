#include "interval.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace enforcer {

namespace {

constexpr Number mappedPrefix = Number{0xffff} << 32;  // ::ffff:0:0/96, RFC 4291 section 2.5.5.2

Number hostMask(int hostBits) { return hostBits >= 128 ? ~Number{0} : (Number{1} << hostBits) - 1; }

Interval unmapped(const Interval& interval) {
  const bool mapped = interval.family == Family::v6 && (interval.first >> 32) == (mappedPrefix >> 32) &&
                      (interval.last >> 32) == (mappedPrefix >> 32);
  if (!mapped) return interval;
  return {Family::v4, interval.first & 0xffffffffU, interval.last & 0xffffffffU};
}

std::string formatAddress(Family family, Number address) {
  uint8_t bytes[16];
  char text[INET6_ADDRSTRLEN];
  toBytes(family, address, bytes);
  inet_ntop(family == Family::v4 ? AF_INET : AF_INET6, bytes, text, sizeof text);
  return text;
}

// How many low bits can vary so that a block starting at `first` stays aligned and ends at or before `last`.
int widestBlock(const Interval& interval, Number first) {
  int bits = 0;
  while (bits < bitsOf(interval.family)) {
    const Number mask = hostMask(bits + 1);
    if ((first & mask) != 0 || mask > interval.last - first) break;
    ++bits;
  }
  return bits;
}

}  // namespace

Interval hostFromBytes(Family family, const void* bytes) {
  Number address = 0;
  for (int i = 0; i < bitsOf(family) / 8; ++i) address = address << 8 | static_cast<const uint8_t*>(bytes)[i];
  return unmapped({family, address, address});
}

void toBytes(Family family, Number address, void* bytes) {
  for (int i = bitsOf(family) / 8 - 1; i >= 0; --i, address >>= 8) {
    static_cast<uint8_t*>(bytes)[i] = static_cast<uint8_t>(address);
  }
}

std::optional<Interval> parsePrefix(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN + 4) return std::nullopt;
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  const Family family = address.find(':') == std::string::npos ? Family::v4 : Family::v6;

  uint8_t bytes[16];
  if (address.size() != std::strlen(address.c_str())) return std::nullopt;
  if (inet_pton(family == Family::v4 ? AF_INET : AF_INET6, address.c_str(), bytes) != 1) return std::nullopt;
  Number first = 0;
  for (int i = 0; i < bitsOf(family) / 8; ++i) first = first << 8 | bytes[i];

  int length = bitsOf(family);
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    const bool clean = error == std::errc{} && end == digits.data() + digits.size() && digits.size() <= 3;
    if (!clean || digits.front() == '-' || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
    if (length < 0 || length > bitsOf(family)) return std::nullopt;
  }
  const Number mask = hostMask(bitsOf(family) - length);
  if ((first & mask) != 0) return std::nullopt;
  return unmapped({family, first, first | mask});
}

std::vector<std::string> toPrefixes(const Interval& interval) {
  std::vector<std::string> prefixes;
  const int width = bitsOf(interval.family);
  for (Number first = interval.first;;) {
    const int bits = widestBlock(interval, first);
    std::string& text = prefixes.emplace_back(formatAddress(interval.family, first));
    if (bits > 0) text.append(1, '/').append(std::to_string(width - bits));
    const Number last = first + hostMask(bits);
    if (last >= interval.last) return prefixes;
    first = last + 1;
  }
}

int prefixLength(const Interval& interval) {
  return bitsOf(interval.family) - widestBlock(interval, interval.first);
}

}  // namespace enforcer
