#include "nft_table.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace enforcer {

namespace {

constexpr char tableName[] = "phantommesh";
constexpr uint8_t familyInet = 1;  // NFPROTO_INET

// Priority -310: behind defragmentation (-400), before anybody's raw table (-300) and before connection tracking
// (-200). So a blocked address costs no conntrack entry, and no NAT has changed the addresses yet. A drop is final
// whatever other chains of the hook accept. `forward` sees replies after NAT was undone, which is how they reach a
// blocked inner address; `output` sees what the node itself sends. See docs/decisions/0002-enforcement.md.
constexpr char definition[] = R"(
add table inet phantommesh
add set inet phantommesh v4 { type ipv4_addr; flags interval,timeout; }
add set inet phantommesh v6 { type ipv6_addr; flags interval,timeout; }
add counter inet phantommesh from_blocked
add counter inet phantommesh to_blocked
add chain inet phantommesh prerouting { type filter hook prerouting priority -310; policy accept; }
add chain inet phantommesh forward { type filter hook forward priority -310; policy accept; }
add chain inet phantommesh output { type filter hook output priority -310; policy accept; }
flush chain inet phantommesh prerouting
flush chain inet phantommesh forward
flush chain inet phantommesh output
add rule inet phantommesh prerouting ip saddr @v4 counter name from_blocked drop
add rule inet phantommesh prerouting ip6 saddr @v6 counter name from_blocked drop
add rule inet phantommesh prerouting ip daddr @v4 counter name to_blocked drop
add rule inet phantommesh prerouting ip6 daddr @v6 counter name to_blocked drop
add rule inet phantommesh forward ip daddr @v4 counter name to_blocked drop
add rule inet phantommesh forward ip6 daddr @v6 counter name to_blocked drop
add rule inet phantommesh output ip daddr @v4 counter name to_blocked drop
add rule inet phantommesh output ip6 daddr @v6 counter name to_blocked drop
)";

// Adding first makes deleting what is not there fine, in one transaction.
constexpr char removal[] = "add table inet phantommesh\ndelete table inet phantommesh\n";
constexpr int definitionsMax = 5;

const char* setOf(Family family) { return family == Family::v4 ? "v4" : "v6"; }

constexpr uint16_t nftType(uint16_t message) { return NFNL_SUBSYS_NFTABLES << 8 | message; }

nfgenmsg header(uint8_t family, uint16_t resource = 0) { return {family, NFNETLINK_V0, htons(resource)}; }

void writeElement(NetlinkWriter& out, Family family, Number address, bool isEnd, uint64_t timeoutMs) {
  uint8_t bytes[16];
  toBytes(family, address, bytes);
  const size_t element = out.nest(NFTA_LIST_ELEM);
  const size_t key = out.nest(NFTA_SET_ELEM_KEY);
  out.attribute(NFTA_DATA_VALUE, {bytes, static_cast<size_t>(bitsOf(family) / 8)});
  out.endNest(key);
  if (isEnd) out.big32(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
  if (timeoutMs != 0) out.big64(NFTA_SET_ELEM_TIMEOUT, timeoutMs);
  out.endNest(element);
}

void writeChange(NetlinkWriter& out, const Change& change, int64_t nowMs) {
  const auto& [family, first, last] = change.interval;
  out.text(NFTA_SET_ELEM_LIST_TABLE, tableName);
  out.text(NFTA_SET_ELEM_LIST_SET, setOf(family));
  const bool hasTimeout = change.isAddition && change.deadlineMs != foreverMs;
  const uint64_t timeoutMs = hasTimeout ? std::max<int64_t>(change.deadlineMs - nowMs, 1) : 0;
  const size_t elements = out.nest(NFTA_SET_ELEM_LIST_ELEMENTS);
  writeElement(out, family, first, false, timeoutMs);
  // An interval ends with the next address, flagged; one that reaches the last address has no end element.
  if (last != lastAddress(family)) writeElement(out, family, last + 1, true, 0);
  out.endNest(elements);
}

struct Boundary {
  Number address;
  bool isEnd;
  int64_t deadlineMs;
};

void readBoundary(Bytes element, std::vector<Boundary>& boundaries, int64_t nowMs) {
  const auto attributes = readAttributes<NFTA_SET_ELEM_MAX + 1>(element);
  const auto value = readAttributes<NFTA_DATA_MAX + 1>(attributes[NFTA_SET_ELEM_KEY])[NFTA_DATA_VALUE];
  if (value.size() != 4 && value.size() != 16) return;
  Number address = 0;
  for (const uint8_t byte : value) address = address << 8 | byte;
  const bool isEnd = (readBig32(attributes[NFTA_SET_ELEM_FLAGS]) & NFT_SET_ELEM_INTERVAL_END) != 0;
  const Bytes expiration = attributes[NFTA_SET_ELEM_EXPIRATION];
  const int64_t deadlineMs = expiration.empty() ? foreverMs : nowMs + static_cast<int64_t>(readBig64(expiration));
  boundaries.push_back({address, isEnd, deadlineMs});
}

// Starts and ends, in any order, to intervals. An end whose start has expired is left out.
void pairBoundaries(Family family, std::vector<Boundary>& boundaries, std::vector<Blocked>& elements) {
  std::sort(boundaries.begin(), boundaries.end(), [](const Boundary& a, const Boundary& b) {
    return a.address != b.address ? a.address < b.address : a.isEnd && !b.isEnd;
  });
  const Boundary* start = nullptr;
  for (const Boundary& each : boundaries) {
    if (each.isEnd && start != nullptr) {
      elements.push_back({{family, start->address, each.address - 1}, start->deadlineMs});
    }
    start = each.isEnd ? nullptr : &each;
  }
  if (start != nullptr) elements.push_back({{family, start->address, lastAddress(family)}, start->deadlineMs});
}

}  // namespace

