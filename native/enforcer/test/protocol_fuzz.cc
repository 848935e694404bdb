// Feeds the request reader and the prefix reader with mutated requests and random octets; meant for
// -fsanitize=address,undefined. usage: protocol_fuzz ROUNDS SEED
#include <cstdio>
#include <cstdlib>
#include <random>

#include "../interval.h"
#include "../protocol.h"

namespace {

constexpr const char* seeds[] = {
    R"({"id":1,"command":"block","elements":[{"target":"192.0.2.7","durationMs":60000},)"
    R"({"target":"2001:db8::/64","durationMs":1}]})",
    R"({"id":2,"command":"unblock","prefixes":["192.0.2.7","::ffff:192.0.2.0/120"]})",
    R"({"id":3,"command":"list"})",
    "1.2.3.4/24",
    "::1.2.3.4/128",
};
constexpr const char* words[] = {"{",  "}", "[", "]",               ",",  ":",                "\"",
                                 "\\", "/", "0", "999999999999999", "id", "\"elements\":[", "-1", "\n"};

std::string mutate(std::string text, std::mt19937& chance) {
  const auto below = [&](size_t n) { return n == 0 ? 0 : chance() % n; };
  for (size_t changes = below(8); changes > 0; --changes) {
    const size_t at = below(text.size() + 1);
    switch (below(4)) {
      case 0: text.insert(at, words[below(std::size(words))]); break;
      case 1: text.erase(at, below(6)); break;
      case 2: text.insert(at, 1, static_cast<char>(below(256))); break;
      default: text.insert(at, text.substr(below(text.size()), below(64)));
    }
  }
  return text;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  std::mt19937 chance(static_cast<unsigned>(std::atol(arguments[2])));
  long understood = 0;
  const long rounds = std::atol(arguments[1]);
  for (long round = 0; round < rounds; ++round) {
    const std::string text = mutate(seeds[chance() % std::size(seeds)], chance);
    const auto parsed = enforcer::parseRequest(text, 64);
    understood += parsed.problem.empty();
    const bool isBounded = parsed.request.elements.size() <= enforcer::batchMax && parsed.request.prefixes.size() <= 64;
    if (!isBounded || parsed.request.command.size() > enforcer::stringBytesMax) return 1;
    // What is taken as a prefix is written as prefixes that cover exactly the same, and these read back.
    if (const auto interval = enforcer::parsePrefix(text)) {
      const auto written = enforcer::toPrefixes(*interval);
      if (written.size() != 1 || enforcer::parsePrefix(written.front()) != interval) return 1;
    }
  }
  std::printf("%ld of %ld understood\n", understood, rounds);
  return understood > 0 && understood < rounds ? 0 : 1;
}
