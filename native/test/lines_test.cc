// Goal: SSH, HTTP, FTP, SMTP and ICMP echo say what their RFCs say, cut anywhere too, and what is none is refused.
// Method: messages built octet by octet; every cut; broken ones; random bytes.
#include "../src/flow_key.h"
#include "../src/metadata/ftp_line.h"
#include "../src/metadata/http_start.h"
#include "../src/metadata/icmp_echo.h"
#include "../src/metadata/smtp_line.h"
#include "../src/metadata/ssh_packet.h"
#include "../src/metadata/text_measures.h"
#include "messages.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

SshPacket ssh;
HttpStart http;
FtpLine ftp;
SmtpLine smtp;
IcmpEcho echo;

bool isSsh(const Octets& bytes) { return readSshPacket(OnHeap(bytes), ssh); }
bool isHttp(const Octets& bytes) { return readHttpStart(OnHeap(bytes), http); }
bool isFtp(const Octets& bytes) { return readFtpLine(OnHeap(bytes), false, ftp); }
bool isFtpReply(const Octets& bytes) { return readFtpLine(OnHeap(bytes), true, ftp); }
bool isSmtp(const Octets& bytes) { return readSmtpLine(OnHeap(bytes), false, smtp); }
bool isSmtpReply(const Octets& bytes) { return readSmtpLine(OnHeap(bytes), true, smtp); }

uint32_t hashOf(std::string_view text) {
  return hashOctets(reinterpret_cast<const uint8_t*>(text.data()), static_cast<uint32_t>(text.size()));
}

// RFC 4253 section 6, with the least padding that makes a multiple of eight.
Octets sshBinary(const Octets& message) {
  const size_t padding = 4 + (8 - (5 + message.size() + 4) % 8) % 8;
  return word32(static_cast<uint32_t>(1 + message.size() + padding)) + octets({static_cast<int>(padding)}) + message +
         Octets(padding, '\x5a');
}
Octets kexInit() {
  Octets message = octets({20}) + Octets(16, '\xc0');
  for (const char* list : {"curve25519-sha256,sntrup761x25519-sha512", "ssh-ed25519", "aes256-gcm", "aes256-gcm", "",
                           "", "none", "none", "", ""}) {
    message += word32(static_cast<uint32_t>(std::strlen(list))) + list;
  }
  return message + octets({0, 0, 0, 0, 0});
}

Packet echoPacket(uint8_t protocol, uint8_t type) {
  Packet packet;
  packet.ipVersion = protocol == kIcmp ? 4 : 6;
  packet.protocol = protocol;
  packet.icmpType = type;
  return packet;
}

}  // namespace

TEST("SSH: the identification string, its software without the comments") {
  CHECK(isSsh("SSH-2.0-OpenSSH_9.6p1 Debian-4\r\n"));
  CHECK(ssh.isBanner);
  CHECK_EQUAL(ssh.messageType, 0);
  CHECK_EQUAL(ssh.softwareOctets, 13);
  CHECK_EQUAL(ssh.softwareHash, hashOf("OpenSSH_9.6p1"));
  CHECK(isSsh("SSH-1.99-Cisco-1.25\n") && ssh.softwareOctets == 10);
  CHECK(isSsh("Welcome!\r\nUse it well.\r\nSSH-2.0-x\r\n") && ssh.softwareOctets == 1);
}

TEST("SSH: other lines are none") {
  CHECK(!isSsh("SSH-x.0-OpenSSH\r\n"));
  CHECK(!isSsh("SSH-9.0-OpenSSH\r\n"));
  CHECK(!isSsh("SSH-2.0\r\n"));
  CHECK(!isSsh("ssh-2.0-OpenSSH\r\n"));
  CHECK(!isSsh("SSH-2.0-Open\x01SSH\r\n"));
  CHECK(!isSsh(octets({0, 1, '\n'}) + "SSH-2.0-OpenSSH\r\n"));
  CHECK(!isSsh("SSH-2.0-" + Octets(250, 'x') + "\r\n"));
  CHECK(!isSsh("220 mail.example.org ESMTP\r\n"));
}

