// What is kept of a text or a payload instead of it: how even its octets are, and whether two are equal.
#pragma once

#include <cstdint>

namespace phantommesh {

// Shannon's entropy of the octets' frequencies, bits an octet: 0 for one repeated octet, at most 8.
float entropyOf(const uint8_t* octets, uint32_t count);

// Unkeyed: it tells apart what one flow carries, and whoever builds two texts of one hash gains nothing but to look as
// if they had repeated themselves. No table is indexed by it.
uint32_t hashOctets(const uint8_t* octets, uint32_t count);

}  // namespace phantommesh
