// Ends what connection tracking knows of a blocked address. The drop rules come before conntrack, so its connections
// are dead already; this frees their entries and takes them off any flowtable, which forwards established flows past
// all hooks.
#pragma once

#include <optional>
#include <vector>

#include "interval.h"
#include "netlink.h"

namespace enforcer {

class ConntrackFlusher {
 public:
  // Without nf_conntrack_netlink in the kernel everything below does nothing.
  ConntrackFlusher();

  bool isAvailable() const { return isAvailable_; }
  uint64_t flushed() const { return flushed_; }

  // Remembers what to flush: a walk over all entries costs milliseconds, so it waits until the caller has read its
  // answer, and one walk serves all that was asked for meanwhile. Past the bound a request is counted as `skipped`.
  void request(const std::vector<Interval>& intervals, int64_t nowMs);
  uint64_t skipped() const { return skipped_; }

  // When `startIfDue` wants to be called; INT64_MAX when nothing waits.
  int64_t dueAtMs() const;
  void startIfDue(int64_t nowMs);

  // A walk goes on in pieces, whenever `fd` is readable.
  int fd() const { return dump_ ? dump_->fd() : -1; }
  void onReadable();

 private:
  void consider(Bytes payload);

  std::optional<NetlinkSocket> dump_;
  std::optional<NetlinkSocket> deletion_;
  std::vector<Interval> pending_;
  std::vector<Interval> walking_;  // disjoint and sorted, of the walk under way
  uint32_t sequence_ = 0;
  int64_t nextWalkAtMs_ = 0;
  bool isWalking_ = false;
  bool isAvailable_ = false;
  uint64_t flushed_ = 0;
  uint64_t skipped_ = 0;
};

}  // namespace enforcer
