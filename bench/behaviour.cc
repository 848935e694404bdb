// What the behaviour tables cost beyond the bare meter, and what an event costs. CPU time of this process; files read
// through the same meter each time, least of three runs. The kernel's work of supplying each table's memory for the
// first time is in it.
//
//   node bench/make-captures.ts mixed /tmp/mixed.pcap && node bench/make-captures.ts flood /tmp/flood.pcap
//   g++ -std=c++20 -O3 -Inative/src bench/behaviour.cc native/src/[!a]*.cc -lpcap -lz -pthread -o /tmp/behaviour
//   nice /tmp/behaviour /tmp/mixed.pcap /tmp/flood.pcap
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "behaviour_observer.h"
#include "capture_file.h"
#include "meter.h"
#include "record_observer.h"

using namespace phantommesh;

namespace {

struct Cost {
  double seconds = 1e9;
  uint64_t packets = 0;
  ObserverCounters observed;
};

double cpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class MakeObserver>
Cost measure(const char* path, MakeObserver makeObserver) {
  Cost best;
  for (int run = 0; run < 3; ++run) {
    std::vector<EventRecord> buffers[2] = {std::vector<EventRecord>(512), std::vector<EventRecord>(512)};
    EventSink* self = nullptr;
    EventSink sink({std::span(buffers[0]), std::span(buffers[1])}, EventSink::WhenFull::kDrop, [&] { self->take(); });
    self = &sink;
    const double start = cpuSeconds();
    auto observer = makeObserver(sink);
    FlowLimits limits;
    limits.isFile = true;
    Meter meter(limits, *observer, sink);
    const auto file = CaptureFile::open(path);
    RawPacket packet;
    while (file->next(packet)) meter.take(packet, 0);
    meter.endAll();
    const double seconds = cpuSeconds() - start;
    if (seconds < best.seconds) best = {seconds, meter.counters().packets, observer->counters()};
  }
  return best;
}

auto withBudget(uint32_t eventsPerSecond) {
  return [=](EventSink& sink) {
    BehaviourLimits limits;
    limits.scoringEventsPerSecond = eventsPerSecond;
    limits.recordFlows = false;
    return std::make_unique<BehaviourObserver>(limits, sink);
  };
}

void compare(const char* path) {
  const Cost bare = measure(path, [](EventSink& sink) { return std::make_unique<RecordObserver>(false, sink); });
  const Cost tables = measure(path, withBudget(0));
  const Cost events = measure(path, withBudget(100'000'000));
  const double packets = static_cast<double>(bare.packets);
  const double scored = static_cast<double>(events.observed.eventsScored);
  std::printf("%s: %.0f packets, %.0f events, %lu hosts, %lu pairs\n", path, packets, scored, tables.observed.hosts,
              tables.observed.pairs);
  std::printf("  bare meter   %6.1f ns a packet\n", bare.seconds * 1e9 / packets);
  std::printf("  with tables  %6.1f ns a packet more\n", (tables.seconds - bare.seconds) * 1e9 / packets);
  std::printf("  with events  %6.1f ns an event\n", (events.seconds - tables.seconds) * 1e9 / scored);
}

}  // namespace

int main(int count, char** arguments) {
  std::printf("bytes: flow %zu, its detail %zu, source %zu, destination %zu, pair %zu, request %zu, event %zu\n",
              sizeof(Flow), sizeof(FlowDetail), sizeof(SourceHost), sizeof(DestinationHost), sizeof(PairRecord),
              sizeof(OpenRequest), sizeof(EventRecord));
  for (int i = 1; i < count; ++i) compare(arguments[i]);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak resident %ld MB\n", usage.ru_maxrss / 1024);
}
