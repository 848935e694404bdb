#include "snap_tail.h"

#include <initializer_list>
#include <utility>

#include "capture_failure.h"

namespace phantommesh {
namespace {

constexpr size_t kInstructionsMax = 4096;  // BPF_MAXINSNS, linux/bpf_common.h

// IEEE 802 numbers (IANA ieee-802-numbers).
constexpr uint32_t kVlanTypes[] = {0x8100, 0x88a8, 0x9100};
constexpr uint32_t kMplsTypes[] = {0x8847, 0x8848};
constexpr uint32_t kPppoeSession = 0x8864;
// IP in IP (RFC 2003), 6in4 (RFC 4213), GRE (RFC 2784).
constexpr uint32_t kTunnelProtocols[] = {4, 41, 47};
// VXLAN (RFC 7348, and Linux' first choice), Geneve (RFC 8926), GTP-U (3GPP TS 29.281), Teredo (RFC 4380).
constexpr uint32_t kTunnelPorts[] = {4789, 8472, 6081, 2152, 3544};
// DNS (RFC 1035), multicast DNS (RFC 6762), LLMNR (RFC 4795).
constexpr uint32_t kDnsPorts[] = {53, 5353, 5355};
// Where TLS begins with the first octet (IANA service names: https, domain-s, submissions, imaps, pop3s, ldaps, ftps,
// sips, secure-mqtt; 8443 by custom).
constexpr uint32_t kTlsPorts[] = {443, 853, 465, 993, 995, 636, 990, 5061, 8883, 8443};
constexpr uint32_t kTlsHandshake = 0x1603;  // content type 22, major version 3: RFC 8446, 5.1
constexpr uint32_t kPushBit = 8;            // RFC 9293, 3.1
// A long header of type Initial: 0b1100 in version 1 (RFC 9000, 17.2), 0b1101 in version 2 (RFC 9369, 3.2), in a
// datagram of at least 1200 octets (RFC 9000, 14.1) behind 20 octets of IPv4 and 8 of UDP.
constexpr uint32_t kQuicMask = 0xe0;
constexpr uint32_t kQuicInitial = 0xc0;
constexpr uint32_t kQuicPacketMin = 1228;

// Instructions with jumps to places that come later; all of them are near, so their eight bits suffice.
class Tail {
 public:
  enum Place { kVlan, kPppoe, kIp, kIpv4, kIpv6, kProtocol, kTcp, kPayload, kUdp, kDone, kHeaders, kTunnel, kMetadata };

  void add(uint32_t code, uint32_t k = 0) { code_.push_back({static_cast<u_short>(code), 0, 0, k}); }
  void mark(Place place) { places_[place] = code_.size(); }
  void jumpTo(Place place) {
    waits_.push_back({code_.size(), place});
    add(BPF_JMP | BPF_JA);
  }
  // When the accumulator and `k` stand in this relation; else on with what follows.
  void jumpIf(uint32_t relation, uint32_t k, Place place) {
    waits_.push_back({code_.size(), place});
    add(BPF_JMP | relation | BPF_K, k);
  }
  template <size_t N>
  void jumpIfAny(const uint32_t (&values)[N], Place place) {
    for (const uint32_t value : values) jumpIf(BPF_JEQ, value, place);
  }

  std::vector<bpf_insn> take() {
    for (const auto& [at, place] : waits_) {
      const size_t distance = places_[place] - at - 1;
      if (BPF_OP(code_[at].code) == BPF_JA) code_[at].k = static_cast<bpf_u_int32>(distance);
      else code_[at].jt = static_cast<u_char>(distance);
    }
    return std::move(code_);
  }

