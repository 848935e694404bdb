// Unaligned reads in network byte order.
#pragma once

#include <cstdint>
#include <cstring>

#include "packet.h"

namespace phantommesh {

inline uint16_t read16(const uint8_t* bytes) {
  uint16_t value;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap16(value);
}

inline uint32_t read32(const uint8_t* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap32(value);
}

// The octets keep their order in memory, so an Address can be copied to where octets are wanted.
inline Address readAddress4(const uint8_t* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return {value, 0};
}

inline Address readAddress6(const uint8_t* bytes) {
  Address address;
  std::memcpy(&address, bytes, sizeof address);
  return address;
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "an IPv4 address must land in the first four octets of an Address");

}  // namespace phantommesh
