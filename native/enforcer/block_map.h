// What the kernel's sets hold, mirrored: disjoint intervals with a deadline each, and how to change them.
//
// A set with `flags interval` refuses overlapping elements, yet bans do overlap: a host inside a banned prefix, with
// another end. So a ban is *painted*: every address gets the later of its deadlines, and pieces are cut out where that
// differs. The kernel then holds the exact union, and needs nobody to remember anything.
#pragma once

#include <map>
#include <vector>

#include "interval.h"

namespace enforcer {

// One kernel operation. Removals name an element exactly as it is in the kernel.
struct Change {
  bool isAddition = false;
  Interval interval;
  int64_t deadlineMs = 0;
};

struct Blocked {
  Interval interval;
  int64_t deadlineMs = 0;
};

class BlockMap {
 public:
  // Replaces everything by what was read from the kernel.
  void assign(const std::vector<Blocked>& elements);

  // Blocks `interval` at least until `deadlineMs`; never shortens a ban. Appends the changes, in order.
  void paint(const Interval& interval, int64_t deadlineMs, int64_t nowMs, std::vector<Change>& changes);

  // Frees `interval`; what sticks out of it stays as it was. True when something was blocked there.
  bool cut(const Interval& interval, int64_t nowMs, std::vector<Change>& changes);

  // Forgets what has ended; the kernel does the same on its own.
  void expire(int64_t nowMs);

  std::vector<Blocked> elements() const;
  std::vector<Blocked> overlapping(const Interval& interval) const;
  size_t size() const { return byFirst_.size(); }

 private:
  struct Key {
    Family family;
    Number first;
    auto operator<=>(const Key&) const = default;
  };
  struct Rest {
    Number last;
    int64_t deadlineMs;
  };

  void add(const Blocked& element, std::vector<Change>& changes);
  // Takes the element out, and puts back the parts of it that stick out of `hole`.
  void carve(const Blocked& element, const Interval& hole, std::vector<Change>& changes);
  // Elements overlapping the interval that have not ended; ended ones are dropped on the way.
  std::vector<Blocked> liveOverlaps(const Interval& interval, int64_t nowMs);

  std::map<Key, Rest> byFirst_;
};

}  // namespace enforcer
