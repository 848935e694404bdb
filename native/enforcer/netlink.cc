#include "netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace enforcer {

namespace {

constexpr int bufferBytes = 4 << 20;       // errors of a whole batch come back at once
constexpr size_t datagramBytes = 64 << 10;  // the kernel fills dumps up to 32 KiB
constexpr timeval patience{2, 0};           // the kernel answers at once; this keeps a lost answer from hanging us

}  // namespace

void NetlinkWriter::attribute(uint16_t type, Bytes value) {
  append(nlattr{static_cast<uint16_t>(NLA_HDRLEN + value.size()), type});
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  pad();
}

void NetlinkWriter::text(uint16_t type, std::string_view value) {
  std::vector<uint8_t> zeroed(value.begin(), value.end());
  zeroed.push_back(0);
  attribute(type, zeroed);
}

void NetlinkWriter::big32(uint16_t type, uint32_t value) {
  const uint32_t big = htobe32(value);
  attribute(type, {reinterpret_cast<const uint8_t*>(&big), sizeof big});
}

void NetlinkWriter::big64(uint16_t type, uint64_t value) {
  const uint64_t big = htobe64(value);
  attribute(type, {reinterpret_cast<const uint8_t*>(&big), sizeof big});
}

size_t NetlinkWriter::nest(uint16_t type) {
  const size_t at = bytes_.size();
  append(nlattr{0, static_cast<uint16_t>(type | NLA_F_NESTED)});
  return at;
}

void NetlinkWriter::endNest(size_t at) {
  const auto length = static_cast<uint16_t>(bytes_.size() - at);
  std::memcpy(bytes_.data() + at, &length, sizeof length);
}

void NetlinkWriter::end() {
  if (!isOpen_) return;
  const auto length = static_cast<uint32_t>(bytes_.size() - messageAt_);
  std::memcpy(bytes_.data() + messageAt_, &length, sizeof length);
  isOpen_ = false;
}

Bytes NetlinkWriter::finish() {
  end();
  return bytes_;
}

void eachAttribute(Bytes bytes, const std::function<void(uint16_t, Bytes)>& take) {
  while (bytes.size() >= NLA_HDRLEN) {
    nlattr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nla_len < NLA_HDRLEN || header.nla_len > bytes.size()) return;
    take(header.nla_type & NLA_TYPE_MASK, bytes.subspan(NLA_HDRLEN, header.nla_len - NLA_HDRLEN));
    bytes = bytes.subspan(std::min<size_t>(NLA_ALIGN(header.nla_len), bytes.size()));
  }
}

Bytes afterHeader(Bytes payload, size_t headerSize) {
  const size_t aligned = NLMSG_ALIGN(headerSize);
  return payload.size() < aligned ? Bytes{} : payload.subspan(aligned);
}

uint32_t readBig32(Bytes value) {
  uint32_t big = 0;
  if (value.size() >= sizeof big) std::memcpy(&big, value.data(), sizeof big);
  return be32toh(big);
}

uint64_t readBig64(Bytes value) {
  uint64_t big = 0;
  if (value.size() >= sizeof big) std::memcpy(&big, value.data(), sizeof big);
  return be64toh(big);
}

NetlinkSocket::NetlinkSocket(int protocol) : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "netlink socket");
  // FORCE needs CAP_NET_ADMIN, which is what this process has; without it the plain limit has to do.
  if (setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &bufferBytes, sizeof bufferBytes) != 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bufferBytes, sizeof bufferBytes);
  }
  if (setsockopt(fd_, SOL_SOCKET, SO_SNDBUFFORCE, &bufferBytes, sizeof bufferBytes) != 0) {
    setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &bufferBytes, sizeof bufferBytes);
  }
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

NetlinkSocket::~NetlinkSocket() { close(fd_); }

int NetlinkSocket::send(Bytes messages) {
  const sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  const auto* to = reinterpret_cast<const sockaddr*>(&kernel);
  const auto sent = sendto(fd_, messages.data(), messages.size(), 0, to, sizeof kernel);
  return sent < 0 ? errno : 0;
}

int NetlinkSocket::receive(const std::function<void(const nlmsghdr&, Bytes)>& take, bool wait) {
  alignas(nlmsghdr) uint8_t buffer[datagramBytes];
  sockaddr_nl from{};
  socklen_t fromLength = sizeof from;
  const int flags = wait ? 0 : MSG_DONTWAIT;
  const auto got = recvfrom(fd_, buffer, sizeof buffer, flags, reinterpret_cast<sockaddr*>(&from), &fromLength);
  if (got < 0) return errno;
  if (from.nl_pid != 0) return 0;  // not from the kernel: another process may write to our port
  Bytes rest(buffer, static_cast<size_t>(got));
  while (rest.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    std::memcpy(&header, rest.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) return EBADMSG;
    take(header, rest.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN));
    rest = rest.subspan(std::min<size_t>(NLMSG_ALIGN(header.nlmsg_len), rest.size()));
  }
  return 0;
}

int NetlinkSocket::dump(Bytes request, uint32_t sequence, const std::function<void(uint16_t, Bytes)>& take) {
  if (const int error = send(request)) return error;
  bool isDone = false;
  bool isTorn = false;
  int failure = 0;
  while (!isDone) {
    const int error = receive([&](const nlmsghdr& header, Bytes payload) {
      if (header.nlmsg_seq != sequence) return;  // a late answer to something given up
      isTorn = isTorn || (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
        isDone = true;
        failure = errorOf(payload);
        return;
      }
      take(header.nlmsg_type, payload);
    });
    if (error != 0 && error != EINTR) return error;
  }
  if (failure != 0) return failure;
  return isTorn ? EINTR : 0;
}

int errorOf(Bytes payload) {
  int32_t code = 0;
  if (payload.size() >= sizeof code) std::memcpy(&code, payload.data(), sizeof code);
  return code < 0 ? -code : 0;
}

}  // namespace enforcer
