#include "ftp_line.h"

#include <arpa/inet.h>

#include <optional>

#include "../header_reader.h"
#include "text_line.h"

namespace phantommesh {
namespace {

// RFC 959, 1123, 1639, 2228, 2389, 2428, 3659, 4217, 7151, and the X commands of RFC 775 that are still sent.
constexpr std::string_view kCommands[] = {
    "ABOR", "ACCT", "ADAT", "ALLO", "APPE", "AUTH", "CCC",  "CDUP", "CLNT", "CONF", "CSID", "CWD",  "DELE", "ENC",
    "EPRT", "EPSV", "FEAT", "HELP", "HOST", "LANG", "LIST", "LPRT", "LPSV", "MDTM", "MFMT", "MIC",  "MKD",  "MLSD",
    "MLST", "MODE", "NLST", "NOOP", "OPTS", "PASS", "PASV", "PBSZ", "PORT", "PROT", "PWD",  "QUIT", "REIN", "REST",
    "RETR", "RMD",  "RNFR", "RNTO", "SITE", "SIZE", "SMNT", "STAT", "STOR", "STOU", "STRU", "SYST", "TYPE", "USER",
    "XCUP", "XCWD", "XMKD", "XPWD", "XRMD",
};
constexpr uint16_t kEnteringPassive = 227;
constexpr uint16_t kEnteringExtendedPassive = 229;  // RFC 2428 section 3
constexpr char kFirstDigitMax = '6';                // 6yz are protected replies, RFC 2228

// Takes a number of at most `max` from the front.
std::optional<uint32_t> takeNumber(std::string_view& text, uint32_t max) {
  uint32_t number = 0;
  size_t digits = 0;
  while (digits < text.size() && isDigit(text[digits])) {
    number = number * 10 + static_cast<uint32_t>(text[digits++] - '0');
    if (number > max) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

bool takeChar(std::string_view& text, char wanted) {
  if (text.empty() || text[0] != wanted) return false;
  text.remove_prefix(1);
  return true;
}

void announce(uint16_t port, FtpLine& line) {
  line.announcesData = true;
  line.dataPort = port;
}

void announceAt(const uint8_t* address, uint8_t version, FtpLine& line) {
  line.hasDataAddress = true;
  line.dataAddressVersion = version;
  line.dataAddress = version == 4 ? readAddress4(address) : readAddress6(address);
}

// h1,h2,h3,h4,p1,p2: RFC 959 section 4.1.2.
void readHostPort(std::string_view text, FtpLine& line) {
  uint8_t numbers[6];
  for (int i = 0; i < 6; ++i) {
    if (i > 0 && !takeChar(text, ',')) return;
    const auto number = takeNumber(text, 255);
    if (!number) return;
    numbers[i] = static_cast<uint8_t>(*number);
  }
  const uint16_t port = read16(numbers + 4);
  if (port == 0) return;
  announce(port, line);
  announceAt(numbers, 4, line);
}

// |1|132.235.1.2|6275| or |2|1080::8:800:200C:417A|5282|, the delimiter being any: RFC 2428 section 2.
void readExtendedPort(std::string_view text, FtpLine& line) {
  if (text.empty()) return;
  const char delimiter = text[0];
  text.remove_prefix(1);
  const auto family = takeNumber(text, 2);
  if (!family || *family == 0 || !takeChar(text, delimiter)) return;
  char address[INET6_ADDRSTRLEN] = {};
  const size_t octets = text.substr(0, sizeof address).find(delimiter);
  if (octets == std::string_view::npos || octets >= sizeof address) return;
  text.copy(address, octets);
  text.remove_prefix(octets + 1);
  const auto port = takeNumber(text, UINT16_MAX);
  if (!port || *port == 0 || !takeChar(text, delimiter)) return;
  uint8_t bytes[16];
  if (inet_pton(*family == 1 ? AF_INET : AF_INET6, address, bytes) != 1) return;
  announce(static_cast<uint16_t>(*port), line);
  announceAt(bytes, *family == 1 ? 4 : 6, line);
}

// "229 Entering Extended Passive Mode (|||6446|)": RFC 2428 section 3.
void readExtendedPassive(std::string_view text, FtpLine& line) {
  const size_t open = text.find('(');
  if (open == std::string_view::npos || open + 1 >= text.size()) return;
  const char delimiter = text[open + 1];
  text.remove_prefix(open + 1);
  for (int i = 0; i < 3; ++i) {
    if (!takeChar(text, delimiter)) return;
  }
  const auto port = takeNumber(text, UINT16_MAX);
  if (!port || *port == 0 || !takeChar(text, delimiter)) return;
  announce(static_cast<uint16_t>(*port), line);
}

bool readReply(const TextLine& text, FtpLine& line) {
  line.reply = replyCodeOf(text, kFirstDigitMax);
  if (line.reply == 0) return false;
  line.isReply = true;
  if (!text.isWhole) return true;
  const std::string_view rest = text.text.substr(3);
  if (line.reply == kEnteringPassive) {
    // The first digit is what to look for, RFC 1123 section 4.1.2.6: not every server writes the parentheses.
    const size_t digit = rest.find_first_of("0123456789");
    if (digit != std::string_view::npos) readHostPort(rest.substr(digit), line);
  } else if (line.reply == kEnteringExtendedPassive) {
    readExtendedPassive(rest, line);
  }
  return true;
}

bool readCommand(const TextLine& text, FtpLine& line) {
  const std::string_view word = firstWordOf(text);
  bool isKnown = false;
  for (const std::string_view command : kCommands) isKnown |= isWord(word, command);
  if (!isKnown) return false;
  line.isUser = isWord(word, "USER") || isWord(word, "PASS");
  if (!text.isWhole || text.text.size() <= word.size()) return true;
  const std::string_view argument = text.text.substr(word.size() + 1);
  if (isWord(word, "PORT")) readHostPort(argument, line);
  else if (isWord(word, "EPRT")) readExtendedPort(argument, line);
  return true;
}

}  // namespace

bool readFtpLine(const Payload& payload, bool isFromServer, FtpLine& line) {
  line = {};
  const TextLine text = firstLineOf(payload);
  return isFromServer ? readReply(text, line) : readCommand(text, line);
}

}  // namespace phantommesh