 private:
  std::vector<bpf_insn> code_;
  size_t places_[kMetadata + 1] = {};
  std::vector<std::pair<size_t, Place>> waits_;
};

// X: where the network header begins.
void findNetworkHeader(Tail& tail) {
  tail.add(BPF_LD | BPF_H | BPF_ABS, 12);
  tail.jumpIfAny(kVlanTypes, Tail::kVlan);
  tail.jumpIf(BPF_JEQ, kPppoeSession, Tail::kPppoe);
  tail.jumpIfAny(kMplsTypes, Tail::kTunnel);
  tail.add(BPF_LDX | BPF_IMM, 14);
  tail.jumpTo(Tail::kIp);
  // The kernel has taken the outer tag out already; this is a second one, or one in a capture file.
  tail.mark(Tail::kVlan);
  tail.add(BPF_LD | BPF_H | BPF_ABS, 16);
  tail.jumpIfAny(kVlanTypes, Tail::kTunnel);
  tail.jumpIf(BPF_JEQ, kPppoeSession, Tail::kTunnel);
  tail.jumpIfAny(kMplsTypes, Tail::kTunnel);
  tail.add(BPF_LDX | BPF_IMM, 18);
  tail.jumpTo(Tail::kIp);
  tail.mark(Tail::kPppoe);
  tail.add(BPF_LDX | BPF_IMM, 14 + 8);  // RFC 2516: six octets, and two of PPP
}

// A: the protocol, X: where its header begins.
void findTransportHeader(Tail& tail) {
  tail.add(BPF_LD | BPF_B | BPF_IND, 0);
  tail.add(BPF_ALU | BPF_RSH | BPF_K, 4);
  tail.jumpIf(BPF_JEQ, 4, Tail::kIpv4);
  tail.jumpIf(BPF_JEQ, 6, Tail::kIpv6);
  tail.jumpTo(Tail::kHeaders);

  tail.mark(Tail::kIpv4);
  tail.add(BPF_LD | BPF_H | BPF_IND, 6);
  tail.jumpIf(BPF_JSET, 0x1fff, Tail::kHeaders);  // any fragment but the first
  tail.add(BPF_LD | BPF_B | BPF_IND, 9);
  tail.add(BPF_ST, 0);
  tail.add(BPF_LD | BPF_B | BPF_IND, 0);
  tail.add(BPF_ALU | BPF_AND | BPF_K, 15);
  tail.add(BPF_ALU | BPF_LSH | BPF_K, 2);
  tail.jumpTo(Tail::kProtocol);

  tail.mark(Tail::kIpv6);
  tail.add(BPF_LD | BPF_B | BPF_IND, 6);
  tail.add(BPF_ST, 0);
  tail.add(BPF_LD | BPF_IMM, 40);

  tail.mark(Tail::kProtocol);
  tail.add(BPF_ALU | BPF_ADD | BPF_X);
  tail.add(BPF_MISC | BPF_TAX);
  tail.add(BPF_LD | BPF_MEM, 0);
}

void readTcp(Tail& tail) {
  for (const uint32_t port : {0, 2}) {
    tail.add(BPF_LD | BPF_H | BPF_IND, port);
    tail.jumpIf(BPF_JEQ, kDnsPorts[0], Tail::kMetadata);
  }
  // A greeting longer than a segment goes on in one that does not look like TLS, but is the last of what the client
  // had to say, so its PSH bit is set; the segments of an upload before its last one have none.
  tail.jumpIfAny(kTlsPorts, Tail::kDone);
  tail.jumpTo(Tail::kPayload);
  tail.mark(Tail::kDone);
  tail.add(BPF_LD | BPF_B | BPF_IND, 13);
  tail.jumpIf(BPF_JSET, kPushBit, Tail::kMetadata);

  tail.mark(Tail::kPayload);
  tail.add(BPF_LD | BPF_B | BPF_IND, 12);
  tail.add(BPF_ALU | BPF_AND | BPF_K, 0xf0);
  tail.add(BPF_ALU | BPF_RSH | BPF_K, 2);
  tail.add(BPF_ALU | BPF_ADD | BPF_X);
  tail.add(BPF_MISC | BPF_TAX);
  tail.add(BPF_LD | BPF_H | BPF_IND, 0);
  tail.jumpIf(BPF_JEQ, kTlsHandshake, Tail::kMetadata);
  tail.jumpTo(Tail::kHeaders);
}

void readUdp(Tail& tail) {
  for (const uint32_t port : {0, 2}) {
    tail.add(BPF_LD | BPF_H | BPF_IND, port);
    tail.jumpIfAny(kDnsPorts, Tail::kMetadata);
    tail.jumpIfAny(kTunnelPorts, Tail::kTunnel);
  }
  tail.add(BPF_LD | BPF_B | BPF_IND, 8);
  tail.add(BPF_ALU | BPF_AND | BPF_K, kQuicMask);
  tail.add(BPF_ALU | BPF_XOR | BPF_K, kQuicInitial);
  tail.jumpIf(BPF_JGT, 0, Tail::kHeaders);
  tail.add(BPF_LD | BPF_W | BPF_LEN);
  tail.jumpIf(BPF_JGE, kQuicPacketMin, Tail::kMetadata);
}

std::vector<bpf_insn> snapTail(bool isEthernet) {
  Tail tail;
  // Whole up to here, and for all that follows: every octet it looks at is there. A load past the end would refuse the
  // packet.
  tail.add(BPF_LD | BPF_W | BPF_LEN);
  tail.add(BPF_JMP | BPF_JGT | BPF_K, kSnapSmall);
  std::vector<bpf_insn> head = tail.take();
  head.back().jt = 1;
  head.push_back({BPF_RET | BPF_K, 0, 0, kSnapSmall});

  Tail body;
  if (isEthernet) findNetworkHeader(body);
  else body.add(BPF_LDX | BPF_IMM, 0);
  body.mark(Tail::kIp);
  findTransportHeader(body);
  body.jumpIf(BPF_JEQ, 6, Tail::kTcp);
  body.jumpIf(BPF_JEQ, 17, Tail::kUdp);
  body.jumpIfAny(kTunnelProtocols, Tail::kTunnel);
  body.jumpTo(Tail::kHeaders);
  body.mark(Tail::kTcp);
  readTcp(body);
  body.mark(Tail::kUdp);
  readUdp(body);
  body.mark(Tail::kHeaders);
  body.add(BPF_RET | BPF_K, kSnapHeaders);
  body.mark(Tail::kTunnel);
  body.add(BPF_RET | BPF_K, kSnapSmall);
  body.mark(Tail::kMetadata);
  body.add(BPF_RET | BPF_K, kSnapMetadata);
  for (const bpf_insn& each : body.take()) head.push_back(each);
  return head;
}

}  // namespace

std::vector<bpf_insn> withSnapTail(const bpf_program& filter, bool isEthernet) {
  std::vector<bpf_insn> program(filter.bf_insns, filter.bf_insns + filter.bf_len);
  const std::vector<bpf_insn> tail = snapTail(isEthernet);
  const size_t start = program.size();
  if (start + tail.size() > kInstructionsMax) {
    throw CaptureFailure(CaptureFailure::Code::kFilterInvalid, "", "longer than the kernel takes (4096 instructions)");
  }
  for (size_t at = 0; at < start; ++at) {
    if (BPF_CLASS(program[at].code) != BPF_RET) continue;
    // libpcap returns constants only: the snap length it was told, or 0.
    const bool isConstant = BPF_RVAL(program[at].code) == BPF_K;
    if (!isConstant) throw CaptureFailure(CaptureFailure::Code::kFilterInvalid, "", "it computes a snap length");
    // A jump without condition has 32 bits, so any filter reaches its tail.
    if (program[at].k != 0) program[at] = {BPF_JMP | BPF_JA, 0, 0, static_cast<bpf_u_int32>(start - at - 1)};
  }
  program.insert(program.end(), tail.begin(), tail.end());
  return program;
}

}  // namespace phantommesh
