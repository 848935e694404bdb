// The first line of a packet, for protocols that speak in lines.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "../payload.h"

namespace phantommesh {

struct TextLine {
  std::string_view text;  // without its CR and LF, or a CR that is the last octet captured
  bool isWhole = false;   // its LF was captured
};

inline TextLine firstLineOf(const Payload& payload) {
  if (payload.captured == 0) return {};
  const auto* text = reinterpret_cast<const char*>(payload.bytes);
  const auto* end = static_cast<const char*>(std::memchr(text, '\n', payload.captured));
  size_t length = end == nullptr ? payload.captured : static_cast<size_t>(end - text);
  if (length > 0 && text[length - 1] == '\r') --length;
  return {{text, length}, end != nullptr};
}

inline bool isDigit(char c) { return c >= '0' && c <= '9'; }
inline char upperCase(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// `upper` is in upper case; letters of `text` in either.
inline bool startsWithWord(std::string_view text, std::string_view upper) {
  if (text.size() < upper.size()) return false;
  for (size_t i = 0; i < upper.size(); ++i) {
    if (upperCase(text[i]) != upper[i]) return false;
  }
  return true;
}

// Up to the first space: a command. Empty where the packet ends within it.
inline std::string_view firstWordOf(const TextLine& line) {
  const size_t space = line.text.find(' ');
  if (space != std::string_view::npos) return line.text.substr(0, space);
  return line.isWhole ? line.text : std::string_view{};
}

inline bool isWord(std::string_view word, std::string_view upper) {
  return word.size() == upper.size() && startsWithWord(word, upper);
}

// Three digits and a space, a hyphen (more lines follow) or the line's end: RFC 959 section 4.2, RFC 5321 section 4.2.
// 0 where the line is none; `firstMax` is the largest first digit.
inline uint16_t replyCodeOf(const TextLine& line, char firstMax) {
  const std::string_view text = line.text;
  if (text.size() < 3 || text[0] < '1' || text[0] > firstMax || !isDigit(text[1]) || !isDigit(text[2])) return 0;
  if (text.size() == 3 ? !line.isWhole : text[3] != ' ' && text[3] != '-') return 0;
  return static_cast<uint16_t>((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
}

}  // namespace phantommesh
