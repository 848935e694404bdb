// What the parsers of this folder read of one packet. No payload: numbers, kinds, hashes and one fingerprint.
//
// Every parser is a total function of a Payload: it reads nothing beyond `captured`, never throws, allocates nothing,
// and says false for whatever it does not recognise. Fields that the capture cut keep their initial values.
#pragma once

#include <array>
#include <cstdint>

#include "../packet.h"

namespace phantommesh {

// What a flow speaks, as its packets showed (never by the port alone). The order is part of the event record:
// append only. X(name, EVE app_proto)
#define PHANTOMMESH_APPLICATIONS(X) \
  X(kUnknown, "")                   \
  X(kDns, "dns")                    \
  X(kTls, "tls")                    \
  X(kQuic, "quic")                  \
  X(kSsh, "ssh")                    \
  X(kHttp, "http")                  \
  X(kFtp, "ftp")                    \
  X(kFtpData, "ftp-data")           \
  X(kSmtp, "smtp")                  \
  X(kIcmpEcho, "icmp-echo")         \
  X(kWireGuard, "wireguard")        \
  X(kOpenVpn, "openvpn")            \
  X(kIke, "ike")                    \
  X(kEspInUdp, "esp-in-udp")

enum class Application : uint8_t {
#define X(name, word) name,
  PHANTOMMESH_APPLICATIONS(X)
#undef X
};

// RFC 1035; one message with its first question.
struct DnsMessage {
  static constexpr int kAddressesMax = 8;
  bool isResponse = false;
  bool hasQuestion = false;
  bool isCut = false;         // by the capture, or its end is in the next segments: less than all of it was read
  uint16_t id = 0;
  uint16_t queryType = 0;     // IANA DNS RR TYPE
  uint8_t responseCode = 0;   // 0 NOERROR, 3 NXDOMAIN ...; the four bits of the header
  uint8_t nameOctets = 0;     // of the question as text without the last dot: `www.example.org` is 15; at most 253
  uint8_t labels = 0;
  uint8_t longestLabel = 0;   // octets
  float nameEntropy = 0;      // Shannon, bits an octet of the text, letters in lower case, dots included
  uint32_t nameHash = 0;      // of the text in lower case, keyed by nothing: tells two names of a flow apart
  uint16_t answers = 0;       // of the header's ANCOUNT
  uint16_t answerOctets = 0;  // RDATA of the answer section that was captured
  uint8_t addressCount = 0;   // A and AAAA records of the answer section, the first kAddressesMax
  std::array<Address, kAddressesMax> addresses;
  std::array<uint8_t, kAddressesMax> addressVersions{};  // 4 or 6
};

// RFC 8446, RFC 5246; a ClientHello or ServerHello, over TCP or in QUIC.
struct TlsHello {
  bool isServer = false;
  bool hasServerName = false;
  uint16_t version = 0;           // client: the highest it offers; server: what it chose (supported_versions counts)
  uint16_t cipherSuite = 0;       // server: what it chose
  uint16_t serverNameOctets = 0;
  char alpn[12] = {};             // the first offered, or chosen, protocol, cut at 11 octets; "" none
  // FoxIO JA4: `t13d1516h2_8daaf6152771_02713d6af862`. Empty where the hello was not whole. Client only.
  char ja4[37] = {};
};

// RFC 4253 section 4.2 and 12: what an SSH packet in clear text is.
struct SshPacket {
  bool isBanner = false;       // the identification string
  uint8_t softwareOctets = 0;  // of `softwareversion` in it
  uint8_t messageType = 0;     // of a binary packet in clear text (20 KEXINIT, 21 NEWKEYS ...), 0 for a banner
  uint32_t softwareHash = 0;   // of `softwareversion`, without comments
  uint16_t missingOctets = 0;  // of a binary packet that goes on in the next segments
  bool isFollowed = false;     // another one follows it in the same segment
};

// RFC 9112: the start line of a message.
enum class HttpMethod : uint8_t {
  kNone, kGet, kHead, kPost, kPut, kDelete, kConnect, kOptions, kTrace, kPatch, kOther
};
struct HttpStart {
  bool isResponse = false;
  HttpMethod method = HttpMethod::kNone;
  uint16_t status = 0;           // 100..599
  uint16_t targetOctets = 0;     // of the request target, as far as captured
  float targetEntropy = 0;       // bits an octet
  bool hasQuery = false;
  bool isTargetCut = false;      // the packet ends within it
};

// RFC 959, RFC 2428; RFC 5321. The first line of a packet on a control connection.
struct FtpLine {
  bool isReply = false;
  uint16_t reply = 0;            // 220, 530 ...
  bool isUser = false;           // USER or PASS: an attempt to log in
  bool announcesData = false;    // PORT, EPRT; 227, 229: where a data connection will go
  bool hasDataAddress = false;   // false with EPSV: the address of the control connection's server
  Address dataAddress;
  uint8_t dataAddressVersion = 0;
  uint16_t dataPort = 0;
};

enum class SmtpPhase : uint8_t { kNone, kBanner, kHello, kStartTls, kAuth, kMail, kRecipient, kData, kQuit };
struct SmtpLine {
  bool isReply = false;
  uint16_t reply = 0;                 // 220, 535 ...
  SmtpPhase phase = SmtpPhase::kNone;  // of a command; kBanner of a reply 220
};

struct IcmpEcho {
  bool isReply = false;
  bool hasIdentifier = false;  // and sequence
  uint16_t identifier = 0;
  uint16_t sequence = 0;
  uint16_t payloadOctets = 0;
  uint32_t payloadHash = 0;  // of the payload as captured, at most kHashedOctets of it
  static constexpr uint32_t kHashedOctets = 128;
};

// WireGuard (Donenfeld 2017, section 5.4), OpenVPN (the reference implementation's ssl_pkt.h), IKE (RFC 7296, RFC 2408)
// and NAT traversal (RFC 3948).
enum class HandshakeStep : uint8_t { kNone, kRequest, kAnswer, kComplete, kData, kKeepAlive, kRefused };
struct VpnMessage {
  Application application = Application::kUnknown;  // kWireGuard, kOpenVpn, kIke or kEspInUdp
  uint8_t type = 0;        // WireGuard message type, OpenVPN opcode, IKE exchange type
  HandshakeStep step = HandshakeStep::kNone;
  bool isResponse = false;  // IKE: the response flag
};

enum class MetadataKind : uint8_t { kNone, kDns, kTlsHello, kQuicInitial, kSsh, kHttp, kFtp, kSmtp, kIcmpEcho, kVpn };

// One packet's metadata; `kind` says which member holds.
struct PacketMetadata {
  MetadataKind kind = MetadataKind::kNone;
  DnsMessage dns;
  TlsHello tls;      // kTlsHello; kQuicInitial once the hello is whole
  SshPacket ssh;
  HttpStart http;
  FtpLine ftp;
  SmtpLine smtp;
  IcmpEcho echo;
  VpnMessage vpn;
  uint32_t quicVersion = 0;
};

}  // namespace phantommesh
