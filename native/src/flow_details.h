// The details of flows that have more than a few packets: a slab, used from its start and again where one was given
// back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flow.h"
#include "lazy_array.h"

namespace phantommesh {

class FlowDetails {
 public:
  // As many as there can be flows, so that one is always free.
  explicit FlowDetails(uint32_t flowsMax) : slab_(flowsMax) {}

  // Holds what it held before.
  FlowDetail& take() {
    if (free_ == nullptr) return slab_[used_++].detail;
    Place* place = free_;
    free_ = place->next;
    return place->detail;
  }
  void giveBack(FlowDetail& detail) {
    auto* place = reinterpret_cast<Place*>(&detail);
    place->next = free_;
    free_ = place;
  }

 private:
  union Place {
    FlowDetail detail;
    Place* next;
  };

  LazyArray<Place> slab_;
  size_t used_ = 0;
  Place* free_ = nullptr;
};

}  // namespace phantommesh
