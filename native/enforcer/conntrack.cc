#include "conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace enforcer {

namespace {

constexpr size_t pendingMax = 65'536;
constexpr int64_t walkEveryMs = 100;  // an empty table of 65536 buckets takes 3 ms to walk: 3 % of a core at most

// The kernel walks without a pause. Begun right after the answer, the walk holds the very core on which the asker was
// woken, and the answer is not read before the next tick of the scheduler (4 ms seen).
constexpr int64_t walkDelayMs = 10;

constexpr uint16_t conntrackType(uint16_t message) { return NFNL_SUBSYS_CTNETLINK << 8 | message; }

std::optional<Interval> addressOf(const Attributes<CTA_IP_MAX + 1>& addresses, int v4, int v6) {
  if (addresses[v4].size() == 4) return hostFromBytes(Family::v4, addresses[v4].data());
  if (addresses[v6].size() == 16) return hostFromBytes(Family::v6, addresses[v6].data());
  return std::nullopt;
}

// `disjoint` is sorted, so only the last interval that begins at or before the host can hold it.
bool holds(const std::vector<Interval>& disjoint, const std::optional<Interval>& host) {
  if (!host) return false;
  const Interval widest{host->family, host->first, lastAddress(host->family)};
  const auto above = std::upper_bound(disjoint.begin(), disjoint.end(), widest);
  return above != disjoint.begin() && std::prev(above)->overlaps(*host);
}

// Overlapping and nested intervals become one, so that a lookup needs to see only its neighbour.
std::vector<Interval> merged(std::vector<Interval> intervals) {
  std::sort(intervals.begin(), intervals.end());
  std::vector<Interval> result;
  for (const Interval& each : intervals) {
    if (!result.empty() && result.back().overlaps(each)) {
      result.back().last = std::max(result.back().last, each.last);
    } else {
      result.push_back(each);
    }
  }
  return result;
}

}  // namespace

ConntrackFlusher::ConntrackFlusher() {
  try {
    dump_.emplace(NETLINK_NETFILTER);
    deletion_.emplace(NETLINK_NETFILTER);
  } catch (const std::system_error&) {
    return;
  }
  NetlinkWriter out;
  const uint32_t sequence = dump_->nextSequence();
  out.message(conntrackType(IPCTNL_MSG_CT_GET_STATS_CPU), NLM_F_DUMP, sequence, nfgenmsg{AF_UNSPEC, NFNETLINK_V0, 0});
  isAvailable_ = dump_->dump(out.finish(), sequence, [](uint16_t, Bytes) {}) == 0;
  if (!isAvailable_) dump_.reset();
}

void ConntrackFlusher::request(const std::vector<Interval>& intervals, int64_t nowMs) {
  if (!isAvailable_) return;
  if (pending_.empty()) nextWalkAtMs_ = std::max(nextWalkAtMs_, nowMs + walkDelayMs);
  for (const Interval& each : intervals) {
    if (pending_.size() < pendingMax) {
      pending_.push_back(each);
    } else {
      ++skipped_;
    }
  }
}

int64_t ConntrackFlusher::dueAtMs() const { return pending_.empty() || isWalking_ ? INT64_MAX : nextWalkAtMs_; }

void ConntrackFlusher::startIfDue(int64_t nowMs) {
  if (nowMs < dueAtMs()) return;
  nextWalkAtMs_ = nowMs + walkEveryMs;
  walking_ = merged(std::move(pending_));
  pending_.clear();
  sequence_ = dump_->nextSequence();
  NetlinkWriter out;
  out.message(conntrackType(IPCTNL_MSG_CT_GET), NLM_F_DUMP, sequence_, nfgenmsg{AF_UNSPEC, NFNETLINK_V0, 0});
  isWalking_ = dump_->send(out.finish()) == 0;
  if (!isWalking_) skipped_ += walking_.size();
}

void ConntrackFlusher::onReadable() {
  bool isOver = false;
  const int error = dump_->receive([&](const nlmsghdr& header, Bytes payload) {
    if (header.nlmsg_seq != sequence_) return;
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
      isOver = true;
    } else {
      consider(payload);
    }
  }, false);
  if (isOver) isWalking_ = false;
  if (error == 0 || error == EAGAIN || error == EINTR) return;
  // ENOBUFS and the like: entries were lost, and a flowtable would forward theirs for as long as they talk. Once more.
  isWalking_ = false;
  request(walking_, nextWalkAtMs_);
}

// Either end of either direction: after NAT the blocked address may stand in one of them only.
void ConntrackFlusher::consider(Bytes payload) {
  if (payload.size() < sizeof(nfgenmsg)) return;
  const auto entry = readAttributes<CTA_MAX + 1>(afterHeader(payload, sizeof(nfgenmsg)));
  bool isBlocked = false;
  for (const int direction : {CTA_TUPLE_ORIG, CTA_TUPLE_REPLY}) {
    const auto tuple = readAttributes<CTA_TUPLE_MAX + 1>(entry[direction]);
    const auto addresses = readAttributes<CTA_IP_MAX + 1>(tuple[CTA_TUPLE_IP]);
    isBlocked = isBlocked || holds(walking_, addressOf(addresses, CTA_IP_V4_SRC, CTA_IP_V6_SRC)) ||
                holds(walking_, addressOf(addresses, CTA_IP_V4_DST, CTA_IP_V6_DST));
  }
  if (!isBlocked) return;
  NetlinkWriter out;
  nfgenmsg header{};
  std::memcpy(&header, payload.data(), sizeof header);
  // No acknowledgement: an entry that has gone meanwhile is as good as deleted. The id keeps us from ending a
  // successor.
  const nfgenmsg family{header.nfgen_family, NFNETLINK_V0, 0};
  out.message(conntrackType(IPCTNL_MSG_CT_DELETE), 0, deletion_->nextSequence(), family);
  out.attribute(CTA_TUPLE_ORIG | NLA_F_NESTED, entry[CTA_TUPLE_ORIG]);
  if (!entry[CTA_ID].empty()) out.attribute(CTA_ID, entry[CTA_ID]);
  if (!entry[CTA_ZONE].empty()) out.attribute(CTA_ZONE, entry[CTA_ZONE]);
  if (deletion_->send(out.finish()) == 0) ++flushed_;
  // The kernel answers before `send` returns, and unasked only to say that it did not delete.
  while (deletion_->receive([this](const nlmsghdr&, Bytes) { --flushed_; }, false) == 0) {
  }
}

}  // namespace enforcer
