// The least of a test framework: named tests, checks that say where and what, a seed that is printed. Exit code 1 if
// one failed.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace phantommesh::test {

struct Test {
  const char* name;
  void (*run)();
};
inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}
struct Registration {
  Registration(const char* name, void (*run)()) { tests().push_back({name, run}); }
};
inline int failures = 0;

#define PM_JOIN2(a, b) a##b
#define PM_JOIN(a, b) PM_JOIN2(a, b)
#define TEST(name)                                                                                              \
  static void PM_JOIN(test_, __LINE__)();                                                                       \
  static const ::phantommesh::test::Registration PM_JOIN(registration_, __LINE__)(name, PM_JOIN(test_, __LINE__)); \
  static void PM_JOIN(test_, __LINE__)()

inline void fail(const char* file, int line, const char* what, double got, double wanted) {
  ++failures;
  if (failures <= 20) std::printf("  %s:%d: %s is %.17g, not %.17g\n", file, line, what, got, wanted);
}

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) ::phantommesh::test::fail(__FILE__, __LINE__, #condition, 0, 1);          \
  } while (false)
#define CHECK_EQUAL(got, wanted)                                                                                    \
  do {                                                                                                              \
    const double got_ = static_cast<double>(got), wanted_ = static_cast<double>(wanted);                            \
    if (got_ != wanted_) ::phantommesh::test::fail(__FILE__, __LINE__, #got, got_, wanted_);                        \
  } while (false)
// Within a relative tolerance, absolute below 1.
#define CHECK_NEAR(got, wanted, tolerance)                                                                          \
  do {                                                                                                              \
    const double got_ = static_cast<double>(got), wanted_ = static_cast<double>(wanted);                            \
    if (!(std::fabs(got_ - wanted_) <= (tolerance) * std::fmax(1, std::fabs(wanted_))))                             \
      ::phantommesh::test::fail(__FILE__, __LINE__, #got, got_, wanted_);                                           \
  } while (false)

// PHANTOMMESH_SEED repeats a run.
inline unsigned seed() {
  const char* text = std::getenv("PHANTOMMESH_SEED");
  return text == nullptr ? 20240607u : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

inline int runAll() {
  std::printf("seed %u\n", seed());
  for (const Test& each : tests()) {
    const int before = failures;
    each.run();
    std::printf("%s %s\n", failures == before ? "ok  " : "FAIL", each.name);
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace phantommesh::test

int main() { return phantommesh::test::runAll(); }
