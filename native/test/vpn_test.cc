// Goal: WireGuard, OpenVPN, IKE and ESP in UDP say how far their handshake is, cut anywhere too, and what is none is
// refused.
// Method: messages built octet by octet; every cut; broken ones; random bytes.
#include "../src/metadata/vpn_message.h"
#include "messages.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

VpnMessage vpn;

bool isWireGuard(const Octets& bytes) { return readWireGuard(OnHeap(bytes), vpn); }
bool isOpenVpn(const Octets& bytes) { return readOpenVpnUdp(OnHeap(bytes), false, vpn); }
bool isKnownOpenVpn(const Octets& bytes) { return readOpenVpnUdp(OnHeap(bytes), true, vpn); }
bool isIke(const Octets& bytes) { return readIke(OnHeap(bytes), false, vpn); }
bool isOn4500(const Octets& bytes) { return readIke(OnHeap(bytes), true, vpn); }
bool isStep(HandshakeStep step) { return vpn.step == step; }

Octets wireGuard(int type, size_t size, int counter = 0) {
  Octets bytes = octets({type, 0, 0, 0}) + Octets(size - 4, '\x77');
  if (type == 4) bytes.replace(8, 8, octets({counter, 0, 0, 0, 0, 0, 0, 0}));
  return bytes;
}

const Octets kSession = "sessionA", kOtherSession = "sessionB";
const Octets kReplay = word32(1) + word32(1'750'000'000);

Octets opcode(int code, int key = 0) { return octets({code << 3 | key}); }
Octets acknowledge(int count) {
  Octets all = octets({count});
  for (int i = 0; i < count; ++i) all += word32(static_cast<uint32_t>(i));
  return count > 0 ? all + kOtherSession : all;
}
const Octets kClientBody = acknowledge(0) + word32(0);
const Octets kServerBody = acknowledge(1) + word32(0);

Octets ike(int major, int exchange, int flags, int nextPayload, bool hasResponder, size_t body = 100) {
  return "initiate" + (hasResponder ? Octets("responds") : Octets(8, '\0')) +
         octets({nextPayload, major << 4, exchange, flags}) + word32(0) + word32(static_cast<uint32_t>(28 + body)) +
         Octets(body, 'x');
}

}  // namespace

TEST("WireGuard: four types by their lengths") {
  CHECK(isWireGuard(wireGuard(1, 148)) && isStep(HandshakeStep::kRequest) && !vpn.isResponse);
  CHECK(vpn.application == Application::kWireGuard && vpn.type == 1);
  CHECK(isWireGuard(wireGuard(2, 92)) && isStep(HandshakeStep::kAnswer) && vpn.isResponse);
  CHECK(isWireGuard(wireGuard(3, 64)) && isStep(HandshakeStep::kRefused));
  CHECK(isWireGuard(wireGuard(4, 32)) && isStep(HandshakeStep::kKeepAlive));
  CHECK(isWireGuard(wireGuard(4, 1360)) && isStep(HandshakeStep::kData));
  CHECK(isWireGuard(wireGuard(4, 1452)) && isStep(HandshakeStep::kData));  // a full packet of an MTU of 1420
}

TEST("WireGuard: other lengths, types, reserved octets and counters are none") {
  CHECK(!isWireGuard(wireGuard(1, 147)) && !isWireGuard(wireGuard(1, 149)) && !isWireGuard(wireGuard(2, 148)));
  CHECK(!isWireGuard(wireGuard(3, 65)) && !isWireGuard(wireGuard(4, 16)) && !isWireGuard(wireGuard(4, 40)));
  CHECK(!isWireGuard(wireGuard(0, 148)) && !isWireGuard(wireGuard(5, 148)));
  for (const int place : {1, 2, 3}) {
    Octets reserved = wireGuard(1, 148);
    reserved[static_cast<size_t>(place)] = 1;
    CHECK(!isWireGuard(reserved));
  }
  Octets counter = wireGuard(4, 64);
  counter[15] = 1;
  CHECK(!isWireGuard(counter));
}

