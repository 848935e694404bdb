#include "protocol.h"

#include <functional>

namespace enforcer {

namespace {

// A cursor over one line. Every step either succeeds or sets the problem once; after that all steps fail.
class Reader {
 public:
  explicit Reader(std::string_view line) : line_(line) {}

  bool isFailed() const { return !problem_.empty(); }
  const std::string& problem() const { return problem_; }
  bool isAtEnd() {
    skipSpace();
    return at_ == line_.size();
  }

  void fail(std::string_view what) {
    if (problem_.empty()) problem_ = std::string(what) + " at octet " + std::to_string(at_ + 1);
  }

  bool accept(char wanted) {
    skipSpace();
    if (isFailed() || at_ >= line_.size() || line_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) fail(std::string("expected ") + wanted);
  }

  std::string string() {
    expect('"');
    const size_t start = at_;
    while (at_ < line_.size() && line_[at_] != '"') {
      const char each = line_[at_];
      if (each < ' ' || each > '~' || each == '\\' || at_ - start >= stringBytesMax) {
        fail("string too long or with characters that have no place here");
        return "";
      }
      ++at_;
    }
    const std::string value(line_.substr(start, at_ - start));
    expect('"');
    return value;
  }

  // Up to 15 digits: exact as an IEEE double, which is what JavaScript sends.
  uint64_t number() {
    skipSpace();
    const size_t start = at_;
    uint64_t value = 0;
    while (at_ < line_.size() && line_[at_] >= '0' && line_[at_] <= '9' && at_ - start < 15) {
      value = value * 10 + static_cast<uint64_t>(line_[at_++] - '0');
    }
    const size_t digits = at_ - start;
    if (digits == 0 || (digits > 1 && line_[start] == '0')) fail("expected a whole number");
    return value;
  }

  void array(size_t max, const std::function<void()>& readItem) {
    expect('[');
    if (accept(']')) return;
    size_t count = 0;
    do {
      if (++count > max) fail("too many items");
      if (!isFailed()) readItem();
    } while (!isFailed() && accept(','));
    expect(']');
  }

  // Hands each key to `readValue`, which answers the number of the key's bit, or -1 for one it does not know.
  void object(const std::function<int(const std::string& key)>& readValue) {
    expect('{');
    if (accept('}')) return;
    unsigned seen = 0;
    do {
      const std::string key = string();
      expect(':');
      if (isFailed()) return;
      const int bit = readValue(key);
      if (bit < 0) fail("unknown key");
      if (bit >= 0 && (seen >> bit & 1) != 0) fail("key given twice");
      if (bit >= 0) seen |= 1U << bit;
    } while (!isFailed() && accept(','));
    expect('}');
  }

 private:
  void skipSpace() {
    while (at_ < line_.size() && (line_[at_] == ' ' || line_[at_] == '\t')) ++at_;
  }

  std::string_view line_;
  size_t at_ = 0;
  std::string problem_;
};

BlockElement readElement(Reader& reader) {
  BlockElement element;
  reader.object([&](const std::string& key) {
    if (key == "target") return element.target = reader.string(), 0;
    if (key == "durationMs") return element.durationMs = reader.number(), 1;
    return -1;
  });
  return element;
}

}  // namespace

Parsed parseRequest(std::string_view line, size_t prefixesMax) {
  Parsed parsed;
  Request& request = parsed.request;
  Reader reader(line);
  reader.object([&](const std::string& key) {
    if (key == "id") return request.id = reader.number(), 0;
    if (key == "command") return request.command = reader.string(), 1;
    if (key == "elements") return reader.array(batchMax, [&] { request.elements.push_back(readElement(reader)); }), 2;
    if (key == "prefixes") return reader.array(prefixesMax, [&] { request.prefixes.push_back(reader.string()); }), 3;
    return -1;
  });
  if (!reader.isFailed() && !reader.isAtEnd()) reader.fail("something after the request");
  parsed.problem = reader.problem();
  return parsed;
}

std::string plain(std::string_view text) {
  std::string result(text.substr(0, 256));
  for (char& each : result) {
    if (each < ' ' || each > '~' || each == '"' || each == '\\') each = '\'';
  }
  return result;
}

std::string formatResults(uint64_t id, const std::vector<Result>& results) {
  std::string line = "{\"id\":" + std::to_string(id) + ",\"results\":[";
  for (const Result& each : results) {
    if (line.back() != '[') line += ',';
    line += "{\"target\":\"" + each.target + "\",\"outcome\":\"" + each.outcome;
    line += "\",\"reason\":\"" + plain(each.reason) + "\"}";
  }
  return line + "]}\n";
}

std::string formatList(uint64_t id, const std::vector<Listed>& elements) {
  std::string line = "{\"id\":" + std::to_string(id) + ",\"elements\":[";
  for (const Listed& each : elements) {
    if (line.back() != '[') line += ',';
    line += "{\"target\":\"" + each.target + "\",\"remainingMs\":" + std::to_string(each.remainingMs) + "}";
  }
  return line + "]}\n";
}

std::string formatDone(uint64_t id) { return "{\"id\":" + std::to_string(id) + "}\n"; }

std::string formatError(uint64_t id, std::string_view reason) {
  return "{\"id\":" + std::to_string(id) + ",\"error\":\"" + plain(reason) + "\"}\n";
}

}  // namespace enforcer
