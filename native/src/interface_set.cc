#include "interface_set.h"

#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "capture_failure.h"
#include "packet_filter.h"
#include "snap_tail.h"

namespace phantommesh {
namespace {

using Code = CaptureFailure::Code;

constexpr size_t kRefusedMax = 1024;  // names remembered, so that each counts once

// The name of the interface with this number; empty: there is none any more.
std::string nameOfIndex(int index) {
  char name[IF_NAMESIZE] = "";
  return if_indextoname(static_cast<unsigned>(index), name) == nullptr ? "" : name;
}

int indexOfName(const std::string& name) { return static_cast<int>(if_nametoindex(name.c_str())); }

// In the order in which they were made.
std::vector<std::string> namesOfAll() {
  std::vector<std::string> names;
  struct if_nameindex* all = if_nameindex();
  if (all == nullptr) return names;
  for (const auto* each = all; each->if_name != nullptr; ++each) names.emplace_back(each->if_name);
  if_freenameindex(all);
  return names;
}

// What would keep any interface from being captured is said at the start, even if none is there yet.
void requireAbility(const std::string& place, const std::string& filter) {
  const int descriptor = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    const bool isForbidden = errno == EPERM || errno == EACCES;
    throw CaptureFailure(isForbidden ? Code::kPermissionDenied : Code::kInterfaceFailed, place,
                         isForbidden ? "CAP_NET_RAW" : "no packet sockets");
  }
  close(descriptor);
  const PacketFilter compiled(filter, DLT_EN10MB, kSnapMetadata);
}

}  // namespace

InterfaceSet::InterfaceSet(std::vector<InterfaceSource> sources, std::string filter, uint32_t ringOctets)
    : sources_(std::move(sources)), filter_(std::move(filter)), ringOctets_(ringOctets) {
  slots_.reserve(kMax);
  for (uint32_t source = 0; source < sources_.size(); ++source) {
    const InterfaceSource& each = sources_[source];
    if (slots_.size() == kMax) throw CaptureFailure(Code::kInterfaceFailed, each.name, "more than 64 interfaces");
    const bool mayBeMissing = each.isPattern() || each.isOptional;
    if (mayBeMissing) requireAbility(each.name, filter_);
    if (each.isPattern()) continue;
    Slot& slot = slots_.emplace_back();
    slot.name = each.name;
    slot.source = source;
    if (each.isOptional && indexOfName(each.name) == 0) continue;
    slot.live = std::make_unique<LiveInterface>(each.name, filter_, ringOctets_);
    slot.kernelName = each.name;
  }
  takeNewcomers();
}

void InterfaceSet::update() {
  for (Slot& slot : slots_) follow(slot);
  for (Slot& slot : slots_) {
    if (slot.live == nullptr) tryToOpen(slot);
  }
  takeNewcomers();
}

// Whether the interface is gone, has another name, or lost its name to another.
void InterfaceSet::follow(Slot& slot) {
  if (slot.live == nullptr) return;
  slot.kernelName = nameOfIndex(slot.live->index());
  const int named = indexOfName(slot.name);
  if (slot.kernelName.empty() || (named != 0 && named != slot.live->index())) return lose(slot);
  slot.live->refreshMtu(slot.kernelName);
}

void InterfaceSet::lose(Slot& slot) {
  slot.earlier = countersOf(slot);
  slot.live.reset();
  slot.kernelName.clear();
  ++slot.timesLost;
  ++lost_;
}

void InterfaceSet::tryToOpen(Slot& slot) {
  const int index = indexOfName(slot.name);
  if (index == 0) return;
  // It came by a new name that is configured for itself: the old name gives it up.
  if (Slot* holder = holderOf(index)) lose(*holder);
  try {
    slot.live = std::make_unique<LiveInterface>(slot.name, filter_, ringOctets_);
    slot.kernelName = slot.name;
  } catch (const CaptureFailure&) {
    // Gone again, or not ready; the state says that it is not open, and the next try is in a second.
  }
}

void InterfaceSet::takeNewcomers() {
  const bool hasPatterns =
      std::any_of(sources_.begin(), sources_.end(), [](const InterfaceSource& each) { return each.isPattern(); });
  if (!hasPatterns) return;
  for (const std::string& name : namesOfAll()) {
    if (isConfigured(name) || holderOf(indexOfName(name)) != nullptr) continue;
    const auto found = std::find_if(sources_.begin(), sources_.end(), [&](const InterfaceSource& each) {
      return each.isPattern() && each.matches(name);
    });
    if (found == sources_.end()) continue;
    if (Slot* slot = placeFor(name, static_cast<uint32_t>(found - sources_.begin()))) tryToOpen(*slot);
    else if (refused_.size() < kRefusedMax) refused_.insert(name);
  }
}

// A place of its own, or one whose interface is gone when there is no more room; null: all are in use. An interface
// that comes back under its name has its place already, and `update` opened it.
InterfaceSet::Slot* InterfaceSet::placeFor(const std::string& name, uint32_t source) {
  Slot* abandoned = nullptr;
  size_t count = 0;
  for (Slot& slot : slots_) {
    if (slot.name == name) return &slot;
    if (slot.source != source) continue;
    ++count;
    if (slot.live == nullptr && abandoned == nullptr) abandoned = &slot;
  }
  if (count < kPerPattern && slots_.size() < kMax) {
    Slot& slot = slots_.emplace_back();
    slot.name = name;
    slot.source = source;
    return &slot;
  }
  if (abandoned != nullptr) {
    abandoned->name = name;
    abandoned->earlier = {};
  }
  return abandoned;
}

InterfaceSet::Slot* InterfaceSet::holderOf(int index) {
  const auto found = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    return slot.live != nullptr && slot.live->index() == index;
  });
  return found == slots_.end() ? nullptr : &*found;
}

bool InterfaceSet::isConfigured(const std::string& name) const {
  return std::any_of(sources_.begin(), sources_.end(), [&](const InterfaceSource& each) { return each.name == name; });
}

void InterfaceSet::wait(int timeoutMs) {
  std::vector<pollfd> waits;
  for (const Slot& each : slots_) waits.push_back({each.live ? each.live->descriptor() : -1, POLLIN, 0});
  poll(waits.data(), waits.size(), timeoutMs);
  for (size_t index = 0; index < waits.size(); ++index) {
    if (waits[index].revents & (POLLERR | POLLHUP | POLLNVAL)) slots_[index].live->recover();
  }
}

InterfaceCounters InterfaceSet::countersOf(Slot& slot) {
  InterfaceCounters sum = slot.earlier;
  if (slot.live) {
    const InterfaceCounters now = slot.live->counters();
    sum.packets += now.packets;
    sum.dropped += now.dropped;
    sum.merged += now.merged;
  }
  return sum;
}

std::vector<InterfaceState> InterfaceSet::states() {
  std::vector<InterfaceState> states;
  for (Slot& slot : slots_) {
    states.push_back({countersOf(slot), slot.name, slot.kernelName, slot.source, slot.live != nullptr,
                      slot.timesLost});
  }
  return states;
}

}  // namespace phantommesh
