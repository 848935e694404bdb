// Requests that wait for an answer, oldest first: all wait equally long, so the order of asking is the order of
// deadlines.
#pragma once

#include <cstdint>

#include "decode_transport.h"
#include "flow.h"
#include "lazy_array.h"

namespace phantommesh {

struct OpenRequest {
  FlowKey key;
  Flow* flow;           // null once the flow has ended
  uint64_t askedAtUs;
  uint64_t flowId;
  uint64_t flowEndUs;   // of the flow, when it has ended: what an event of the timeout can still say
  uint64_t packets;
  uint64_t octets;
  uint32_t sourceHost;  // hints, as in ObserverSlot
  uint32_t destinationHost;
  uint32_t pair;
  uint32_t older;
  uint32_t younger;
  EndReason endReason;
  uint8_t interfaceIndex;
  bool isTrial;         // a first contact, not decided; else a TCP handshake that is only counted
  bool isAnswered;      // SYN-ACK seen, the handshake is not complete

  void flowEnded() {
    flowEndUs = flow->lastUs;
    FlowDetail scratch;
    const FlowDetail& detail = detailOf(*flow, scratch);
    packets = detail.packets[0];
    octets = detail.octets[0];
    endReason = flow->endReason;
    flow = nullptr;
  }
  // A flow with what is known of it in `detail`.
  Flow remains(FlowDetail& detail) const {
    Flow remains;
    remains.key = key;
    remains.id = flowId;
    remains.firstUs = askedAtUs;
    remains.lastUs = flowEndUs;
    detail.packets[0] = packets;
    detail.octets[0] = octets;
    remains.hasDetail = true;
    remains.detail = &detail;
    remains.interfaceIndex = interfaceIndex;
    remains.endReason = endReason;
    remains.tcpState = key.protocol == kTcp ? kSynSent : kNotTcp;
    return remains;
  }
};

// A list through a slab of fixed size. Index 0 means none.
class OpenRequests {
 public:
  explicit OpenRequests(uint32_t requestsMax) : requestsMax_(requestsMax), requests_(size_t{requestsMax} + 1) {}

  OpenRequest& at(uint32_t index) { return requests_[index]; }
  uint32_t oldest() const { return oldest_; }
  uint32_t size() const { return size_; }
  bool isFull() const { return size_ == requestsMax_; }

  uint32_t push() {
    uint32_t index = free_;
    if (index != 0) {
      free_ = requests_[index].younger;
    } else {
      index = ++used_;
    }
    OpenRequest& request = requests_[index];
    request = OpenRequest{};
    request.older = youngest_;
    (youngest_ == 0 ? oldest_ : requests_[youngest_].younger) = index;
    youngest_ = index;
    ++size_;
    return index;
  }

  void remove(uint32_t index) {
    OpenRequest& request = requests_[index];
    (request.older == 0 ? oldest_ : requests_[request.older].younger) = request.younger;
    (request.younger == 0 ? youngest_ : requests_[request.younger].older) = request.older;
    request.younger = free_;
    request.flow = nullptr;
    free_ = index;
    --size_;
  }

  void clear() { oldest_ = youngest_ = free_ = used_ = size_ = 0; }

 private:
  const uint32_t requestsMax_;
  uint32_t oldest_ = 0;
  uint32_t youngest_ = 0;
  uint32_t free_ = 0;
  uint32_t used_ = 0;
  uint32_t size_ = 0;
  LazyArray<OpenRequest> requests_;
};

}  // namespace phantommesh
