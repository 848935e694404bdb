// The metadata of living flows: a bounded slab, used from its start and again where one was given back. Far fewer than
// flows, since a flood's flows have none.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../lazy_array.h"
#include "flow_metadata.h"

namespace phantommesh {

class FlowMetadataSlab {
 public:
  explicit FlowMetadataSlab(size_t count) : count_(count), slab_(count) {}

  // Fresh, or null when all are in use; that is counted.
  FlowMetadata* take() {
    if (free_ == nullptr && used_ == count_) {
      ++refused_;
      return nullptr;
    }
    Place* place = free_;
    if (place != nullptr) free_ = place->next;
    else place = &slab_[used_++];
    place->metadata = FlowMetadata{};
    return &place->metadata;
  }
  void giveBack(FlowMetadata& metadata) {
    auto* place = reinterpret_cast<Place*>(&metadata);
    place->next = free_;
    free_ = place;
  }
  uint64_t refused() const { return refused_; }

 private:
  union Place {
    FlowMetadata metadata;
    Place* next;
  };

  const size_t count_;
  LazyArray<Place> slab_;
  size_t used_ = 0;
  uint64_t refused_ = 0;
  Place* free_ = nullptr;
};

}  // namespace phantommesh
