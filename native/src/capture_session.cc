#include "capture_session.h"

#include <pthread.h>
#include <signal.h>
#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <map>
#include <new>
#include <utility>

#include "behaviour_observer.h"
#include "packet_filter.h"
#include "record_observer.h"

namespace phantommesh {
namespace {

constexpr int kWaitMs = 100;         // so often an idle thread looks at the clock and at `stop`
constexpr uint64_t kClockLagUs = 5000;  // packets of the last milliseconds may still be on their way into the ring
// Whoever feeds packets has them when its own event loop comes round: time must not have gone on without them.
constexpr uint64_t kFeedLagUs = 1'000'000;
constexpr uint32_t kFeedRound = 1024;  // packets between two looks at what else is to be done
constexpr uint64_t kLookUs = 1'000'000;
constexpr uint32_t kPublishPackets = 4096;
constexpr uint32_t kPublishRounds = 64;  // under load; an idle thread publishes before it waits

uint64_t wallUs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

uint64_t drawSecret() {
  uint64_t secret = 0;
  if (getrandom(&secret, sizeof secret, 0) != sizeof secret) throw std::runtime_error("getrandom failed");
  return secret;
}

SessionOptions completed(SessionOptions options) {
  options.flows.isFile = !options.files.empty();
  // Nobody may aim at one place of a live table; a file gives the same result each time.
  if (!options.flows.isFile) {
    options.flows.hashSecret = drawSecret();
    options.tables.hashSeed = drawSecret();
  }
  options.tables.recordFlows = options.recordFlows;
  return options;
}

}  // namespace

CaptureSession::CaptureSession(SessionOptions options, std::unique_ptr<EventSink> sink)
    : options_(completed(std::move(options))), sink_(std::move(sink)) {
  if (!options_.files.empty()) {
    firstFile_ = CaptureFile::open(options_.files.front());
  } else if (options_.feedOctets != 0) {
    feed_ = std::make_unique<PacketFeed>(options_.feedOctets);
  } else {
    interfaces_ = std::make_unique<InterfaceSet>(options_.interfaces, options_.filter, options_.ringOctets);
    published_.interfaces = interfaces_->states();
  }
}

CaptureSession::~CaptureSession() { close(); }

void CaptureSession::start() { thread_ = std::thread(&CaptureSession::run, this); }

void CaptureSession::close() {
  stop();
  sink_->abandon();
  if (thread_.joinable()) thread_.join();
}

MeterCounters CaptureSession::counters() {
  std::lock_guard lock(mutex_);
  return published_;
}

void CaptureSession::run() {
  pthread_setname_np(pthread_self(), "phantommesh-cap");
  // Signals are for the main thread.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  try {
    if (options_.behaviour) {
      BehaviourObserver observer(options_.tables, *sink_);
      runWith(observer);
    } else {
      RecordObserver observer(options_.recordFlows, *sink_);
      runWith(observer);
    }
  } catch (const std::bad_alloc&) {
    // The tables are address space only, but a kernel that never overcommits (vm.overcommit_memory=2) counts them.
    failure_ = CaptureFailure(CaptureFailure::Code::kInterfaceFailed, "capture", "no memory for tables of this size");
  }
  sink_->end();
}

template <class Observer>
void CaptureSession::runWith(Observer& observer) {
  Meter<Observer> meter(options_.flows, observer, *sink_, options_.readsMetadata);
  try {
    if (feed_) readFeed(meter);
    else if (interfaces_) readInterfaces(meter);
    else readFiles(meter);
  } catch (const CaptureFailure& failure) {
    failure_ = failure;
  }
  sink_->waitFromNowOn();
  meter.endAll();
  sink_->flush();
  publish(meter);
}

template <class Observer>
void CaptureSession::readFiles(Meter<Observer>& meter) {
  for (size_t index = 0; index < options_.files.size(); ++index) {
    const std::unique_ptr<CaptureFile> file =
        index == 0 ? std::move(firstFile_) : CaptureFile::open(options_.files[index]);
    if (!readFile(meter, *file, index)) return;
  }
  progress_ = 1;
}

