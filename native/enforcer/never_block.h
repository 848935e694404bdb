// What must never be blocked, as the enforcer itself finds it out. Main may add to it, and take back what it added; no
// more.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "interval.h"

namespace enforcer {

struct NeverBlockOptions {
  std::string protectedFile;          // prefixes of the operator, one a line; owned by root and writable by root alone
  std::vector<uint16_t> sshPorts{22};
  size_t configuredMax = 4096;
};

class NeverBlockList {
 public:
  explicit NeverBlockList(NeverBlockOptions options);

  // Reads the operator's file, local addresses, default gateways, resolvers and SSH peers afresh. Returns what could
  // not be read, empty when all was: without knowing what to spare, nothing may be blocked.
  std::string refresh(int64_t nowMs);

  // Replaces what main asks to spare. The caller has checked the bound.
  void configure(std::vector<Interval> prefixes) { configured_ = std::move(prefixes); }
  size_t configuredMax() const { return options_.configuredMax; }

  // Whether blocking `interval` would hit something that must not be.
  bool forbids(const Interval& interval) const;

  // All but the SSH peers, which come and go: bans that contradict these are lifted.
  std::vector<Interval> standing() const;

  size_t size() const;

 private:
  std::string readProtectedFile();
  std::string readSshPeers(int64_t nowMs);

  NeverBlockOptions options_;
  std::vector<Interval> builtIn_;
  std::vector<Interval> protected_;
  std::vector<Interval> system_;  // local addresses, gateways, resolvers
  std::vector<Interval> sshPeers_;
  std::vector<Interval> configured_;
  std::map<std::string, int64_t> connectionsSinceMs_;
  bool isFirstLook_ = true;
};

// Ports that sshd listens on besides 22, from its configuration as far as it can be read.
std::vector<uint16_t> configuredSshPorts();

}  // namespace enforcer
