// What a packet carries behind its last header. It points into the captured bytes and is valid as long as they are.
#pragma once

#include <cstdint>

namespace phantommesh {

struct Payload {
  const uint8_t* bytes = nullptr;  // null where the capture cut the header before it; else that stands right before
  uint32_t captured = 0;  // octets that may be read; at most `octets`
  uint32_t octets = 0;    // on the wire, by the headers
};

}  // namespace phantommesh
