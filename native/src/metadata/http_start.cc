#include "http_start.h"

#include "text_line.h"
#include "text_measures.h"

namespace phantommesh {
namespace {

struct Method {
  std::string_view word;
  HttpMethod method;
};
constexpr Method kMethods[] = {
    {"GET", HttpMethod::kGet},         {"HEAD", HttpMethod::kHead},       {"POST", HttpMethod::kPost},
    {"PUT", HttpMethod::kPut},         {"DELETE", HttpMethod::kDelete},   {"CONNECT", HttpMethod::kConnect},
    {"OPTIONS", HttpMethod::kOptions}, {"TRACE", HttpMethod::kTrace},     {"PATCH", HttpMethod::kPatch},
    {"PROPFIND", HttpMethod::kOther},  {"PROPPATCH", HttpMethod::kOther}, {"MKCOL", HttpMethod::kOther},
    {"COPY", HttpMethod::kOther},      {"MOVE", HttpMethod::kOther},      {"LOCK", HttpMethod::kOther},
    {"UNLOCK", HttpMethod::kOther},    {"REPORT", HttpMethod::kOther},    {"SEARCH", HttpMethod::kOther},
};
constexpr size_t kMethodOctetsMax = 20;
constexpr uint32_t kTargetOctetsMax = UINT16_MAX;
constexpr std::string_view kVersion = "HTTP/1.";

// kNone for what is no method. Other methods than the known count when the line is whole.
HttpMethod methodOf(std::string_view word, bool isWhole) {
  for (const Method& each : kMethods) {
    if (each.word == word) return each.method;
  }
  if (!isWhole || word.size() < 3 || word.size() > kMethodOctetsMax) return HttpMethod::kNone;
  for (const char c : word) {
    if ((c < 'A' || c > 'Z') && c != '-' && c != '_') return HttpMethod::kNone;
  }
  return HttpMethod::kOther;
}

bool isVersion(std::string_view text) {
  return text.size() == kVersion.size() + 1 && text.starts_with(kVersion) && isDigit(text.back());
}

// What of `rest`, all behind the method, is the target; false when the line ends in no version.
bool takeTarget(std::string_view& rest, bool isWhole, bool& isCut) {
  const size_t space = rest.rfind(' ');
  const std::string_view last = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
  const bool endsInVersion =
      space != std::string_view::npos && (isVersion(last) || (!isWhole && kVersion.starts_with(last)));
  if (isWhole && !endsInVersion) return false;
  isCut = !endsInVersion;
  if (endsInVersion) rest = rest.substr(0, space);
  return !rest.empty();
}

bool readRequest(const TextLine& line, HttpStart& start) {
  const size_t space = line.text.substr(0, kMethodOctetsMax + 1).find(' ');
  if (space == std::string_view::npos) return false;
  const HttpMethod method = methodOf(line.text.substr(0, space), line.isWhole);
  if (method == HttpMethod::kNone) return false;
  std::string_view target = line.text.substr(space + 1);
  bool isCut = false;
  if (!takeTarget(target, line.isWhole, isCut)) return false;
  if (target.size() > kTargetOctetsMax) {
    target = target.substr(0, kTargetOctetsMax);
    isCut = true;
  }
  for (const char c : target) {
    if (static_cast<uint8_t>(c) < ' ' || c == 0x7f) return false;
  }
  const auto octets = static_cast<uint32_t>(target.size());
  start.method = method;
  start.targetOctets = static_cast<uint16_t>(octets);
  start.targetEntropy = entropyOf(reinterpret_cast<const uint8_t*>(target.data()), octets);
  start.hasQuery = target.find('?') != std::string_view::npos;
  start.isTargetCut = isCut;
  return true;
}

// `HTTP/1.1 200 OK`; the reason may be missing with the space before it.
bool readStatus(const TextLine& line, HttpStart& start) {
  const std::string_view text = line.text;
  if (text.size() < 12 || !isVersion(text.substr(0, 8)) || text[8] != ' ') return false;
  if (text[9] < '1' || text[9] > '5' || !isDigit(text[10]) || !isDigit(text[11])) return false;
  if (text.size() > 12 && text[12] != ' ') return false;
  start.isResponse = true;
  start.status = static_cast<uint16_t>((text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0'));
  return true;
}

}  // namespace

bool readHttpStart(const Payload& payload, HttpStart& start) {
  start = {};
  const TextLine line = firstLineOf(payload);
  if (line.isWhole && line.text == "PRI * HTTP/2.0") {
    start.method = HttpMethod::kOther;
    start.targetOctets = 1;
    return true;
  }
  return readStatus(line, start) || readRequest(line, start);
}

}  // namespace phantommesh
