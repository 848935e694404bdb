// Batches of event records in memory that JavaScript owns: one thread fills them, JavaScript takes them in the same
// order.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "event_record.h"

namespace phantommesh {

// What an observer counted. `dropped` is work refused or ended early, by reason; the names reach the metrics as they
// are.
struct NamedCount {
  const char* name;
  uint64_t value;
};
struct ObserverCounters {
  uint64_t hosts = 0;
  uint64_t pairs = 0;
  uint64_t eventsReceived = 0;  // = scored + shed + pending at every instant
  uint64_t eventsScored = 0;
  uint64_t eventsShed = 0;
  uint64_t eventsPending = 0;
  uint64_t questionsMissed = 0;  // flows that began with an answer and went on as if it had been asked for
  std::vector<NamedCount> dropped;
};

class EventSink {
 public:
  // A file waits for JavaScript when all batches are full; a live interface cannot wait: it drops the event and counts
  // it.
  enum class WhenFull { kWait, kDrop };
  struct Batch {
    uint32_t buffer;
    uint32_t length;
  };

  // `wake` is called without the lock, from the filling thread, whenever there is something new to take.
  EventSink(std::vector<std::span<EventRecord>> buffers, WhenFull whenFull, std::function<void()> wake);

  // Filling thread. The next free record, or null when it must be dropped. The record holds what it held when it was
  // last used: whoever fills it writes every field, or always the same subset. Nothing is delivered before `commit`; a
  // second `reserve` without `commit` gives the same record again.
  EventRecord* reserve() {
    if (current_ == nullptr && !acquire()) return nullptr;
    return current_ + length_;
  }
  void commit() {
    ++committed_;
    if (++length_ == capacity_) handOver();
  }
  // Hands over what is there. Does nothing while JavaScript still has an untaken batch: then there is no latency to
  // win.
  void flush();
  bool hasPending() const { return length_ != 0; }
  uint64_t committed() const { return committed_; }
  uint64_t droppedFull() const { return droppedFull_; }
  // The source has ended: nothing is lost by waiting any more, so what is left is delivered whole.
  void waitFromNowOn() { whenFull_ = WhenFull::kWait; }
  // No more events will come.
  void end();

  // JavaScript thread. Gives back the batch taken before, and takes the next.
  std::optional<Batch> take();
  bool isEnded();
  // The filling thread is done, though batches may wait to be taken.
  bool isFilled();
  // Lets a waiting `reserve` go: what comes now is dropped.
  void abandon();

 private:
  bool acquire();
  void handOver();

  const std::vector<std::span<EventRecord>> buffers_;
  const std::function<void()> wake_;

  // Filling thread only.
  WhenFull whenFull_;
  EventRecord* current_ = nullptr;
  uint32_t currentIndex_ = 0;
  uint32_t length_ = 0;
  uint32_t capacity_ = 0;
  uint64_t committed_ = 0;
  uint64_t droppedFull_ = 0;

  std::mutex mutex_;
  std::condition_variable freed_;
  std::deque<uint32_t> free_;
  std::deque<Batch> ready_;
  std::optional<uint32_t> taken_;
  bool ended_ = false;
  bool abandoned_ = false;
};

}  // namespace phantommesh
