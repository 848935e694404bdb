#include "ssh_packet.h"

#include "../header_reader.h"
#include "text_line.h"
#include "text_measures.h"

namespace phantommesh {
namespace {

constexpr uint32_t kIdentificationOctetsMax = 255;  // RFC 4253 section 4.2, CR and LF included
constexpr uint32_t kPacketOctetsMax = 35'000;       // section 6.1
constexpr uint32_t kPaddingOctetsMin = 4;           // section 6
constexpr uint32_t kCookieOctets = 16;              // of KEXINIT, section 7.1
constexpr uint8_t kKexInit = 20;
constexpr uint8_t kNewKeys = 21;
constexpr uint8_t kKeyExchangeLast = 49;  // 20 to 49 are the key exchange's, RFC 4250 section 4.1.1

bool isText(char c) { return c == '\t' || (c >= ' ' && c != 0x7f) || (c & 0x80) != 0; }

// `SSH-protoversion-softwareversion SP comments`: "2.0", or "1.99" of a server that speaks both.
bool readIdentification(const TextLine& line, SshPacket& packet) {
  std::string_view rest = line.text;
  if (!rest.starts_with("SSH-")) return false;
  rest.remove_prefix(4);
  size_t version = 0;
  while (version < rest.size() && version < 8 && (isDigit(rest[version]) || rest[version] == '.')) ++version;
  if (version < 3 || version >= rest.size() || rest[version] != '-' || (rest[0] != '1' && rest[0] != '2')) return false;
  rest.remove_prefix(version + 1);
  size_t software = 0;
  while (software < rest.size() && rest[software] > ' ' && rest[software] < 0x7f) ++software;
  const bool isEnded = software < rest.size() ? rest[software] == ' ' : line.isWhole;
  if (software < rest.size() && !isEnded) return false;
  if (line.text.size() > kIdentificationOctetsMax) return false;
  packet.isBanner = true;
  if (!isEnded) return true;
  packet.softwareOctets = static_cast<uint8_t>(software);
  packet.softwareHash = hashOctets(reinterpret_cast<const uint8_t*>(rest.data()), static_cast<uint32_t>(software));
  return true;
}

// A server may send other lines of text first.
bool readBanner(Payload payload, SshPacket& packet) {
  for (;;) {
    const TextLine line = firstLineOf(payload);
    if (line.text.starts_with("SSH-")) return readIdentification(line, packet);
    if (!line.isWhole) return false;
    for (const char c : line.text) {
      if (!isText(c)) return false;
    }
    const auto* next = static_cast<const uint8_t*>(std::memchr(payload.bytes, '\n', payload.captured)) + 1;
    const auto taken = static_cast<uint32_t>(next - payload.bytes);
    payload = {next, payload.captured - taken, payload.octets - taken};
  }
}

bool isKexInit(const uint8_t* bytes, uint32_t captured, uint32_t length) {
  constexpr uint32_t kListAt = 6 + kCookieOctets;
  constexpr uint32_t kListsOctets = 10 * 4 + 1 + 4;  // ten empty name-lists, a flag, a reserved word
  if (length < 2 + kCookieOctets + kListsOctets) return false;
  if (captured < kListAt + 4) return true;
  return read32(bytes + kListAt) <= length - 2 - kCookieOctets - kListsOctets;
}

// Section 6: packet_length, padding_length, the message, at least four octets of padding; the whole a multiple of 8.
bool readBinary(const Payload& payload, SshPacket& packet) {
  if (payload.captured < 6) return false;
  const uint32_t length = read32(payload.bytes);
  const uint32_t padding = payload.bytes[4];
  const uint8_t type = payload.bytes[5];
  if (length < 12 || length > kPacketOctetsMax || (length + 4) % 8 != 0) return false;
  if (padding < kPaddingOctetsMin || padding + 2 > length) return false;
  if (type < kKexInit || type > kKeyExchangeLast) return false;
  if (type == kNewKeys && (length != padding + 2 || length + 4 > payload.octets)) return false;
  if (type == kKexInit && !isKexInit(payload.bytes, payload.captured, length)) return false;
  packet.messageType = type;
  const uint32_t whole = length + 4;
  packet.isFollowed = payload.octets > whole;
  if (payload.octets < whole) packet.missingOctets = static_cast<uint16_t>(whole - payload.octets);
  return true;
}

}  // namespace

bool readSshPacket(const Payload& payload, SshPacket& packet) {
  packet = {};
  if (payload.captured == 0) return false;
  return readBinary(payload, packet) || readBanner(payload, packet);
}

}  // namespace phantommesh
