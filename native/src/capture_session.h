// One capture on its own thread: files in order, or several interfaces at once, through one meter into one sink.
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
#include "live_interface.h"
#include "meter.h"

namespace phantommesh {

struct SessionOptions {
  std::vector<std::string> files;       // either files
  std::vector<std::string> interfaces;  // or interfaces
  std::string filter;                   // BPF expression; empty: everything
  uint32_t ringOctets = 32u << 20;      // an interface
  bool behaviour = true;                // host and pair tables, and the events that come of them
  bool recordFlows = true;
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
  void waitForPackets(int timeoutMs);
  // Drops interfaces that were removed and opens those that are back.
  void reopenInterfaces();
  InterfaceCounters countersOf(size_t index);
  template <class Observer>
  void publish(const Meter<Observer>& meter);

  const SessionOptions options_;
  std::unique_ptr<EventSink> sink_;
  std::unique_ptr<CaptureFile> firstFile_;
  std::vector<std::unique_ptr<LiveInterface>> interfaces_;  // as in options_; null while one is gone
  uint64_t reopenedAtUs_ = 0;
  uint64_t interfacesLost_ = 0;
  std::vector<InterfaceCounters> earlier_;  // counted before an interface was lost, added to what it counts now
  std::optional<CaptureFailure> failure_;
  uint64_t filtered_ = 0;
  std::atomic<bool> isStopping_ = false;
  std::atomic<double> progress_ = 0;
  std::mutex mutex_;
  MeterCounters published_;
  std::thread thread_;
};

}  // namespace phantommesh