NftTable::NftTable() : socket_(NETLINK_NETFILTER), nft_(nft_ctx_new(NFT_CTX_DEFAULT), nft_ctx_free) {
  if (nft_ == nullptr) throw std::runtime_error("libnftables cannot be initialised");
  nft_ctx_output_set_flags(nft_.get(), NFT_CTX_OUTPUT_TERSE | NFT_CTX_OUTPUT_STATELESS);
  nft_ctx_buffer_output(nft_.get());
  nft_ctx_buffer_error(nft_.get());
}

std::string NftTable::run(const std::string& commands, std::string* output) {
  const int status = nft_run_cmd_from_buffer(nft_.get(), commands.c_str());
  const std::string printed = nft_ctx_get_output_buffer(nft_.get());
  std::string trouble = nft_ctx_get_error_buffer(nft_.get());
  if (output != nullptr) *output = printed;
  if (status == 0) return "";
  trouble = trouble.substr(0, trouble.find('\n'));
  return trouble.empty() ? "nft failed" : trouble;
}

uint32_t NftTable::generation() {
  NetlinkWriter out;
  const uint32_t sequence = socket_.nextSequence();
  out.message(nftType(NFT_MSG_GETGEN), 0, sequence, header(AF_UNSPEC));
  if (socket_.send(out.finish()) != 0) return 0;
  uint32_t generation = 0;
  bool isAnswered = false;
  while (!isAnswered) {
    const int error = socket_.receive([&](const nlmsghdr& reply, Bytes payload) {
      if (reply.nlmsg_seq != sequence) return;
      isAnswered = true;
      if (reply.nlmsg_type != nftType(NFT_MSG_NEWGEN)) return;
      generation = readBig32(readAttributes<NFTA_GEN_MAX + 1>(afterHeader(payload, sizeof(nfgenmsg)))[NFTA_GEN_ID]);
    });
    if (error != 0 && error != EINTR) return 0;
  }
  return generation;
}

bool NftTable::isIntact() {
  if (definition_.empty()) return false;
  std::string current;
  return run("list table inet phantommesh", &current).empty() && current == definition_;
}

std::string NftTable::define() {
  for (int attempt = 0; attempt < definitionsMax; ++attempt) {
    const uint32_t before = generation();
    std::string trouble = run(definition);
    // Sets or chains of our name but another shape, from another version or another hand: the table is ours, so begin
    // anew.
    if (!trouble.empty()) trouble = run(removal + std::string(definition));
    if (trouble.empty()) trouble = run("list table inet phantommesh", &definition_);
    if (!trouble.empty()) return trouble;
    // Ours was the only commit, so what was listed is what we defined and nobody else's work.
    if (generation() == before + 1) return "";
  }
  definition_.clear();
  return "somebody else keeps changing the ruleset";
}

