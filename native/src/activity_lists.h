// Which flow was silent longest: two lists through all slots, open and closed flows, each in order of last activity.
//
// A flow moves to the end of its list only when a new tick of kTickUs has begun since it last moved, so a busy flow
// costs four moves a second and most packets cost none. The first of a list is the longest idle, exact to a tick:
// expiry and making room take it from there, in work proportional to what ends. (A clock hand that sweeps the slab
// costs less a packet only when nothing expires, visits every slot after a gap, and does not know the longest idle.)
#pragma once

#include <cstdint>

#include "lazy_array.h"

namespace phantommesh {

class ActivityLists {
 public:
  enum List : uint32_t { kOpen = 0, kClosed = 1 };
  static constexpr int kTickBits = 18;  // 2^18 us = 262 ms

  // Slots run from 1 to `slots`; 0 means none.
  explicit ActivityLists(uint32_t slots) : sentinel_(slots + 1), links_(slots + 3) {
    for (uint32_t list : {kOpen, kClosed}) links_[sentinel_ + list] = {sentinel_ + list, sentinel_ + list};
  }

  static bool isNewTick(uint64_t beforeUs, uint64_t nowUs) { return (beforeUs >> kTickBits) != (nowUs >> kTickBits); }

  uint32_t oldest(List list) const {
    const uint32_t slot = links_[sentinel_ + list].next;
    return slot == sentinel_ + list ? 0 : slot;
  }

  void append(List list, uint32_t slot) {
    const uint32_t end = sentinel_ + list;
    const uint32_t last = links_[end].previous;
    links_[slot] = {last, end};
    links_[last].next = slot;
    links_[end].previous = slot;
  }

  void remove(uint32_t slot) {
    const Link link = links_[slot];
    links_[link.previous].next = link.next;
    links_[link.next].previous = link.previous;
  }

  void moveToEnd(List list, uint32_t slot) {
    remove(slot);
    append(list, slot);
  }

 private:
  struct Link {
    uint32_t previous;
    uint32_t next;
  };

  uint32_t sentinel_;
  LazyArray<Link> links_;
};

}  // namespace phantommesh
