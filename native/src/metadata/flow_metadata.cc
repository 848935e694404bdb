#include "flow_metadata.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace phantommesh {
namespace {

void countUp(uint16_t& counter) { counter = static_cast<uint16_t>(counter + (counter != UINT16_MAX)); }

// The mean of n values, of which `value` is the last.
void addToMean(float& mean, float value, uint32_t n) { mean += (value - mean) / static_cast<float>(n); }

uint16_t narrow(uint32_t octets) { return static_cast<uint16_t>(std::min(octets, uint32_t{UINT16_MAX})); }

}  // namespace

bool FlowMetadata::mayBegin(const PacketMetadata& metadata) {
  switch (metadata.kind) {
    case MetadataKind::kSsh:
      return metadata.ssh.isBanner;
    case MetadataKind::kVpn:
      // OpenVPN's data and control packets have one telling octet; only a flow that began with a reset is OpenVPN.
      return metadata.vpn.application != Application::kOpenVpn || metadata.vpn.step == HandshakeStep::kRequest ||
             metadata.vpn.step == HandshakeStep::kAnswer;
    default:
      return true;
  }
}

void FlowMetadata::add(const PacketMetadata& metadata, int direction) {
  switch (metadata.kind) {
    case MetadataKind::kNone:
      return;
    case MetadataKind::kDns:
      return addDns(metadata.dns);
    case MetadataKind::kTlsHello:
      // DTLS beside QUIC between the same ports is nobody's upgrade.
      if (application() != Application::kQuic) addTls(metadata.tls);
      return;
    case MetadataKind::kQuicInitial:
      if (!accepts(Application::kQuic)) return;
      fields_.quicVersion[0] = metadata.quicVersion;
      if (metadata.tls.version != 0) addTls(metadata.tls);
      return;
    case MetadataKind::kSsh:
      return addSsh(metadata.ssh, direction);
    case MetadataKind::kHttp:
      return addHttp(metadata.http);
    case MetadataKind::kFtp:
      return addFtp(metadata.ftp);
    case MetadataKind::kSmtp:
      return addSmtp(metadata.smtp);
    case MetadataKind::kIcmpEcho:
      return addEcho(metadata.echo);
    case MetadataKind::kVpn:
      return addVpn(metadata.vpn);
  }
}

void FlowMetadata::markAsFtpData(uint64_t controlFlowId) {
  if (!accepts(Application::kFtpData)) return;
  fields_.parentFlowId[0] = static_cast<double>(controlFlowId);
}

void FlowMetadata::startAnew() {
  const MetadataFields before = fields_;
  fields_ = MetadataFields{};
  fields_.application[0] = before.application[0];
  fields_.parentFlowId[0] = before.parentFlowId[0];
  fields_.quicVersion[0] = before.quicVersion[0];
  fields_.tlsCipherSuite[0] = before.tlsCipherSuite[0];
  fields_.tlsServerNameOctets[0] = before.tlsServerNameOctets[0];
  fields_.tlsHasServerName[0] = before.tlsHasServerName[0];
  fields_.sshBanners[0] = before.sshBanners[0];
  std::memcpy(fields_.tlsVersion, before.tlsVersion, sizeof before.tlsVersion);
  std::memcpy(fields_.tlsAlpn, before.tlsAlpn, sizeof before.tlsAlpn);
  std::memcpy(fields_.tlsJa4, before.tlsJa4, sizeof before.tlsJa4);
  std::memcpy(fields_.sshSoftwareHash, before.sshSoftwareHash, sizeof before.sshSoftwareHash);
  // Names seen before count again; SSH's handshake is over for good.
  if (application() == Application::kDns) state_ = {};
}

// The first application that shows is the flow's.
bool FlowMetadata::accepts(Application application) {
  if (this->application() == Application::kUnknown) fields_.application[0] = static_cast<uint8_t>(application);
  return this->application() == application;
}