TEST("SSH: a banner cut anywhere has no software until that ended") {
  const Octets banner = "hello\r\nSSH-2.0-OpenSSH_9.6 x\r\n";
  const size_t software = banner.find(" x");
  forEachCut(banner, [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readSshPacket(payload, ssh), captured >= std::strlen("hello\r\nSSH-2.0-"));
    CHECK_EQUAL(ssh.softwareOctets, captured > software ? 11 : 0);
  });
}

TEST("SSH: the packets of the key exchange in clear text") {
  CHECK(isSsh(sshBinary(kexInit())) && ssh.messageType == 20 && !ssh.isBanner);
  CHECK(isSsh(sshBinary(octets({21}))) && ssh.messageType == 21);
  CHECK(isSsh(sshBinary(octets({30}) + word32(32) + Octets(32, 'k'))) && ssh.messageType == 30);
  CHECK(isSsh(sshBinary(octets({21})) + Octets(44, '\x99')) && ssh.messageType == 21);
  const Octets reply = sshBinary(octets({31}) + word32(100) + Octets(100, 'k'));
  CHECK(isSsh(reply) && !ssh.isFollowed && ssh.missingOctets == 0);
  CHECK(isSsh(reply + sshBinary(octets({21}))) && ssh.isFollowed && ssh.missingOctets == 0);
  CHECK(isSsh(reply.substr(0, 80)) && !ssh.isFollowed && ssh.missingOctets == reply.size() - 80);
  forEachCut(sshBinary(kexInit()), [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readSshPacket(payload, ssh), captured >= 6);
  });
}

