// An address interval: what a kernel set element is, and what a prefix means.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace enforcer {

using Number = unsigned __int128;

enum class Family : uint8_t { v4, v6 };

constexpr int bitsOf(Family family) { return family == Family::v4 ? 32 : 128; }
constexpr Number lastAddress(Family family) { return family == Family::v4 ? Number{0xffffffffU} : ~Number{0}; }

// Addresses first..last, both included, as numbers in host order.
struct Interval {
  Family family = Family::v4;
  Number first = 0;
  Number last = 0;

  bool overlaps(const Interval& other) const {
    return family == other.family && first <= other.last && other.first <= last;
  }
  auto operator<=>(const Interval&) const = default;
};

// Strict: an address or a prefix whose host bits are zero, nothing around it. IPv4-mapped IPv6 becomes IPv4,
// because that is what the packets of such a peer look like.
std::optional<Interval> parsePrefix(std::string_view text);

// One address from network byte order; 4 or 16 octets.
Interval hostFromBytes(Family family, const void* bytes);
void toBytes(Family family, Number address, void* bytes);

// The fewest prefixes that cover exactly this interval, in order; a single host goes without its length.
std::vector<std::string> toPrefixes(const Interval& interval);

// The length of the widest prefix inside the interval: what the width cap looks at.
int prefixLength(const Interval& interval);

}  // namespace enforcer
