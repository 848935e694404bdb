#include "event_sink.h"

#include <utility>

namespace phantommesh {

EventSink::EventSink(std::vector<std::span<EventRecord>> buffers, WhenFull whenFull, std::function<void()> wake)
    : buffers_(std::move(buffers)), wake_(std::move(wake)), whenFull_(whenFull) {
  for (uint32_t i = 0; i < buffers_.size(); ++i) free_.push_back(i);
}

bool EventSink::acquire() {
  std::unique_lock lock(mutex_);
  if (whenFull_ == WhenFull::kWait) freed_.wait(lock, [this] { return abandoned_ || !free_.empty(); });
  if (abandoned_ || free_.empty()) {
    ++droppedFull_;
    return false;
  }
  currentIndex_ = free_.front();
  free_.pop_front();
  current_ = buffers_[currentIndex_].data();
  capacity_ = static_cast<uint32_t>(buffers_[currentIndex_].size());
  length_ = 0;
  return true;
}

void EventSink::handOver() {
  {
    std::lock_guard lock(mutex_);
    ready_.push_back({currentIndex_, length_});
  }
  current_ = nullptr;
  length_ = 0;
  wake_();
}

void EventSink::flush() {
  if (length_ == 0) return;
  {
    std::lock_guard lock(mutex_);
    if (!ready_.empty()) return;
  }
  handOver();
}

void EventSink::end() {
  if (length_ != 0) handOver();
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_();
}

std::optional<EventSink::Batch> EventSink::take() {
  std::lock_guard lock(mutex_);
  if (taken_) {
    free_.push_front(*taken_);  // the one whose memory is warm is filled next; the others wait for a crowd
    taken_.reset();
    freed_.notify_one();
  }
  if (ready_.empty()) return std::nullopt;
  const Batch batch = ready_.front();
  ready_.pop_front();
  taken_ = batch.buffer;
  return batch;
}

bool EventSink::isEnded() {
  std::lock_guard lock(mutex_);
  return ended_ && ready_.empty();
}

bool EventSink::isFilled() {
  std::lock_guard lock(mutex_);
  return ended_;
}

void EventSink::abandon() {
  std::lock_guard lock(mutex_);
  abandoned_ = true;
  freed_.notify_all();
}

}  // namespace phantommesh
