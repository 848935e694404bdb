// What the node itself looks like: its addresses, gateways, resolvers and SSH connections.
#pragma once

#include <string>
#include <vector>

#include "interval.h"

namespace enforcer {

// Each returns false when the system would not say; what was read so far stays in `found`.
bool localAddresses(std::vector<Interval>& found);
bool defaultGateways(std::vector<Interval>& found);
void resolvers(std::vector<Interval>& found);

struct SshConnection {
  std::string id;  // both ends in the kernel's spelling
  Interval peer;
};

// Established TCP connections whose local port is one of `ports`.
bool sshConnections(const std::vector<uint16_t>& ports, std::vector<SshConnection>& found);

// Where logind runs: the remote hosts of its sessions, which exist only after authentication. False without logind.
bool loggedInHosts(std::vector<Interval>& found);

}  // namespace enforcer
