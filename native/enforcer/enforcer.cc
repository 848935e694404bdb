#include "enforcer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace enforcer {

namespace {

constexpr int64_t refreshEveryMs = 1'000;
constexpr int64_t readEveryMs = 30'000;  // the mirror is checked so often even if the kernel says that nothing changed
constexpr int attemptsMax = 5;  // somebody else may commit in between a few times; more is a storm, and then it fails
constexpr size_t changesMax = 1'024;  // a transaction: about 150 octets each

std::string errorText(int error) { return error == 0 ? "" : std::strerror(error); }

}  // namespace

bool Pace::take(int64_t nowMs) {
  left_ = std::min(perMinute_, left_ + perMinute_ * static_cast<double>(nowMs - refilledAtMs_) / 60'000);
  refilledAtMs_ = nowMs;
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

Enforcer::Enforcer(Caps caps, NeverBlockOptions neverBlock)
    : caps_(caps), neverBlock_(std::move(neverBlock)), pace_(caps.newBlocksPerMinute) {}

std::string Enforcer::handle(std::string_view line, int64_t nowMs) {
  const auto [request, problem] = parseRequest(line, neverBlock_.configuredMax());
  if (!problem.empty()) {
    ++counted_["malformed"];
    return formatError(request.id, problem);
  }
  if (request.command == "block") return formatResults(request.id, block(request.elements, nowMs));
  if (request.command == "unblock") {
    if (request.prefixes.size() > batchMax) return formatError(request.id, "too many items");
    return formatResults(request.id, unblock(request.prefixes, nowMs));
  }
  if (request.command == "list") return list(request.id, nowMs);
  if (request.command == "neverBlock") return neverBlock(request, nowMs);
  if (request.command == "status") return status(request.id, nowMs);
  if (request.command == "cleanup") return cleanup(request.id);
  return formatError(request.id, "unknown command");
}

void Enforcer::refresh(int64_t nowMs) {
  neverBlockTrouble_ = neverBlock_.refresh(nowMs);
  refreshedAtMs_ = nowMs;
}

void Enforcer::tick(int64_t nowMs) {
  refresh(nowMs);
  std::erase_if(granted_, [nowMs](const auto& each) { return each.second <= nowMs; });
  mirror_.expire(nowMs);
  if (mirror_.size() > 0) liftForbidden(nowMs);
}

std::vector<Result> Enforcer::block(const std::vector<BlockElement>& elements, int64_t nowMs) {
  if (nowMs - refreshedAtMs_ >= refreshEveryMs) refresh(nowMs);
  // So that a renewal is known as one even after a restart. What goes wrong here goes wrong in `commit` too, and is
  // told there.
  synchronise(false, nowMs);
  std::vector<Result> results;
  std::vector<Candidate> candidates;
  for (const BlockElement& element : elements) {
    Interval interval;
    const std::string reason = refusal(element, nowMs, interval);
    results.push_back({element.target, reason.empty() ? "enforced" : "refused", reason});
    if (!reason.empty()) continue;
    const int64_t deadlineMs = nowMs + static_cast<int64_t>(element.durationMs);
    int64_t& granted = granted_[interval];
    granted = std::max(granted, deadlineMs);
    candidates.push_back({interval, deadlineMs, results.size() - 1});
  }
  commit(candidates, nowMs, results);

  std::vector<Interval> enforced;
  for (const Candidate& each : candidates) {
    if (results[each.index].outcome == "enforced") enforced.push_back(each.interval);
  }
  conntrack_.request(enforced, nowMs);
  for (const Result& each : results) ++counted_[each.outcome];
  return results;
}

std::string Enforcer::refusal(const BlockElement& element, int64_t nowMs, Interval& interval) {
  const auto parsed = parsePrefix(element.target);
  if (!parsed) return "invalid-target";
  interval = *parsed;
  const auto durationMs = static_cast<int64_t>(element.durationMs);
  if (durationMs < caps_.durationMsMin || durationMs > caps_.durationMsMax) return "invalid-duration";
  const int lengthMin = interval.family == Family::v4 ? caps_.prefixLengthMinV4 : caps_.prefixLengthMinV6;
  if (prefixLength(interval) < lengthMin) return "too-wide";
  if (!neverBlockTrouble_.empty()) return "never-block-unknown: " + neverBlockTrouble_;
  if (neverBlock_.forbids(interval)) return "never-block";
  if (isRenewal(interval, nowMs)) return "";
  if (granted_.size() >= caps_.elementsMax || mirror_.size() >= caps_.elementsMax) return "cap";
  return pace_.take(nowMs) ? "" : "pace";
}

bool Enforcer::isRenewal(const Interval& interval, int64_t nowMs) const {
  const auto granted = granted_.find(interval);
  if (granted != granted_.end() && granted->second > nowMs) return true;
  const auto held = mirror_.overlapping(interval);
  return held.size() == 1 && held.front().interval == interval;
}

std::vector<Result> Enforcer::unblock(const std::vector<std::string>& targets, int64_t nowMs) {
  std::vector<Result> results;
  std::vector<Candidate> candidates;
  for (const std::string& target : targets) {
    const auto interval = parsePrefix(target);
    results.push_back({target, interval ? "enforced" : "refused", interval ? "" : "invalid-target"});
    if (!interval) continue;
    candidates.push_back({*interval, 0, results.size() - 1, true});
    granted_.erase(*interval);
  }
  commit(candidates, nowMs, results);
  return results;
}

void Enforcer::commit(const std::vector<Candidate>& candidates, int64_t nowMs, std::vector<Result>& results) {
  if (candidates.empty() || commitOnce(candidates, nowMs).empty()) return;
  for (const Candidate& each : candidates) {
    const std::string trouble = commitOnce({each}, nowMs);
    if (trouble.empty()) continue;
    results[each.index] = {results[each.index].target, "failed", trouble};
    granted_.erase(each.interval);
  }
}

std::string Enforcer::commitOnce(const std::vector<Candidate>& candidates, int64_t nowMs) {
  const auto isBlock = [](const Candidate& each) { return !each.isUnblock; };
  const bool isDefining = std::any_of(candidates.begin(), candidates.end(), isBlock);
  int error = 0;
  for (int attempt = 0; attempt < attemptsMax; ++attempt) {
    if (const std::string trouble = synchronise(isDefining, nowMs); !trouble.empty()) return trouble;
    std::vector<Change> changes;
    for (const auto& [interval, deadlineMs, index, isUnblock] : candidates) {
      if (isUnblock) {
        mirror_.cut(interval, nowMs, changes);
      } else {
        mirror_.paint(interval, deadlineMs, nowMs, changes);
      }
    }
    if (changes.empty()) return "";
    error = table_.apply(changes, mirroredGeneration_, nowMs);
    // Our own commit raised the generation by one. On any error mirror and kernel differ now: read again, plan again.
    mirroredGeneration_ = error == 0 ? mirroredGeneration_ + 1 : 0;
    if (error == 0) return "";
  }
  return errorText(error);
}

std::string Enforcer::synchronise(bool isDefining, int64_t nowMs) {
  uint32_t generation = table_.generation();
  if (generation == 0) return "the kernel has no nf_tables, or CAP_NET_ADMIN is missing";
  // An empty table may be left without its rules; a ban that is to go into it may not.
  if (generation == mirroredGeneration_ && (isWhole_ || !isDefining)) return "";
  mirroredGeneration_ = 0;
  std::vector<Blocked> elements;
  if (const int error = table_.read(elements, nowMs)) return errorText(error);
  isWhole_ = table_.isIntact();
  // Elements behind missing rules keep nobody out, so the rules are put back before the elements may count.
  if ((isDefining || !elements.empty()) && !isWhole_) {
    if (const std::string trouble = table_.define(); !trouble.empty()) return trouble;
    isWhole_ = true;
    generation = table_.generation();
    elements.clear();
    if (const int error = table_.read(elements, nowMs)) return errorText(error);
  }
  mirror_.assign(elements);
  readAtMs_ = nowMs;
  // Whoever committed while we read makes the next transaction fail by its generation, and we read again.
  mirroredGeneration_ = generation;
  return "";
}

std::string Enforcer::list(uint64_t id, int64_t nowMs) {
  // As long as the kernel's generation is the one that was read, nobody has committed since, and the mirror is the
  // kernel's own word; dumping a large interval set takes the kernel time that grows with the square of its size
  // (30 000: 120 ms).
  if (nowMs - readAtMs_ >= readEveryMs) mirroredGeneration_ = 0;
  if (const std::string trouble = synchronise(false, nowMs); !trouble.empty()) return formatError(id, trouble);
  mirror_.expire(nowMs);
  std::vector<Listed> listed;
  for (const auto& [interval, deadlineMs] : mirror_.elements()) {
    for (const std::string& prefix : toPrefixes(interval)) listed.push_back({prefix, deadlineMs - nowMs});
  }
  return formatList(id, listed);
}

std::string Enforcer::neverBlock(const Request& request, int64_t nowMs) {
  std::vector<Interval> prefixes;
  for (const std::string& text : request.prefixes) {
    const auto prefix = parsePrefix(text);
    if (!prefix) return formatError(request.id, "invalid-target: " + text);
    prefixes.push_back(*prefix);
  }
  neverBlock_.configure(std::move(prefixes));
  const std::string trouble = liftForbidden(nowMs);
  return trouble.empty() ? formatDone(request.id) : formatError(request.id, trouble);
}

// Bans that hit what must be spared end whole, as they would be refused whole.
std::string Enforcer::liftForbidden(int64_t nowMs) {
  if (const std::string trouble = synchronise(false, nowMs); !trouble.empty()) return trouble;
  std::vector<Candidate> candidates;
  for (const Interval& spared : neverBlock_.standing()) {
    for (const Blocked& each : mirror_.overlapping(spared)) {
      candidates.push_back({each.interval, 0, 0, true});
      ++counted_["lifted"];
    }
  }
  for (size_t at = 0; at < candidates.size(); at += changesMax) {
    const auto end = candidates.begin() + static_cast<ptrdiff_t>(std::min(at + changesMax, candidates.size()));
    const std::string trouble = commitOnce({candidates.begin() + static_cast<ptrdiff_t>(at), end}, nowMs);
    if (!trouble.empty()) return trouble;
  }
  return "";
}

std::string Enforcer::status(uint64_t id, int64_t nowMs) {
  const std::string trouble = synchronise(false, nowMs);
  const auto [packets, octets] = table_.dropped();
  const char* isIntact = table_.isIntact() ? "true" : "false";
  const char* hasConntrack = conntrack_.isAvailable() ? "true" : "false";
  std::string line = "{\"id\":" + std::to_string(id) + ",\"status\":{\"isIntact\":" + isIntact;
  line += std::string(",\"hasConntrack\":") + hasConntrack;
  const auto add = [&line](const char* name, uint64_t value) {
    line += ",\"" + std::string(name) + "\":" + std::to_string(value);
  };
  add("elements", mirror_.size());
  add("elementsMax", caps_.elementsMax);
  add("neverBlock", neverBlock_.size());
  add("droppedPackets", packets);
  add("droppedOctets", octets);
  add("conntrackFlushed", conntrack_.flushed());
  add("conntrackSkipped", conntrack_.skipped());
  for (const char* name : {"enforced", "refused", "failed", "lifted", "malformed"}) add(name, counted_[name]);
  return line + ",\"problem\":\"" + plain(trouble.empty() ? neverBlockTrouble_ : trouble) + "\"}}\n";
}

std::string Enforcer::cleanup(uint64_t id) {
  mirroredGeneration_ = 0;
  granted_.clear();
  const std::string trouble = table_.remove();
  return trouble.empty() ? formatDone(id) : formatError(id, trouble);
}

}  // namespace enforcer
