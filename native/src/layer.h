// A stretch of a captured packet: where a layer starts, and how far it reaches in the capture and on the wire.
#pragma once

#include <cstdint>

namespace phantommesh {

struct Layer {
  const uint8_t* bytes;
  uint32_t captured;
  uint32_t wire;

  // What follows `octets` octets; they must have been captured.
  Layer after(uint32_t octets) const {
    return {bytes + octets, captured - octets, wire > octets ? wire - octets : 0};
  }
};

}  // namespace phantommesh
