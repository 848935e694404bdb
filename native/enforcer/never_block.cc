#include "never_block.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>

#include "system_view.h"

namespace enforcer {

namespace {

// No peer that could be told apart has such an address; blocking it would hit the node itself or everybody.
// RFC 6890 (special purpose), RFC 5771 and RFC 4291 section 2.7 (multicast).
constexpr const char* builtInPrefixes[] = {
    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255",
    "::",        "::1",         "fe80::/10",      "ff00::/8",
};

// sshd's LoginGraceTime is 120 s: what is connected for longer has logged in.
constexpr int64_t loginGraceMs = 130'000;
constexpr size_t connectionsMax = 4096;
constexpr size_t fileLinesMax = 65'536;

bool anyOverlaps(const std::vector<Interval>& list, const Interval& interval) {
  return std::any_of(list.begin(), list.end(), [&](const Interval& each) { return each.overlaps(interval); });
}

// `Port 2222`, `port=2222`, `ListenAddress 10.0.0.1:2222`, `ListenAddress [::]:2222`; 0 for any other line. An address
// alone has no port: more than one colon without brackets is IPv6.
uint16_t sshPortIn(std::string line) {
  std::replace(line.begin(), line.end(), '=', ' ');
  std::istringstream words(line);
  std::string key, value;
  words >> key >> value;
  std::transform(key.begin(), key.end(), key.begin(), [](unsigned char letter) { return std::tolower(letter); });
  const size_t colon = value.rfind(':');
  const bool isAddress = key == "listenaddress" && colon != std::string::npos;
  const bool hasPort = isAddress && (value.find(':') == colon || (colon > 0 && value[colon - 1] == ']'));
  if (key != "port" && !hasPort) return 0;
  const std::string digits = hasPort ? value.substr(colon + 1) : value;
  uint16_t port = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return port;
}

}  // namespace

NeverBlockList::NeverBlockList(NeverBlockOptions options) : options_(std::move(options)) {
  for (const char* prefix : builtInPrefixes) builtIn_.push_back(*parsePrefix(prefix));
}

std::string NeverBlockList::refresh(int64_t nowMs) {
  if (const std::string trouble = readProtectedFile(); !trouble.empty()) return trouble;
  std::vector<Interval> system;
  if (!localAddresses(system)) return "local addresses cannot be read";
  if (!defaultGateways(system)) return "routes cannot be read";
  resolvers(system);
  system_ = std::move(system);
  return readSshPeers(nowMs);
}

bool NeverBlockList::forbids(const Interval& interval) const {
  const auto lists = {&builtIn_, &protected_, &system_, &sshPeers_, &configured_};
  return std::any_of(lists.begin(), lists.end(), [&](const auto* list) { return anyOverlaps(*list, interval); });
}

std::vector<Interval> NeverBlockList::standing() const {
  std::vector<Interval> all = builtIn_;
  for (const auto* list : {&protected_, &system_, &configured_}) all.insert(all.end(), list->begin(), list->end());
  return all;
}

size_t NeverBlockList::size() const { return standing().size() + sshPeers_.size(); }

// A file that main could write would protect whomever main likes to protect; so it must belong to root alone.
std::string NeverBlockList::readProtectedFile() {
  const std::string& name = options_.protectedFile;
  struct stat status;
  const bool isThere = !name.empty() && stat(name.c_str(), &status) == 0;
  // A file behind a closed folder may say a lot: only one that is certainly not there says nothing.
  if (!isThere && !name.empty() && errno != ENOENT && errno != ENOTDIR) return name + ": " + std::strerror(errno);
  if (!isThere) {
    protected_.clear();
    return "";
  }
  const bool isOfOthers = status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (isOfOthers) return name + ": must be owned and writable by root alone";
  std::ifstream lines(name);
  if (!lines) return name + ": cannot be read";
  std::vector<Interval> prefixes;
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (++number > fileLinesMax) return name + ": too many lines";
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) {
      const auto prefix = parsePrefix(word);
      if (!prefix) return name + ":" + std::to_string(number) + ": not an address or prefix";
      prefixes.push_back(*prefix);
    }
  }
  protected_ = std::move(prefixes);
  return "";
}

// Where logind runs it knows who has logged in, and a connection alone protects nobody before sshd's grace time is
// over: else a guesser would be immune by holding port 22 open. Without logind every established connection counts:
// better that guesser than an operator locked out. Connections older than this process have an unknown age and count as
// logged in.
std::string NeverBlockList::readSshPeers(int64_t nowMs) {
  std::vector<SshConnection> connections;
  if (!sshConnections(options_.sshPorts, connections)) return "TCP connections cannot be read";
  std::vector<Interval> peers;
  const bool hasLogind = loggedInHosts(peers);

  std::map<std::string, int64_t> sinceMs;
  for (const auto& [id, peer] : connections) {
    const auto known = connectionsSinceMs_.find(id);
    const int64_t unknownAge = isFirstLook_ ? nowMs - loginGraceMs : nowMs;
    const int64_t since = known == connectionsSinceMs_.end() ? unknownAge : known->second;
    if (sinceMs.size() < connectionsMax) sinceMs[id] = since;
    if (!hasLogind || nowMs - since >= loginGraceMs) peers.push_back(peer);
  }
  connectionsSinceMs_ = std::move(sinceMs);
  sshPeers_ = std::move(peers);
  isFirstLook_ = false;
  return "";
}

std::vector<uint16_t> configuredSshPorts() {
  std::vector<uint16_t> ports;
  glob_t files{};
  glob("/etc/ssh/sshd_config", 0, nullptr, &files);
  glob("/etc/ssh/sshd_config.d/*.conf", GLOB_APPEND, nullptr, &files);
  for (size_t i = 0; i < files.gl_pathc; ++i) {
    std::ifstream lines(files.gl_pathv[i]);
    for (std::string line; std::getline(lines, line);) {
      if (const uint16_t port = sshPortIn(line); port != 0) ports.push_back(port);
    }
  }
  globfree(&files);
  return ports;
}

}  // namespace enforcer