TEST("WireGuard: cut anywhere behind its first word it stays itself") {
  for (const auto& [type, size] : {std::pair{1, 148}, {2, 92}, {3, 64}, {4, 96}}) {
    forEachCut(wireGuard(type, static_cast<size_t>(size)), [&](const Payload& payload, size_t captured) {
      CHECK_EQUAL(readWireGuard(payload, vpn), captured >= 4);
    });
  }
}

TEST("OpenVPN: hard resets in clear text, with tls-auth, with tls-crypt") {
  CHECK(isOpenVpn(opcode(7) + kSession + kClientBody) && isStep(HandshakeStep::kRequest) && vpn.type == 7);
  CHECK(vpn.application == Application::kOpenVpn);
  CHECK(isOpenVpn(opcode(8) + kSession + kServerBody) && isStep(HandshakeStep::kAnswer) && vpn.isResponse);
  for (const size_t hmac : {16u, 20u, 32u, 48u, 64u}) {
    CHECK(isOpenVpn(opcode(7) + kSession + Octets(hmac, '\xee') + kReplay + kClientBody));
    CHECK(isOpenVpn(opcode(8) + kSession + Octets(hmac, '\xee') + kReplay + kServerBody));
  }
  CHECK(!isOpenVpn(opcode(7) + kSession + Octets(24, '\xee') + kReplay + kClientBody));
  const Octets tag(32, '\xee');
  CHECK(isOpenVpn(opcode(7) + kSession + kReplay + tag + Octets(5, '\xcc')) && isStep(HandshakeStep::kRequest));
  CHECK(isOpenVpn(opcode(8) + kSession + kReplay + tag + Octets(17, '\xcc')) && isStep(HandshakeStep::kAnswer));
  CHECK(isOpenVpn(opcode(8) + kSession + kReplay + tag + Octets(23, '\xcc')));
  CHECK(!isOpenVpn(opcode(8) + kSession + kReplay + tag + Octets(18, '\xcc')));
  const Octets early = word32(0x0f000001) + word32(1'750'000'000);
  const Octets earlier = word32(0x0a010001) + word32(1'750'000'000);
  CHECK(isOpenVpn(opcode(10) + kSession + earlier + tag + Octets(5 + 290, '\xcc')));
  CHECK(isOpenVpn(opcode(10) + kSession + early + tag + Octets(5 + 290, '\xcc')) && isStep(HandshakeStep::kRequest));
  CHECK(!isOpenVpn(opcode(10) + kSession + early + tag + Octets(5, '\xcc')));
}

TEST("OpenVPN: control and acknowledgement") {
  CHECK(isKnownOpenVpn(opcode(4) + kSession + acknowledge(1) + word32(1) + Octets(200, 't')));
  CHECK(isStep(HandshakeStep::kNone));
  CHECK(isKnownOpenVpn(opcode(4, 3) + kSession + acknowledge(0) + word32(9) + "t"));
  CHECK(isKnownOpenVpn(opcode(5) + kSession + acknowledge(2)) && vpn.type == 5);
  CHECK(isKnownOpenVpn(opcode(5) + kSession + Octets(20, '\xee') + kReplay + acknowledge(1)));
  CHECK(isKnownOpenVpn(opcode(5) + kSession + kReplay + Octets(32, '\xee') + Octets(17, '\xcc')));
  CHECK(isKnownOpenVpn(opcode(3, 1) + kSession + acknowledge(0) + word32(0)));
}

TEST("OpenVPN: what its counters and sizes do not allow") {
  CHECK(!isKnownOpenVpn(opcode(7, 1) + kSession + kClientBody));                            // key 0 opens
  CHECK(!isKnownOpenVpn(opcode(7) + Octets(8, '\0') + kClientBody));                        // a session has an id
  CHECK(!isKnownOpenVpn(opcode(7) + kSession + acknowledge(0) + word32(1)));                // the first message is 0
  CHECK(!isKnownOpenVpn(opcode(7) + kSession + kClientBody + "x"));
  CHECK(!isKnownOpenVpn(opcode(8) + kSession + octets({1}) + word32(0) + Octets(8, '\0') + word32(0)));
  CHECK(!isKnownOpenVpn(opcode(4) + kSession + octets({9}) + Octets(200, '\0')));  // too many
  CHECK(!isKnownOpenVpn(opcode(4) + kSession + acknowledge(0) + word32(70'000) + "t"));
  CHECK(!isKnownOpenVpn(opcode(4) + kSession + acknowledge(0) + word32(1)));                // nothing to say
  CHECK(!isKnownOpenVpn(opcode(5) + kSession + acknowledge(0)));
  CHECK(!isKnownOpenVpn(opcode(5) + kSession + acknowledge(1) + "x"));
  CHECK(!isKnownOpenVpn(opcode(0) + kSession + kClientBody) && !isKnownOpenVpn(opcode(12) + kSession + kClientBody));
  CHECK(!isKnownOpenVpn(opcode(7) + kSession + Octets(20, '\xee') + word32(1) + word32(7) + kClientBody));  // in 1970
}

TEST("OpenVPN: what is no hard reset counts on a flow known for OpenVPN only") {
  CHECK(!isOpenVpn(opcode(4) + kSession + acknowledge(1) + word32(1) + Octets(200, 't')));
  CHECK(!isOpenVpn(opcode(5) + kSession + acknowledge(2)));
  const Octets data = opcode(9) + octets({0, 0, 0}) + Octets(80, '\xdd');
  CHECK(!isOpenVpn(data));
  CHECK(readOpenVpnUdp(OnHeap(data), true, vpn) && isStep(HandshakeStep::kData));
  CHECK(readOpenVpnUdp(OnHeap(opcode(6) + Octets(60, '\xdd')), true, vpn) && isStep(HandshakeStep::kData));
  CHECK(!readOpenVpnUdp(OnHeap(opcode(6) + Octets(10, '\xdd')), true, vpn));
}

TEST("OpenVPN over TCP, and every cut") {
  const Octets reset = opcode(7) + kSession + kClientBody;
  CHECK(readOpenVpnTcp(OnHeap(word16(reset.size()) + reset), false, vpn) && isStep(HandshakeStep::kRequest));
  CHECK(readOpenVpnTcp(OnHeap(word16(reset.size()) + reset + "next"), false, vpn));
  CHECK(!readOpenVpnTcp(OnHeap(word16(reset.size() + 1) + reset), false, vpn));
  CHECK(!readOpenVpnTcp(OnHeap(word16(0) + reset), false, vpn));
  const Octets control = opcode(4) + kSession + acknowledge(2) + word32(1) + Octets(50, 't');
  forEachCut(control, [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readOpenVpnUdp(payload, true, vpn), captured >= 1 + 8 + 1 + 8 + 8 + 4);
  });
  forEachCut(word16(control.size()) + control, [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readOpenVpnTcp(payload, true, vpn), captured >= 2 + 1 + 8 + 1 + 8 + 8 + 4);
  });
}

TEST("IKEv2: the initial exchange, the authentication, what comes later") {
  CHECK(isIke(ike(2, 34, 0x08, 33, false)) && isStep(HandshakeStep::kRequest) && !vpn.isResponse && vpn.type == 34);
  CHECK(isIke(ike(2, 34, 0x20, 33, true)) && isStep(HandshakeStep::kAnswer) && vpn.isResponse);
  CHECK(isIke(ike(2, 34, 0x20, 41, false)) && isStep(HandshakeStep::kRefused));
  CHECK(isIke(ike(2, 35, 0x08, 46, true)) && isStep(HandshakeStep::kNone));
  CHECK(isIke(ike(2, 35, 0x20, 46, true)) && isStep(HandshakeStep::kComplete));
  CHECK(isIke(ike(2, 37, 0x28, 46, true)) && isStep(HandshakeStep::kNone) && vpn.isResponse);
}

TEST("IKEv1: main, aggressive and quick mode, and a refusal") {
  CHECK(isIke(ike(1, 2, 0, 1, false)) && isStep(HandshakeStep::kRequest) && vpn.type == 2);
  CHECK(isIke(ike(1, 2, 0, 1, true)) && isStep(HandshakeStep::kAnswer));
  CHECK(isIke(ike(1, 2, 1, 5, true)) && isStep(HandshakeStep::kNone));
  CHECK(isIke(ike(1, 4, 0, 1, false)) && isStep(HandshakeStep::kRequest));
  CHECK(isIke(ike(1, 32, 1, 8, true)) && isStep(HandshakeStep::kComplete));
  CHECK(isIke(ike(1, 5, 0, 11, true)) && isStep(HandshakeStep::kRefused));
  CHECK(isIke(ike(1, 5, 1, 8, true)) && isStep(HandshakeStep::kNone));
}

TEST("IKE: other versions, exchanges and lengths are none") {
  CHECK(!isIke(ike(3, 34, 0x08, 33, false)) && !isIke(ike(2, 2, 0x08, 33, false)) && !isIke(ike(1, 34, 0, 1, false)));
  CHECK(!isIke(ike(1, 31, 0, 1, false)) && !isIke(ike(2, 45, 0x08, 33, true)));
  CHECK(isIke(ike(2, 34, 0x4a, 33, false)));  // flags that nobody knows are ignored
  Octets zero = ike(2, 34, 0x08, 33, false);
  zero.replace(0, 8, Octets(8, '\0'));
  CHECK(!isIke(zero));
  CHECK(!isIke(ike(2, 34, 0x08, 33, false) + "x"));
  CHECK(!isIke(ike(2, 34, 0x08, 33, false).substr(0, 127)));
  const Octets fragmented = ike(2, 35, 0x08, 46, true, 2000);
  CHECK(isIke(fragmented.substr(0, 1472)) && !isIke(fragmented.substr(0, 1473)) && !isIke(fragmented.substr(0, 504)));
  CHECK(isOn4500(Octets(4, '\0') + fragmented.substr(0, 1428)));
}

TEST("port 4500: the marker before IKE, keep-alives, ESP") {
  const Octets marker(4, '\0');
  CHECK(isOn4500(marker + ike(2, 35, 0x20, 46, true)) && isStep(HandshakeStep::kComplete));
  CHECK(vpn.application == Application::kIke);
  CHECK(isOn4500("\xff") && vpn.application == Application::kEspInUdp && isStep(HandshakeStep::kKeepAlive));
  CHECK(isOn4500(word32(256) + word32(1) + Octets(80, 'e')) && vpn.application == Application::kEspInUdp);
  CHECK(isStep(HandshakeStep::kData));
  CHECK(!isOn4500(word32(255) + word32(1) + Octets(80, 'e')) && !isOn4500(word32(256) + word32(0) + Octets(80, 'e')));
  CHECK(!isOn4500(word32(256) + word32(1) + Octets(81, 'e')) && !isOn4500(word32(256) + word32(1)));
  CHECK(!isOn4500("\xfe") && !isOn4500(marker) && !isOn4500(""));
  forEachCut(marker + ike(2, 34, 0x08, 33, false), [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readIke(payload, true, vpn), captured >= 32);
  });
}

TEST("random bytes are none of them, but a quarter of what port 4500 carries could be ESP") {
  CHECK(acceptedOfRandom("WireGuard", [](const Payload& p) { return readWireGuard(p, vpn); }) < 0.001);
  CHECK(acceptedOfRandom("OpenVPN", [](const Payload& p) { return readOpenVpnUdp(p, false, vpn); }, 1'000'000) < 0.001);
  CHECK(acceptedOfRandom("OpenVPN over TCP", [](const Payload& p) { return readOpenVpnTcp(p, false, vpn); }) < 0.001);
  CHECK(acceptedOfRandom("IKE", [](const Payload& p) { return readIke(p, false, vpn); }) < 0.001);
  CHECK(acceptedOfRandom("ESP on 4500", [](const Payload& p) { return readIke(p, true, vpn); }) < 0.26);
}
