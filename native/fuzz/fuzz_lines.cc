// Any bytes as SSH, HTTP, FTP, SMTP or an ICMP echo. Input: one octet for the parser, one of flags, then the payload.
#include "../src/flow_key.h"
#include "../src/metadata/ftp_line.h"
#include "../src/metadata/http_start.h"
#include "../src/metadata/icmp_echo.h"
#include "../src/metadata/smtp_line.h"
#include "../src/metadata/ssh_packet.h"
#include "mutate_seeds.h"
#include "on_heap.h"

using namespace phantommesh;
using namespace phantommesh::fuzz;

namespace {

void fuzzSsh(const Payload& payload) {
  SshPacket packet;
  if (!readSshPacket(payload, packet)) return;
  require(packet.isBanner != (packet.messageType >= 20 && packet.messageType <= 49));
  require(packet.softwareOctets < 250);
}

void fuzzHttp(const Payload& payload) {
  HttpStart start;
  if (!readHttpStart(payload, start)) return;
  require(start.isResponse == (start.status >= 100 && start.status <= 599));
  require(start.isResponse == (start.method == HttpMethod::kNone));
  require(start.targetOctets <= payload.captured && start.targetEntropy >= 0 && start.targetEntropy <= 8);
}

void fuzzFtp(const Payload& payload, bool isFromServer) {
  FtpLine line;
  if (!readFtpLine(payload, isFromServer, line)) return;
  require(line.isReply == isFromServer && line.isReply == (line.reply >= 100 && line.reply <= 699));
  require(line.announcesData == (line.dataPort != 0));
  require(line.hasDataAddress ? line.announcesData && line.dataAddressVersion != 0 : line.dataAddressVersion == 0);
}

void fuzzSmtp(const Payload& payload, bool isFromServer) {
  SmtpLine line;
  if (!readSmtpLine(payload, isFromServer, line)) return;
  require(line.isReply == isFromServer && line.isReply == (line.reply >= 200 && line.reply <= 599));
}

// The header's eight octets stand before the payload.
void fuzzEcho(const Payload& message, uint8_t flags) {
  Packet packet;
  packet.protocol = (flags & 1) != 0 ? kIcmp : kIcmpv6;
  packet.icmpType = message.captured > 0 ? message.bytes[0] : 0;
  const bool hasPayload = message.captured > 8;
  const Payload payload = hasPayload ? Payload{message.bytes + 8, message.captured - 8, message.octets - 8} : Payload{};
  IcmpEcho echo;
  if (readIcmpEcho(packet, payload, echo)) require(echo.hasIdentifier == hasPayload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const uint8_t flags = data[1];
  const OnHeap input(data + 2, size - 2, flags);
  const bool isFromServer = (flags & 1) != 0;
  switch (data[0] % 5) {
    case 0: fuzzSsh(input.payload); break;
    case 1: fuzzHttp(input.payload); break;
    case 2: fuzzFtp(input.payload, isFromServer); break;
    case 3: fuzzSmtp(input.payload, isFromServer); break;
    default: fuzzEcho(input.payload, flags);
  }
  return 0;
}
