#include "block_map.h"

#include <algorithm>

namespace enforcer {

void BlockMap::assign(const std::vector<Blocked>& elements) {
  byFirst_.clear();
  for (const auto& [interval, deadlineMs] : elements) {
    byFirst_[{interval.family, interval.first}] = {interval.last, deadlineMs};
  }
}

void BlockMap::paint(const Interval& interval, int64_t deadlineMs, int64_t nowMs, std::vector<Change>& changes) {
  Number next = interval.first;  // everything of `interval` below it is settled
  std::vector<Interval> pieces;
  bool isDone = false;
  for (const Blocked& old : liveOverlaps(interval, nowMs)) {
    if (old.deadlineMs < deadlineMs) {
      carve(old, interval, changes);
      continue;
    }
    if (old.interval.first > next) pieces.push_back({interval.family, next, old.interval.first - 1});
    isDone = old.interval.last >= interval.last;
    if (isDone) break;
    next = old.interval.last + 1;
  }
  if (!isDone) pieces.push_back({interval.family, next, interval.last});
  for (const Interval& piece : pieces) add({piece, deadlineMs}, changes);
}

bool BlockMap::cut(const Interval& interval, int64_t nowMs, std::vector<Change>& changes) {
  const auto overlaps = liveOverlaps(interval, nowMs);
  for (const Blocked& old : overlaps) carve(old, interval, changes);
  return !overlaps.empty();
}

void BlockMap::expire(int64_t nowMs) {
  std::erase_if(byFirst_, [nowMs](const auto& entry) { return entry.second.deadlineMs <= nowMs; });
}

std::vector<Blocked> BlockMap::elements() const {
  std::vector<Blocked> all;
  all.reserve(byFirst_.size());
  for (const auto& [key, rest] : byFirst_) all.push_back({{key.family, key.first, rest.last}, rest.deadlineMs});
  return all;
}

std::vector<Blocked> BlockMap::overlapping(const Interval& interval) const {
  std::vector<Blocked> found;
  auto entry = byFirst_.upper_bound({interval.family, interval.first});
  if (entry != byFirst_.begin()) --entry;
  for (; entry != byFirst_.end(); ++entry) {
    const Interval each{entry->first.family, entry->first.first, entry->second.last};
    if (each.overlaps(interval)) found.push_back({each, entry->second.deadlineMs});
    if (each.family > interval.family || (each.family == interval.family && each.first > interval.last)) break;
  }
  return found;
}

void BlockMap::add(const Blocked& element, std::vector<Change>& changes) {
  byFirst_[{element.interval.family, element.interval.first}] = {element.interval.last, element.deadlineMs};
  changes.push_back({true, element.interval, element.deadlineMs});
}

void BlockMap::carve(const Blocked& element, const Interval& hole, std::vector<Change>& changes) {
  const auto& [interval, deadlineMs] = element;
  byFirst_.erase({interval.family, interval.first});
  changes.push_back({false, interval, deadlineMs});
  if (interval.first < hole.first) add({{interval.family, interval.first, hole.first - 1}, deadlineMs}, changes);
  if (interval.last > hole.last) add({{interval.family, hole.last + 1, interval.last}, deadlineMs}, changes);
}

std::vector<Blocked> BlockMap::liveOverlaps(const Interval& interval, int64_t nowMs) {
  auto found = overlapping(interval);
  for (const Blocked& each : found) {
    if (each.deadlineMs <= nowMs) byFirst_.erase({each.interval.family, each.interval.first});
  }
  std::erase_if(found, [nowMs](const Blocked& each) { return each.deadlineMs <= nowMs; });
  return found;
}

}  // namespace enforcer
