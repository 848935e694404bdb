// Any bytes as WireGuard, OpenVPN, IKE or ESP in UDP. Input: one octet for the parser, one of flags, then the payload.
#include "../src/metadata/vpn_message.h"
#include "mutate_seeds.h"
#include "on_heap.h"

using namespace phantommesh;
using namespace phantommesh::fuzz;

namespace {

bool read(uint8_t parser, bool flag, const Payload& payload, VpnMessage& message) {
  switch (parser) {
    case 0: return readWireGuard(payload, message) && message.application == Application::kWireGuard;
    case 1: return readOpenVpnUdp(payload, flag, message) && message.application == Application::kOpenVpn;
    case 2: return readOpenVpnTcp(payload, flag, message) && message.application == Application::kOpenVpn;
    default: return readIke(payload, flag, message);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const OnHeap input(data + 2, size - 2, data[1]);
  const uint8_t parser = data[0] % 4;
  const bool flag = (data[1] & 1) != 0;
  VpnMessage message;
  if (!read(parser, flag, input.payload, message)) return 0;
  require(message.application != Application::kUnknown);
  require((message.type != 0) != (message.application == Application::kEspInUdp));
  require(message.application != Application::kEspInUdp || flag);
  require(message.application != Application::kOpenVpn || flag || message.step == HandshakeStep::kRequest ||
          message.step == HandshakeStep::kAnswer);
  return 0;
}