TEST("SSH: implausible packets are encrypted ones") {
  CHECK(!isSsh(sshBinary(octets({50}) + Octets(20, 'x'))));
  CHECK(!isSsh(sshBinary(octets({19}) + Octets(20, 'x'))));
  CHECK(!isSsh(sshBinary(octets({20}) + Octets(20, 'x'))));  // KEXINIT without its lists
  CHECK(!isSsh(sshBinary(octets({21, 7}))));                 // NEWKEYS carries nothing
  CHECK(!isSsh(word32(13) + octets({10, 21}) + Octets(10, 0)));
  CHECK(!isSsh(word32(12) + octets({3, 21}) + Octets(10, 0)));
  CHECK(!isSsh(word32(12) + octets({200, 30}) + Octets(10, 0)));
  CHECK(!isSsh(word32(35'004) + octets({10, 30}) + Octets(100, 0)));
}

TEST("HTTP: a request's method and target") {
  CHECK(isHttp("GET /index.html?a=b HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(http.method == HttpMethod::kGet && !http.isResponse && http.hasQuery && !http.isTargetCut);
  CHECK_EQUAL(http.targetOctets, 15);
  CHECK_NEAR(http.targetEntropy, 3.906890595608518, 1e-6);
  CHECK_EQUAL(http.status, 0);
  CHECK(isHttp("CONNECT example.org:443 HTTP/1.1\r\n") && http.method == HttpMethod::kConnect);
  CHECK(isHttp("PATCH /a HTTP/1.1\n") && http.method == HttpMethod::kPatch);
  CHECK(isHttp("PROPFIND /a HTTP/1.1\r\n") && http.method == HttpMethod::kOther);
  CHECK(isHttp("M-SEARCH * HTTP/1.1\r\n") && http.method == HttpMethod::kOther);
  CHECK(isHttp("GET /a' OR 1=1 -- HTTP/1.0\r\n") && http.targetOctets == 13);
  CHECK(isHttp("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") && http.method == HttpMethod::kOther && http.status == 0);
}

TEST("HTTP: a response's status") {
  CHECK(isHttp("HTTP/1.1 404 Not Found\r\n") && http.isResponse && http.status == 404);
  CHECK(http.method == HttpMethod::kNone);
  CHECK(isHttp("HTTP/1.0 200\r\n") && http.status == 200);
  CHECK(isHttp("HTTP/1.1 100 ") && http.status == 100);
  CHECK(!isHttp("HTTP/1.1 600 x\r\n"));
  CHECK(!isHttp("HTTP/1.1 099 x\r\n"));
  CHECK(!isHttp("HTTP/1.1 2000\r\n"));
  CHECK(!isHttp("HTTP/2.0 200 OK\r\n"));
  CHECK(!isHttp("HTTP/1.1  200 OK\r\n"));
}

TEST("HTTP: what another protocol says is no request") {
  CHECK(!isHttp("OPTIONS sip:a@example.org SIP/2.0\r\n"));
  CHECK(!isHttp("DESCRIBE rtsp://x RTSP/1.0\r\n"));
  CHECK(!isHttp("GET /index.html\r\n"));
  CHECK(!isHttp("GET  HTTP/1.1\r\n"));
  CHECK(!isHttp("get /a HTTP/1.1\r\n"));
  CHECK(!isHttp("GET /a\x01 HTTP/1.1\r\n"));
  CHECK(!isHttp("USER anonymous"));
  CHECK(!isHttp("FOO /a"));
  CHECK(!isHttp(""));
}

TEST("HTTP: a request cut anywhere has as much of its target as was captured") {
  const Octets request = "POST /login.php HTTP/1.1\r\n";
  forEachCut(request, [&](const Payload& payload, size_t captured) {
    const bool isRead = readHttpStart(payload, http);
    CHECK_EQUAL(isRead, captured >= 6);
    if (!isRead) return;
    CHECK(http.method == HttpMethod::kPost);
    CHECK_EQUAL(http.targetOctets, captured > 15 ? 10 : captured - 5);
    CHECK_EQUAL(http.isTargetCut, captured < 16);
  });
  forEachCut("HTTP/1.1 503 no\r\n", [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readHttpStart(payload, http), captured >= 12);
    CHECK_EQUAL(http.status, captured >= 12 ? 503 : 0);
  });
}

TEST("FTP: PORT and EPRT announce the client's address, the replies the server's") {
  CHECK(isFtp("PORT 192,0,2,7,4,1\r\n") && ftp.announcesData && ftp.hasDataAddress && !ftp.isReply);
  CHECK_EQUAL(ftp.dataPort, 1025);
  CHECK_EQUAL(ftp.dataAddressVersion, 4);
  CHECK(std::memcmp(&ftp.dataAddress, octets({192, 0, 2, 7}).data(), 4) == 0);
  CHECK(isFtp("eprt |1|192.0.2.7|6275|\r\n") && ftp.dataPort == 6275 && ftp.dataAddressVersion == 4);
  CHECK(isFtp("EPRT |2|2001:db8::9|5282|\r\n") && ftp.dataPort == 5282 && ftp.dataAddressVersion == 6);
  const Octets address6 = octets({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9});
  CHECK(std::memcmp(&ftp.dataAddress, address6.data(), 16) == 0);
  CHECK(isFtpReply("227 Entering Passive Mode (192,0,2,7,200,10).\r\n") && ftp.dataPort == 51210 && ftp.isReply);
  CHECK(isFtpReply("227 =192,0,2,7,200,10\r\n") && ftp.dataPort == 51210 && ftp.hasDataAddress);
  CHECK(isFtpReply("229 Entering Extended Passive Mode (|||6446|)\r\n") && ftp.announcesData && !ftp.hasDataAddress);
  CHECK_EQUAL(ftp.dataPort, 6446);
}

TEST("FTP: numbers out of range announce nothing") {
  for (const char* line : {"PORT 192,0,2,256,4,1\r\n", "PORT 192,0,2,7,4\r\n", "PORT 192,0,2,7,0,0\r\n", "PORT \r\n",
                           "PORT 1,2,3,4,5,99999999999999999999\r\n", "EPRT |3|192.0.2.7|6275|\r\n",
                           "EPRT |1|2001:db8::9|6275|\r\n", "EPRT |1|192.0.2.7|65536|\r\n",
                           "EPRT |1|192.0.2.7|6275\r\n", "EPRT |2||6275|\r\n", "EPRT |\r\n", "EPRT\r\n"}) {
    CHECK(isFtp(line) && !ftp.announcesData && ftp.dataPort == 0);
  }
  const Octets longAddress = "EPRT |2|" + Octets(100, '1') + "|1|\r\n";
  CHECK(isFtp(longAddress) && !ftp.announcesData);
  for (const char* line : {"227 Entering Passive Mode\r\n", "227 (1,2,3)\r\n", "229 (||6446|)\r\n", "229 (|||0|)\r\n",
                           "229 (\r\n", "226 (192,0,2,7,200,10)\r\n"}) {
    CHECK(isFtpReply(line) && !ftp.announcesData);
  }
}

TEST("FTP: attempts to log in, other commands, replies of several lines") {
  CHECK(isFtp("USER anonymous\r\n") && ftp.isUser);
  CHECK(isFtp("pass x\r\n") && ftp.isUser);
  CHECK(isFtp("FEAT\r\n") && !ftp.isUser && !ftp.announcesData);
  CHECK(isFtp("PASV\r\n") && !ftp.announcesData);
  CHECK(isFtpReply("220-Welcome\r\n220 ready\r\n") && ftp.reply == 220);
  CHECK(isFtpReply("530 Login incorrect.\r\n") && ftp.reply == 530);
  CHECK(!isFtp("220 ready\r\n") && !isFtpReply("USER x\r\n"));
  CHECK(!isFtp("GET / HTTP/1.1\r\n") && !isFtp("EHLO x\r\n") && !isFtp("USERS x\r\n") && !isFtp(""));
  CHECK(!isFtpReply("099 x\r\n") && !isFtpReply("2200 x\r\n") && !isFtpReply("22\r\n") && !isFtpReply("720 x\r\n"));
}

TEST("FTP: a line cut anywhere announces nothing") {
  const Octets port = "PORT 192,0,2,7,4,100\r\n";
  forEachCut(port, [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readFtpLine(payload, false, ftp), captured >= 5);
    CHECK_EQUAL(ftp.announcesData, captured == port.size());
  });
  const Octets passive = "227 Entering Passive Mode (192,0,2,7,4,100)\r\n";
  forEachCut(passive, [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readFtpLine(payload, true, ftp), captured >= 4);
    CHECK_EQUAL(ftp.announcesData, captured == passive.size());
  });
}

TEST("SMTP: the phase of each command, the code of each reply") {
  const std::pair<const char*, SmtpPhase> commands[] = {
      {"EHLO client.example.org\r\n", SmtpPhase::kHello}, {"helo x\r\n", SmtpPhase::kHello},
      {"STARTTLS\r\n", SmtpPhase::kStartTls},             {"AUTH PLAIN AHgAeQ==\r\n", SmtpPhase::kAuth},
      {"MAIL FROM:<a@example.org>\r\n", SmtpPhase::kMail}, {"Rcpt To: <b@example.org>\r\n", SmtpPhase::kRecipient},
      {"DATA\r\n", SmtpPhase::kData},                     {"QUIT\r\n", SmtpPhase::kQuit},
      {"RSET\r\n", SmtpPhase::kNone},                     {"BDAT 100 LAST\r\n", SmtpPhase::kData}};
  for (const auto& [line, phase] : commands) {
    CHECK(isSmtp(line) && !smtp.isReply);
    CHECK(smtp.phase == phase);
  }
  CHECK(isSmtpReply("220 mail.example.org ESMTP\r\n") && smtp.phase == SmtpPhase::kBanner && smtp.reply == 220);
  CHECK(isSmtpReply("250-SIZE 1000\r\n250 OK\r\n") && smtp.reply == 250 && smtp.isReply);
  CHECK(isSmtpReply("354\r\n") && smtp.reply == 354 && smtp.phase == SmtpPhase::kNone);
}

TEST("SMTP: what is no command or reply") {
  CHECK(!isSmtp("MAIL a@example.org\r\n") && !isSmtp("RCPT\r\n") && !isSmtp("USER anonymous\r\n"));
  CHECK(!isSmtp("MAILX FROM:<a>\r\n") && !isSmtp("Subject: x\r\n") && !isSmtp("DATA") && !isSmtp(""));
  CHECK(!isSmtpReply("120 x\r\n") && !isSmtpReply("620 x\r\n") && !isSmtpReply("25x OK\r\n") && !isSmtpReply("250"));
}

TEST("SMTP: a command cut anywhere is itself or nothing") {
  forEachCut("MAIL FROM:<a@example.org>\r\n", [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readSmtpLine(payload, false, smtp), captured >= 5);
  });
  forEachCut("535 5.7.8 no\r\n", [&](const Payload& payload, size_t captured) {
    CHECK_EQUAL(readSmtpLine(payload, true, smtp), captured >= 4);
    CHECK_EQUAL(smtp.reply, captured >= 4 ? 535 : 0);
  });
}

TEST("ICMP echo: identifier and sequence from the header, the payload's hash and length") {
  const Octets message = octets({8, 0, 0, 0, 0x12, 0x34, 0, 7}) + Octets(200, 'p');
  for (size_t captured = 9; captured <= message.size(); ++captured) {
    const OnHeap whole(message, captured);
    const Payload& all = whole;
    const Payload payload{all.bytes + 8, all.captured - 8, all.octets - 8};
    CHECK(readIcmpEcho(echoPacket(kIcmp, 8), payload, echo) && !echo.isReply && echo.hasIdentifier);
    CHECK_EQUAL(echo.identifier, 0x1234);
    CHECK_EQUAL(echo.sequence, 7);
    CHECK_EQUAL(echo.payloadOctets, 200);
    CHECK_EQUAL(echo.payloadHash, hashOf(Octets(std::min<size_t>(captured - 8, IcmpEcho::kHashedOctets), 'p')));
  }
}

TEST("ICMP echo: both versions' types, and no others") {
  const Payload none{nullptr, 0, 0};
  CHECK(readIcmpEcho(echoPacket(kIcmp, 0), none, echo) && echo.isReply && !echo.hasIdentifier && echo.payloadHash == 0);
  CHECK(readIcmpEcho(echoPacket(kIcmpv6, 128), none, echo) && !echo.isReply);
  CHECK(readIcmpEcho(echoPacket(kIcmpv6, 129), none, echo) && echo.isReply);
  CHECK(!readIcmpEcho(echoPacket(kIcmp, 128), none, echo) && !readIcmpEcho(echoPacket(kIcmpv6, 8), none, echo));
  CHECK(!readIcmpEcho(echoPacket(kIcmp, 3), none, echo) && !readIcmpEcho(echoPacket(kUdp, 8), none, echo));
  Packet cut = echoPacket(kIcmp, 0);
  cut.isTruncated = true;
  CHECK(!readIcmpEcho(cut, none, echo));
}

TEST("random bytes are none of them") {
  CHECK(acceptedOfRandom("SSH", [](const Payload& p) { return readSshPacket(p, ssh); }) < 0.001);
  CHECK(acceptedOfRandom("HTTP", [](const Payload& p) { return readHttpStart(p, http); }) < 0.001);
  CHECK(acceptedOfRandom("FTP", [](const Payload& p) { return readFtpLine(p, p.octets % 2 == 0, ftp); }) < 0.001);
  CHECK(acceptedOfRandom("SMTP", [](const Payload& p) { return readSmtpLine(p, p.octets % 2 == 0, smtp); }) < 0.001);
}
