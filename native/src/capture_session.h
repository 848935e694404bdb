// One capture on its own thread: files in order, or several interfaces at once, or packets that are fed to it, through
// one meter into one sink.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "behaviour_limits.h"
#include "capture_failure.h"
#include "capture_file.h"
#include "event_sink.h"
#include "interface_set.h"
#include "meter.h"
#include "packet_feed.h"

namespace phantommesh {

struct SessionOptions {
  std::vector<std::string> files;           // either files
  std::vector<InterfaceSource> interfaces;  // or interfaces
  uint32_t feedOctets = 0;                  // or a feed of this size
  std::string filter;                   // BPF expression; empty: everything
  uint32_t ringOctets = 32u << 20;      // an interface
  bool behaviour = true;                // host and pair tables, and the events that come of them
  bool recordFlows = true;
  bool readsMetadata = true;
  FlowLimits flows;
  BehaviourLimits tables;
};

class CaptureSession {
 public:
  // Opens the first file, or all interfaces; throws CaptureFailure. Packets are read from `start` on.
  CaptureSession(SessionOptions options, std::unique_ptr<EventSink> sink);
  ~CaptureSession();

  void start();
  // The source ends where it is; what is left is delivered.
  void stop() { isStopping_ = true; }
  // Stops, and throws away what was not taken.
  void close();

  EventSink& sink() { return *sink_; }
  // Null unless the session was asked to be fed.
  PacketFeed* feed() { return feed_.get(); }
  // Grows whenever `counters().interfaces` names others than before.
  uint32_t generation() const { return generation_; }
  MeterCounters counters();
  double progress() const { return progress_; }
  // Why reading ended early; known once the sink has ended.
  const std::optional<CaptureFailure>& failure() const { return failure_; }

 private:
  void run();
  template <class Observer>
  void runWith(Observer& observer);
  template <class Observer>
  void readFiles(Meter<Observer>& meter);
  template <class Observer>
  bool readFile(Meter<Observer>& meter, CaptureFile& file, size_t index);
  template <class Observer>
  void readInterfaces(Meter<Observer>& meter);
  template <class Observer>
  void readFeed(Meter<Observer>& meter);
  // Once a second: what became of the interfaces.
  void lookAtInterfaces();
  template <class Observer>
  void publish(const Meter<Observer>& meter);

  const SessionOptions options_;
  std::unique_ptr<EventSink> sink_;
  std::unique_ptr<CaptureFile> firstFile_;
  std::unique_ptr<InterfaceSet> interfaces_;
  std::unique_ptr<PacketFeed> feed_;
  uint64_t lookedAtUs_ = 0;
  std::atomic<uint32_t> generation_ = 0;
  std::optional<CaptureFailure> failure_;
  uint64_t filtered_ = 0;
  std::atomic<bool> isStopping_ = false;
  std::atomic<double> progress_ = 0;
  std::mutex mutex_;
  MeterCounters published_;
  std::thread thread_;
};

}  // namespace phantommesh
