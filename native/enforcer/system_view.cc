#include "system_view.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "netlink.h"

namespace enforcer {

namespace {

constexpr int tcpEstablished = 1;  // include/net/tcp_states.h

std::optional<Interval> hostOf(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    return hostFromBytes(Family::v4, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr);
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  return hostFromBytes(Family::v6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

void addHost(Bytes bytes, std::vector<Interval>& found) {
  if (bytes.size() == 4) found.push_back(hostFromBytes(Family::v4, bytes.data()));
  if (bytes.size() == 16) found.push_back(hostFromBytes(Family::v6, bytes.data()));
}

// A next hop of the other family (RFC 5549 routes): two octets of family, then the address.
void addVia(Bytes via, std::vector<Interval>& found) {
  if (via.size() > sizeof(uint16_t)) addHost(via.subspan(sizeof(uint16_t)), found);
}

void addHops(Bytes hops, std::vector<Interval>& found) {
  while (hops.size() >= sizeof(rtnexthop)) {
    rtnexthop hop;
    std::memcpy(&hop, hops.data(), sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops.size()) return;
    const auto attributes = readAttributes<RTA_MAX + 1>(hops.subspan(sizeof hop, hop.rtnh_len - sizeof hop));
    addHost(attributes[RTA_GATEWAY], found);
    addVia(attributes[RTA_VIA], found);
    hops = hops.subspan(std::min<size_t>(RTNH_ALIGN(hop.rtnh_len), hops.size()));
  }
}

// "0100007F:0016": words of four octets, each in the host's order, then the port.
bool parseEnd(const std::string& text, Interval& host, uint16_t& port) {
  const size_t colon = text.find(':');
  if (colon != 8 && colon != 32) return false;
  uint32_t words[4] = {};
  for (size_t i = 0; i < colon / 8; ++i) {
    words[i] = static_cast<uint32_t>(std::stoul(text.substr(i * 8, 8), nullptr, 16));
  }
  host = hostFromBytes(colon == 8 ? Family::v4 : Family::v6, words);
  port = static_cast<uint16_t>(std::stoul(text.substr(colon + 1), nullptr, 16));
  return true;
}

bool readConnections(const char* file, const std::vector<uint16_t>& ports, std::vector<SshConnection>& found) {
  std::ifstream table(file);
  if (!table) return false;
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state;
    fields >> slot >> local >> remote >> state;
    Interval localHost, peer;
    uint16_t localPort = 0, peerPort = 0;
    if (state.empty() || std::stoi(state, nullptr, 16) != tcpEstablished) continue;
    if (!parseEnd(local, localHost, localPort) || !parseEnd(remote, peer, peerPort)) continue;
    if (std::find(ports.begin(), ports.end(), localPort) != ports.end()) found.push_back({local + ' ' + remote, peer});
  }
  return true;
}

}  // namespace

bool localAddresses(std::vector<Interval>& found) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return false;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (const auto host = hostOf(each->ifa_addr)) found.push_back(*host);
  }
  freeifaddrs(list);
  return true;
}

bool defaultGateways(std::vector<Interval>& found) {
  try {
    NetlinkSocket socket(NETLINK_ROUTE);
    NetlinkWriter out;
    const uint32_t sequence = socket.nextSequence();
    out.message(RTM_GETROUTE, NLM_F_DUMP, sequence, rtmsg{});
    return socket.dump(out.finish(), sequence, [&found](uint16_t type, Bytes payload) {
      rtmsg route;
      if (type != RTM_NEWROUTE || payload.size() < sizeof route) return;
      std::memcpy(&route, payload.data(), sizeof route);
      if (route.rtm_dst_len != 0) return;
      const auto attributes = readAttributes<RTA_MAX + 1>(afterHeader(payload, sizeof route));
      addHost(attributes[RTA_GATEWAY], found);
      addVia(attributes[RTA_VIA], found);
      addHops(attributes[RTA_MULTIPATH], found);
    }) == 0;
  } catch (const std::exception&) {
    return false;
  }
}

// A node may well have no resolver, and systemd-resolved keeps the real ones behind its stub in a file of its own.
void resolvers(std::vector<Interval>& found) {
  for (const char* file : {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"}) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string key, value;
      words >> key >> value;
      if (key != "nameserver") continue;
      if (const auto host = parsePrefix(value.substr(0, value.find('%')))) found.push_back(*host);
    }
  }
}

bool sshConnections(const std::vector<uint16_t>& ports, std::vector<SshConnection>& found) {
  const bool isV4Read = readConnections("/proc/self/net/tcp", ports, found);
  const bool hasV6 = access("/proc/self/net/tcp6", F_OK) == 0;
  return isV4Read && (!hasV6 || readConnections("/proc/self/net/tcp6", ports, found));
}

bool loggedInHosts(std::vector<Interval>& found) {
  std::error_code trouble;
  // sd_booted(3): systemd is the service manager here, not just installed.
  if (!std::filesystem::is_directory("/run/systemd/system", trouble)) return false;
  const std::filesystem::directory_iterator sessions("/run/systemd/sessions", trouble);
  if (trouble) return false;
  for (const auto& session : sessions) {
    std::ifstream lines(session.path());
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("REMOTE_HOST=")) continue;
      if (const auto host = parsePrefix(line.substr(12))) found.push_back(*host);
    }
  }
  return true;
}

}  // namespace enforcer