// False when it was stopped.
template <class Observer>
bool CaptureSession::readFile(Meter<Observer>& meter, CaptureFile& file, size_t index) {
  std::map<uint32_t, PacketFilter> filters;  // one a link type
  const bool isFiltered = !options_.filter.empty();
  RawPacket packet;
  for (uint32_t count = 1; file.next(packet); ++count) {
    if (isFiltered && packet.linkType) {
      const uint32_t linkType = packet.fileLinkType;
      const auto& filter = filters.try_emplace(linkType, options_.filter, linkType, 65'535).first->second;
      if (!filter.passes(packet.captured.bytes, packet.captured.length, packet.captured.wireLength)) {
        ++filtered_;
        continue;
      }
    }
    meter.take(packet, 0);
    if (count % kPublishPackets != 0) continue;
    if (isStopping_) return false;
    progress_ = (static_cast<double>(index) + file.progress()) / static_cast<double>(options_.files.size());
    publish(meter);
  }
  return true;
}

template <class Observer>
void CaptureSession::readInterfaces(Meter<Observer>& meter) {
  for (uint32_t rounds = 0; !isStopping_;) {
    bool isIdle = true;
    for (size_t index = 0; index < interfaces_->size(); ++index) {
      const auto take = [&](const RawPacket& packet, uint16_t vlanId) {
        meter.take(packet, static_cast<uint8_t>(index), vlanId);
      };
      // The block goes back to the kernel when `readBlock` returns: the decoder has copied what it needs.
      LiveInterface* live = interfaces_->at(index);
      if (live != nullptr && live->readBlock(take)) isIdle = false;
    }
    if (isIdle) meter.pass(wallUs() - kClockLagUs);
    else meter.work();
    sink_->flush();
    if (isIdle || ++rounds % kPublishRounds == 0) {
      lookAtInterfaces();
      publish(meter);
    }
    // An event that waits for JavaScript to take the batch before it must not wait for the next packet.
    if (isIdle) interfaces_->wait(sink_->hasPending() ? 1 : kWaitMs);
  }
}

template <class Observer>
void CaptureSession::readFeed(Meter<Observer>& meter) {
  const auto take = [&](const RawPacket& packet, uint8_t interfaceIndex) { meter.take(packet, interfaceIndex); };
  for (uint32_t rounds = 0;;) {
    const bool isIdle = !feed_->read(kFeedRound, take);
    // What was fed before `stop` is metered.
    if (isIdle && isStopping_) return;
    if (isIdle) meter.pass(wallUs() - kFeedLagUs);
    else meter.work();
    sink_->flush();
    if (isIdle || ++rounds % kPublishRounds == 0) publish(meter);
    if (isIdle) feed_->wait(sink_->hasPending() ? 1 : kWaitMs);
  }
}

// A tunnel that is set up anew is a new interface under the old name. The socket's error does not tell: it comes when
// the interface goes down, a moment before it is gone.
void CaptureSession::lookAtInterfaces() {
  const uint64_t nowUs = wallUs();
  if (nowUs - lookedAtUs_ < kLookUs) return;
  lookedAtUs_ = nowUs;
  interfaces_->update();
}

template <class Observer>
void CaptureSession::publish(const Meter<Observer>& meter) {
  MeterCounters counters = meter.counters();
  counters.filtered = filtered_;
  if (feed_) counters.feedFull = feed_->full();
  if (interfaces_) {
    counters.interfaces = interfaces_->states();
    counters.interfacesLost = interfaces_->lost();
    counters.interfacesOverLimit = interfaces_->overLimit();
  }
  std::lock_guard lock(mutex_);
  const auto isSame = [](const InterfaceState& one, const InterfaceState& other) { return one.name == other.name; };
  if (!std::ranges::equal(counters.interfaces, published_.interfaces, isSame)) ++generation_;
  published_ = std::move(counters);
}

}  // namespace phantommesh