void FlowMetadata::addDns(const DnsMessage& message) {
  if (!accepts(Application::kDns)) return;
  if (message.isResponse) {
    ++fields_.dnsResponses[0];
    fields_.dnsNameErrors[0] += message.responseCode == 3;
    fields_.dnsResponseCode[0] = message.responseCode;
    fields_.dnsAnswerOctets[0] += message.answerOctets;
    return;
  }
  const uint32_t n = ++fields_.dnsQueries[0];
  if (!message.hasQuestion) return;
  fields_.dnsQueryType[0] = message.queryType;
  fields_.dnsNameOctetsMax[0] = std::max<uint16_t>(fields_.dnsNameOctetsMax[0], message.nameOctets);
  addToMean(fields_.dnsNameOctetsMean[0], message.nameOctets, n);
  addToMean(fields_.dnsNameEntropyMean[0], message.nameEntropy, n);
  addToMean(fields_.dnsLabelsMean[0], message.labels, n);
  const uint32_t bit = message.nameHash % kNameBits;
  state_.nameBits[bit / 64] |= uint64_t{1} << (bit % 64);
  int unset = kNameBits;
  for (const uint64_t bits : state_.nameBits) unset -= std::popcount(bits);
  // With every bit set there is no telling how many more there are: the estimate stays at that of one unset bit.
  const float shareUnset = static_cast<float>(std::max(unset, 1)) / kNameBits;
  fields_.dnsDistinctNames[0] = -static_cast<float>(kNameBits) * std::log(shareUnset);
}

void FlowMetadata::addTls(const TlsHello& hello) {
  if (application() == Application::kUnknown) accepts(Application::kTls);
  // A retransmission, or the second hello after a HelloRetryRequest, says less than the first.
  if (!hello.isServer && fields_.tlsJa4[0] != 0) return;
  fields_.tlsVersion[hello.isServer ? 1 : 0] = hello.version;
  if (hello.alpn[0] != 0) std::memcpy(fields_.tlsAlpn, hello.alpn, sizeof hello.alpn);
  if (hello.isServer) {
    fields_.tlsCipherSuite[0] = hello.cipherSuite;
    return;
  }
  fields_.tlsHasServerName[0] = hello.hasServerName;
  fields_.tlsServerNameOctets[0] = hello.serverNameOctets;
  static_assert(sizeof hello.ja4 == sizeof fields_.tlsJa4 + 1);
  std::memcpy(fields_.tlsJa4, hello.ja4, sizeof fields_.tlsJa4);
}

void FlowMetadata::addSsh(const SshPacket& packet, int direction) {
  if (!accepts(Application::kSsh)) return;
  static constexpr uint8_t kNewKeys = 21;  // RFC 4253 section 12
  static constexpr uint8_t kReply = 31;    // of a key exchange: section 8, RFC 5656 section 4
  static constexpr uint8_t kGroupReply = 33;  // RFC 4419 section 5
  const auto bit = static_cast<uint8_t>(1u << direction);
  if (packet.isBanner) {
    fields_.sshBanners[0] |= bit;
    fields_.sshSoftwareHash[direction] = packet.softwareHash;
  } else if (packet.messageType == kNewKeys) {
    state_.ssh.newKeys |= bit;
  } else if (packet.messageType == kReply || packet.messageType == kGroupReply) {
    // Nothing but NEWKEYS can follow it (section 7.3), and servers send both in one segment.
    if (packet.isFollowed) state_.ssh.newKeys |= bit;
    state_.ssh.replyOctets[direction] = packet.missingOctets;
  }
}

void FlowMetadata::noteSshPacket(uint32_t payloadOctets, int direction) {
  if (payloadOctets == 0) return;
  SshState& ssh = state_.ssh;
  if (uint16_t& rest = ssh.replyOctets[direction]; rest != 0) {
    if (payloadOctets > rest) ssh.newKeys |= static_cast<uint8_t>(1u << direction);
    rest = static_cast<uint16_t>(payloadOctets >= rest ? 0 : rest - payloadOctets);
    return;
  }
  if (ssh.newKeys != 3 || ssh.packets == kSshPackets) return;
  const int octets = static_cast<int>(std::min(payloadOctets, uint32_t{INT16_MAX}));
  fields_.sshAuthOctets[ssh.packets++] = static_cast<int16_t>(direction == 0 ? octets : -octets);
}

