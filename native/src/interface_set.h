// The live interfaces of one capture: those that are configured by name, and those that match a pattern as they come.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "live_interface.h"
#include "meter.h"

namespace phantommesh {

// A name, or the beginning of names with a `*` behind it.
struct InterfaceSource {
  std::string name;
  bool isOptional = false;  // may be missing at the start

  bool isPattern() const { return name.ends_with('*'); }
  bool matches(const std::string& other) const { return other.starts_with(name.substr(0, name.size() - 1)); }
};

class InterfaceSet {
 public:
  static constexpr size_t kMax = 64;
  static constexpr size_t kPerPattern = 16;

  // Throws CaptureFailure: a name without interface, no privilege, a filter that does not compile.
  InterfaceSet(std::vector<InterfaceSource> sources, std::string filter, uint32_t ringOctets);

  // Follows what became of the interfaces; called about once a second. A socket stays with its interface whatever that
  // is called, until another one takes the name.
  void update();
  // Waits until one has packets, at most so long.
  void wait(int timeoutMs);

  size_t size() const { return slots_.size(); }
  // Null while it is gone.
  LiveInterface* at(size_t index) { return slots_[index].live.get(); }
  std::vector<InterfaceState> states();
  uint64_t lost() const { return lost_; }
  uint64_t overLimit() const { return refused_.size(); }

 private:
  struct Slot {
    std::string name;
    std::string kernelName;
    uint32_t source = 0;
    std::unique_ptr<LiveInterface> live;
    uint32_t timesLost = 0;
    InterfaceCounters earlier;  // counted before it was lost, added to what it counts now
  };

  InterfaceCounters countersOf(Slot& slot);
  void follow(Slot& slot);
  void lose(Slot& slot);
  void tryToOpen(Slot& slot);
  void takeNewcomers();
  Slot* placeFor(const std::string& name, uint32_t source);
  Slot* holderOf(int index);
  bool isConfigured(const std::string& name) const;

  const std::vector<InterfaceSource> sources_;
  const std::string filter_;
  const uint32_t ringOctets_;
  std::vector<Slot> slots_;
  std::set<std::string> refused_;
  uint64_t lost_ = 0;
};

}  // namespace phantommesh