int NftTable::read(std::vector<Blocked>& elements, int64_t nowMs) {
  for (const Family family : {Family::v4, Family::v6}) {
    // A dump that another commit tore (EINTR) is read again; a ruleset that never holds still is an error.
    int error = EINTR;
    for (int attempt = 0; error == EINTR && attempt < 8; ++attempt) error = readSet(family, elements, nowMs);
    if (error != 0) return error;
  }
  return 0;
}

int NftTable::readSet(Family family, std::vector<Blocked>& elements, int64_t nowMs) {
  NetlinkWriter out;
  const uint32_t sequence = socket_.nextSequence();
  out.message(nftType(NFT_MSG_GETSETELEM), NLM_F_DUMP, sequence, header(familyInet));
  out.text(NFTA_SET_ELEM_LIST_TABLE, tableName);
  out.text(NFTA_SET_ELEM_LIST_SET, setOf(family));
  std::vector<Boundary> boundaries;
  const int error = socket_.dump(out.finish(), sequence, [&](uint16_t, Bytes payload) {
    const auto list = readAttributes<NFTA_SET_ELEM_LIST_MAX + 1>(afterHeader(payload, sizeof(nfgenmsg)));
    eachAttribute(list[NFTA_SET_ELEM_LIST_ELEMENTS],
                  [&](uint16_t, Bytes element) { readBoundary(element, boundaries, nowMs); });
  });
  if (error == ENOENT) return 0;
  if (error == 0) pairBoundaries(family, boundaries, elements);
  return error;
}

int NftTable::apply(std::span<const Change> changes, uint32_t generation, int64_t nowMs) {
  if (changes.empty()) return 0;
  NetlinkWriter out;
  const uint32_t begin = socket_.nextSequence();
  out.message(NFNL_MSG_BATCH_BEGIN, 0, begin, header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  out.big32(NFNL_BATCH_GENID, generation);
  uint32_t last = begin;
  for (const Change& change : changes) {
    last = socket_.nextSequence();
    const bool isLast = &change == &changes.back();
    const uint16_t type = nftType(change.isAddition ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM);
    out.message(type, (change.isAddition ? NLM_F_CREATE : 0) | (isLast ? NLM_F_ACK : 0), last, header(familyInet));
    writeChange(out, change, nowMs);
  }
  out.message(NFNL_MSG_BATCH_END, 0, socket_.nextSequence(), header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  if (const int error = socket_.send(out.finish())) return error;
  return awaitCommit(begin, last);
}

// The kernel answers for the last message, and before it for every message it refused; it refuses the batch as a whole
// at its beginning. The first refusal is the one that explains.
int NftTable::awaitCommit(uint32_t begin, uint32_t last) {
  int firstError = 0;
  bool isOver = false;
  while (!isOver) {
    const int error = socket_.receive([&](const nlmsghdr& reply, Bytes payload) {
      const bool isOurs = reply.nlmsg_seq - begin <= last - begin;
      if (!isOurs || reply.nlmsg_type != NLMSG_ERROR) return;
      if (firstError == 0) firstError = errorOf(payload);
      isOver = isOver || reply.nlmsg_seq == last || reply.nlmsg_seq == begin;
    });
    if (error != 0 && error != EINTR) return error;
  }
  return firstError;
}

DropCounters NftTable::dropped() {
  NetlinkWriter out;
  const uint32_t sequence = socket_.nextSequence();
  out.message(nftType(NFT_MSG_GETOBJ), NLM_F_DUMP, sequence, header(familyInet));
  out.text(NFTA_OBJ_TABLE, tableName);
  DropCounters sum;
  socket_.dump(out.finish(), sequence, [&sum](uint16_t, Bytes payload) {
    const auto object = readAttributes<NFTA_OBJ_MAX + 1>(afterHeader(payload, sizeof(nfgenmsg)));
    const auto counter = readAttributes<NFTA_COUNTER_MAX + 1>(object[NFTA_OBJ_DATA]);
    sum.packets += readBig64(counter[NFTA_COUNTER_PACKETS]);
    sum.octets += readBig64(counter[NFTA_COUNTER_BYTES]);
  });
  return sum;
}

std::string NftTable::remove() {
  definition_.clear();
  return run(removal);
}

}  // namespace enforcer