void FlowMetadata::addHttp(const HttpStart& start) {
  if (!accepts(Application::kHttp)) return;
  if (start.isResponse) {
    if (start.status >= 100 && start.status < 600) countUp(fields_.httpStatusClasses[start.status / 100 - 1]);
    return;
  }
  countUp(fields_.httpRequests[0]);
  if (fields_.httpMethod[0] == 0) fields_.httpMethod[0] = static_cast<uint8_t>(start.method);
  fields_.httpTargetOctetsMax[0] = std::max(fields_.httpTargetOctetsMax[0], start.targetOctets);
  fields_.httpTargetEntropyMax[0] = std::max(fields_.httpTargetEntropyMax[0], start.targetEntropy);
}

void FlowMetadata::addFtp(const FtpLine& line) {
  if (!accepts(Application::kFtp)) return;
  if (line.isUser) countUp(fields_.loginAttempts[0]);
  if (line.isReply && line.reply == 530) countUp(fields_.loginFailures[0]);
}

void FlowMetadata::addSmtp(const SmtpLine& line) {
  if (!accepts(Application::kSmtp)) return;
  if (line.isReply) {
    if (line.reply == 535) countUp(fields_.loginFailures[0]);
    if (line.reply >= 500 && line.reply < 600) countUp(fields_.smtpRejections[0]);
    return;
  }
  if (line.phase == SmtpPhase::kAuth) countUp(fields_.loginAttempts[0]);
  if (line.phase == SmtpPhase::kRecipient) countUp(fields_.smtpRecipients[0]);
  fields_.smtpPhase[0] = std::max(fields_.smtpPhase[0], static_cast<uint8_t>(line.phase));
}

void FlowMetadata::addEcho(const IcmpEcho& echo) {
  if (!accepts(Application::kIcmpEcho)) return;
  fields_.icmpEchoOctetsMax[0] = std::max(fields_.icmpEchoOctetsMax[0], narrow(echo.payloadOctets));
  Echo& place = state_.echoes[echo.sequence % kEchoesKept];
  if (!echo.isReply) {
    ++fields_.icmpEchoRequests[0];
    fields_.icmpEchoIdentifier[0] = echo.identifier;
    fields_.icmpEchoSequence[0] = echo.sequence;
    place = {echo.sequence, echo.identifier, echo.payloadHash};
    return;
  }
  ++fields_.icmpEchoReplies[0];
  const bool isAnswer = echo.hasIdentifier && fields_.icmpEchoRequests[0] != 0 &&
                        place.sequence == echo.sequence && place.identifier == echo.identifier;
  fields_.icmpEchoMismatches[0] += isAnswer && place.hash != echo.payloadHash;
}

void FlowMetadata::addVpn(const VpnMessage& message) {
  // ESP in UDP follows IKE on port 4500: one flow.
  const bool isIpsec = message.application == Application::kEspInUdp && application() == Application::kIke;
  if (application() == Application::kEspInUdp && message.application == Application::kIke) fields_.application[0] = 0;
  if (!isIpsec && !accepts(message.application)) return;
  if (message.application != Application::kEspInUdp) fields_.vpnMessageType[0] = message.type;
  switch (message.step) {
    case HandshakeStep::kRequest:
      return countUp(fields_.vpnRequests[0]);
    case HandshakeStep::kAnswer:
      return countUp(fields_.vpnAnswers[0]);
    case HandshakeStep::kComplete:
      return countUp(fields_.vpnCompletions[0]);
    case HandshakeStep::kRefused:
      return countUp(fields_.vpnRefusals[0]);
    case HandshakeStep::kData:
    case HandshakeStep::kKeepAlive:
      // WireGuard and OpenVPN say nowhere that a handshake is complete: traffic after the answer does. IKE does say.
      if (isIpsec || fields_.vpnCompletions[0] >= fields_.vpnAnswers[0]) return;
      return countUp(fields_.vpnCompletions[0]);
    case HandshakeStep::kNone:
      return;
  }
}

}  // namespace phantommesh
