// The enforcer's words: one JSON object a line, in and out. Its reader knows this grammar and nothing else.
//
//   {"id":1,"command":"block","elements":[{"target":"192.0.2.7","durationMs":60000}]}
//   {"id":2,"command":"unblock","prefixes":["192.0.2.7"]}         likewise "neverBlock"
//   {"id":3,"command":"list"}                                     likewise "status" and "cleanup"
//
// Strings are printable ASCII without quote or backslash, so nothing that is echoed needs escaping; numbers are whole
// and not negative; keys come at most once; nothing else may stand in the line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace enforcer {

constexpr size_t lineBytesMax = 512 << 10;  // 4096 prefixes of at most 43 characters, and then some
constexpr size_t batchMax = 256;
constexpr size_t stringBytesMax = 64;

struct BlockElement {
  std::string target;
  uint64_t durationMs = 0;
};

struct Request {
  uint64_t id = 0;
  std::string command;
  std::vector<BlockElement> elements;
  std::vector<std::string> prefixes;
};

// Nothing when the line is not a request; then `problem` says why and, if it was read, `request.id` stays usable.
struct Parsed {
  Request request;
  std::string problem;
};

Parsed parseRequest(std::string_view line, size_t prefixesMax);

struct Result {
  std::string target;
  std::string outcome;  // enforced | refused | failed
  std::string reason;
};

struct Listed {
  std::string target;
  int64_t remainingMs = 0;
};

std::string formatResults(uint64_t id, const std::vector<Result>& results);
std::string formatList(uint64_t id, const std::vector<Listed>& elements);
std::string formatDone(uint64_t id);
std::string formatError(uint64_t id, std::string_view reason);

// Makes any text fit to stand in a JSON string as it is.
std::string plain(std::string_view text);

}  // namespace enforcer
