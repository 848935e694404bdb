#include "capture_session.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/random.h>
#include <time.h>

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
constexpr size_t kInterfacesMax = 256;  // an event's interfaceIndex is one octet
constexpr uint64_t kReopenUs = 1'000'000;
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
  options.flows.isFile = options.interfaces.empty();
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
  if (options_.interfaces.size() > kInterfacesMax) {
    throw CaptureFailure(CaptureFailure::Code::kInterfaceFailed, options_.interfaces.back(),
                         "more than 256 interfaces");
  }
  earlier_.resize(options_.interfaces.size());
  if (!options_.files.empty()) firstFile_ = CaptureFile::open(options_.files.front());
  for (const std::string& name : options_.interfaces) {
    interfaces_.push_back(std::make_unique<LiveInterface>(name, options_.filter, options_.ringOctets));
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
  Meter<Observer> meter(options_.flows, observer, *sink_);
  try {
    if (options_.interfaces.empty()) readFiles(meter);
    else readInterfaces(meter);
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
    for (size_t index = 0; index < interfaces_.size(); ++index) {
      const auto take = [&](const RawPacket& packet, uint16_t vlanId) {
        meter.take(packet, static_cast<uint8_t>(index), vlanId);
      };
      // The block goes back to the kernel when `readBlock` returns: the decoder has copied what it needs.
      if (interfaces_[index] && interfaces_[index]->readBlock(take)) isIdle = false;
    }
    if (isIdle) meter.pass(wallUs() - kClockLagUs);
    else meter.work();
    sink_->flush();
    if (isIdle || ++rounds % kPublishRounds == 0) {
      reopenInterfaces();
      publish(meter);
    }
    // An event that waits for JavaScript to take the batch before it must not wait for the next packet.
    if (isIdle) waitForPackets(sink_->hasPending() ? 1 : kWaitMs);
  }
}

void CaptureSession::waitForPackets(int timeoutMs) {
  std::vector<pollfd> waits;
  for (const auto& each : interfaces_) waits.push_back({each ? each->descriptor() : -1, POLLIN, 0});
  poll(waits.data(), waits.size(), timeoutMs);
  for (size_t index = 0; index < waits.size(); ++index) {
    if (waits[index].revents & (POLLERR | POLLHUP | POLLNVAL)) interfaces_[index]->recover();
  }
}

InterfaceCounters CaptureSession::countersOf(size_t index) {
  InterfaceCounters sum = earlier_[index];
  if (interfaces_[index]) {
    const InterfaceCounters now = interfaces_[index]->counters();
    sum.packets += now.packets;
    sum.dropped += now.dropped;
  }
  return sum;
}

// A tunnel that is set up anew is a new interface under the old name: looked for once a second. The socket's error does
// not tell: it comes when the interface goes down, a moment before it is gone.
void CaptureSession::reopenInterfaces() {
  const uint64_t nowUs = wallUs();
  if (nowUs - reopenedAtUs_ < kReopenUs) return;
  reopenedAtUs_ = nowUs;
  for (size_t index = 0; index < interfaces_.size(); ++index) {
    if (interfaces_[index] && interfaces_[index]->isThere()) continue;
    if (interfaces_[index]) {
      earlier_[index] = countersOf(index);
      interfaces_[index].reset();
      ++interfacesLost_;
    }
    try {
      interfaces_[index] =
          std::make_unique<LiveInterface>(options_.interfaces[index], options_.filter, options_.ringOctets);
    } catch (const CaptureFailure&) {
      // Still gone; `interfacesLost` says so, and the next try is in a second.
    }
  }
}

template <class Observer>
void CaptureSession::publish(const Meter<Observer>& meter) {
  MeterCounters counters = meter.counters();
  counters.filtered = filtered_;
  counters.interfacesLost = interfacesLost_;
  for (size_t index = 0; index < interfaces_.size(); ++index) counters.interfaces.push_back(countersOf(index));
  std::lock_guard lock(mutex_);
  published_ = std::move(counters);
}

}  // namespace phantommesh
