// What may be blocked, and that it is. The caller is trusted for nothing but its wish: never-block, widths, durations,
// counts and pace are judged here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "block_map.h"
#include "conntrack.h"
#include "never_block.h"
#include "nft_table.h"
#include "protocol.h"

namespace enforcer {

struct Caps {
  size_t elementsMax = 65'536;
  int prefixLengthMinV4 = 24;  // no wider
  int prefixLengthMinV6 = 56;
  int64_t durationMsMin = 1'000;
  int64_t durationMsMax = 7LL * 24 * 3600 * 1000;
  double newBlocksPerMinute = 6'000;
};

// A bucket of one minute's blocks, refilled evenly.
class Pace {
 public:
  explicit Pace(double perMinute) : perMinute_(perMinute), left_(perMinute) {}
  bool take(int64_t nowMs);
  double left() const { return left_; }

 private:
  double perMinute_;
  double left_;
  int64_t refilledAtMs_ = 0;
};

class Enforcer {
 public:
  Enforcer(Caps caps, NeverBlockOptions neverBlock);

  // One line in, one line out. Never throws for what the line says.
  std::string handle(std::string_view line, int64_t nowMs);

  // Every second or so: learns about SSH sessions, and lifts bans that contradict what the node has become.
  void tick(int64_t nowMs);
  // Reads anew whom never to block. A ban reads it itself where it is older than a second.
  void refresh(int64_t nowMs);

  ConntrackFlusher& conntrack() { return conntrack_; }

 private:
  // A request that may go to the kernel; `index` is its place in the results.
  struct Candidate {
    Interval interval;
    int64_t deadlineMs = 0;
    size_t index = 0;
    bool isUnblock = false;
  };

  std::vector<Result> block(const std::vector<BlockElement>& elements, int64_t nowMs);
  std::vector<Result> unblock(const std::vector<std::string>& targets, int64_t nowMs);
  std::string list(uint64_t id, int64_t nowMs);
  std::string neverBlock(const Request& request, int64_t nowMs);
  std::string status(uint64_t id, int64_t nowMs);
  std::string cleanup(uint64_t id);

  // Why the element may not be blocked, empty when it may.
  std::string refusal(const BlockElement& element, int64_t nowMs, Interval& interval);
  bool isRenewal(const Interval& interval, int64_t nowMs) const;

  // Puts all candidates into the kernel in one transaction, or else each alone; writes outcomes.
  void commit(const std::vector<Candidate>& candidates, int64_t nowMs, std::vector<Result>& results);
  std::string commitOnce(const std::vector<Candidate>& candidates, int64_t nowMs);
  std::string liftForbidden(int64_t nowMs);

  // Makes the mirror true for the kernel's present ruleset, and the table whole where it matters: when it holds
  // elements, or is about to (`isDefining`). Returns the error, empty when done.
  std::string synchronise(bool isDefining, int64_t nowMs);

  Caps caps_;
  NeverBlockList neverBlock_;
  NftTable table_;
  ConntrackFlusher conntrack_;
  Pace pace_;
  BlockMap mirror_;
  uint32_t mirroredGeneration_ = 0;  // 0: the mirror is not to be trusted
  bool isWhole_ = false;             // at that generation the table had all its sets, chains and rules
  int64_t readAtMs_ = 0;
  // What was let in, until when: putting it back after somebody flushed the sets is no new block.
  std::map<Interval, int64_t> granted_;
  std::string neverBlockTrouble_;
  int64_t refreshedAtMs_ = -1'000'000;
  std::map<std::string, uint64_t> counted_;
};

}  // namespace enforcer
