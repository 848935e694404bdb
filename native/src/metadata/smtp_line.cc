#include "smtp_line.h"

#include "text_line.h"

namespace phantommesh {
namespace {

struct Command {
  std::string_view word;
  std::string_view argument;  // what must follow, upper case; "" anything
  SmtpPhase phase;
};
constexpr Command kCommands[] = {
    {"HELO", "", SmtpPhase::kHello},        {"EHLO", "", SmtpPhase::kHello}, {"LHLO", "", SmtpPhase::kHello},
    {"MAIL", "FROM:", SmtpPhase::kMail},    {"DATA", "", SmtpPhase::kData},  {"BDAT", "", SmtpPhase::kData},
    {"RCPT", "TO:", SmtpPhase::kRecipient}, {"AUTH", "", SmtpPhase::kAuth},  {"STARTTLS", "", SmtpPhase::kStartTls},
    {"RSET", "", SmtpPhase::kNone},         {"NOOP", "", SmtpPhase::kNone},  {"VRFY", "", SmtpPhase::kNone},
    {"EXPN", "", SmtpPhase::kNone},         {"HELP", "", SmtpPhase::kNone},  {"QUIT", "", SmtpPhase::kQuit},
};
constexpr char kFirstDigitMax = '5';  // RFC 5321 section 4.2.1
constexpr uint16_t kServiceReady = 220;

// A line that the capture cut within the argument still shows its command.
bool hasArgument(const TextLine& line, const Command& command) {
  if (command.argument.empty()) return true;
  std::string_view rest = line.text.substr(command.word.size());
  while (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  if (startsWithWord(rest, command.argument)) return true;
  return !line.isWhole && startsWithWord(command.argument.substr(0, rest.size()), rest);
}

}  // namespace

bool readSmtpLine(const Payload& payload, bool isFromServer, SmtpLine& line) {
  line = {};
  const TextLine text = firstLineOf(payload);
  if (isFromServer) {
    line.reply = replyCodeOf(text, kFirstDigitMax);
    line.isReply = line.reply >= 200;
    if (line.reply == kServiceReady) line.phase = SmtpPhase::kBanner;
    return line.isReply;
  }
  const std::string_view word = firstWordOf(text);
  for (const Command& command : kCommands) {
    if (!isWord(word, command.word)) continue;
    line.phase = command.phase;
    return hasArgument(text, command);
  }
  return false;
}

}  // namespace phantommesh
