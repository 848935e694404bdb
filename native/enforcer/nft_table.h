// The agent's table in the kernel. Its definition goes through libnftables, in the words an operator reads in `nft
// list`; its elements go over netlink directly: libnftables reads a whole interval set back for every element it adds.
#pragma once

#include <nftables/libnftables.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "block_map.h"
#include "netlink.h"

namespace enforcer {

// The deadline of an element without a timeout. The enforcer never adds one, but an operator may by hand.
constexpr int64_t foreverMs = INT64_MAX / 2;

struct DropCounters {
  uint64_t packets = 0;
  uint64_t octets = 0;
};

class NftTable {
 public:
  NftTable();  // throws std::system_error without netlink, std::runtime_error without libnftables

  // The number of the ruleset as it stands; every commit of anybody raises it. 0 when the kernel does not say.
  uint32_t generation();

  // Whether table, sets, chains and rules are as we defined them.
  bool isIntact();

  // Creates what is missing and restores what was changed. Returns the error, empty when done.
  std::string define();

  // Reads both sets. Returns 0 or the errno; a missing table is an empty one.
  int read(std::vector<Blocked>& elements, int64_t nowMs);

  // All changes or none, and only on ruleset `generation`: ERESTART when somebody else committed in between.
  int apply(std::span<const Change> changes, uint32_t generation, int64_t nowMs);

  // What the drop rules have counted, both directions; zero without a table.
  DropCounters dropped();

  // Removes the table; nothing to remove is fine. Returns the error, empty when done.
  std::string remove();

 private:
  std::string run(const std::string& commands, std::string* output = nullptr);
  int readSet(Family family, std::vector<Blocked>& elements, int64_t nowMs);
  int awaitCommit(uint32_t begin, uint32_t last);

  NetlinkSocket socket_;
  std::unique_ptr<nft_ctx, decltype(&nft_ctx_free)> nft_;
  std::string definition_;  // as libnftables prints it, to compare with
};

}  // namespace enforcer
