// Keyed hashing of addresses: the 64 x 64 -> 128 bit multiplication of wyhash, folded. The seed keeps others from
// aiming at a bucket.
#pragma once

#include <cstdint>

#include "packet.h"

namespace phantommesh {

inline uint64_t mixHash(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a ^ 0xa0761d6478bd642f} * (b ^ 0xe7037ed1a0b428db);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t hashAddress(const Address& address, uint64_t seed) {
  return mixHash(address.high ^ seed, mixHash(address.low, seed));
}

}  // namespace phantommesh
