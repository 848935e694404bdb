// Netlink, as much as the enforcer needs: messages with nested attributes out, attributes in.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace enforcer {

using Bytes = std::span<const uint8_t>;

// Several messages in one buffer, sent by one system call.
class NetlinkWriter {
 public:
  // Ends the message before it, if any. `header` is the protocol's fixed header (nfgenmsg, rtmsg ...).
  template <typename Header>
  void message(uint16_t type, uint16_t flags, uint32_t sequence, const Header& header) {
    end();
    messageAt_ = bytes_.size();
    append(nlmsghdr{0, type, static_cast<uint16_t>(flags | NLM_F_REQUEST), sequence, 0});
    append(header);
    isOpen_ = true;
  }

  void attribute(uint16_t type, Bytes value);
  void text(uint16_t type, std::string_view value);  // with the terminating zero the kernel expects
  void big32(uint16_t type, uint32_t value);
  void big64(uint16_t type, uint64_t value);

  size_t nest(uint16_t type);
  void endNest(size_t at);

  // The whole buffer, the last message ended.
  Bytes finish();

 private:
  template <typename T>
  void append(const T& value) {
    const auto* from = reinterpret_cast<const uint8_t*>(&value);
    bytes_.insert(bytes_.end(), from, from + sizeof value);
    pad();
  }
  void pad() { bytes_.resize(NLMSG_ALIGN(bytes_.size())); }
  void end();

  std::vector<uint8_t> bytes_;
  size_t messageAt_ = 0;
  bool isOpen_ = false;
};

// Attributes by type; a later one of the same type wins, unknown ones are left out. Total for any bytes.
template <size_t Count>
struct Attributes {
  Bytes byType[Count];
  const Bytes& operator[](size_t type) const { return byType[type]; }
};

void eachAttribute(Bytes bytes, const std::function<void(uint16_t type, Bytes value)>& take);

template <size_t Count>
Attributes<Count> readAttributes(Bytes bytes) {
  Attributes<Count> attributes;
  eachAttribute(bytes, [&](uint16_t type, Bytes value) {
    if (type < Count) attributes.byType[type] = value;
  });
  return attributes;
}

// What follows the protocol's fixed header of `headerSize` octets; empty when the message is shorter.
Bytes afterHeader(Bytes payload, size_t headerSize);

uint32_t readBig32(Bytes value);  // 0 when the value is too short
uint64_t readBig64(Bytes value);

class NetlinkSocket {
 public:
  explicit NetlinkSocket(int protocol);  // throws std::system_error
  ~NetlinkSocket();
  NetlinkSocket(const NetlinkSocket&) = delete;
  NetlinkSocket& operator=(const NetlinkSocket&) = delete;

  int fd() const { return fd_; }
  uint32_t nextSequence() { return ++sequence_; }

  // 0 or the errno.
  int send(Bytes messages);

  // Reads one datagram and hands its messages on. Returns 0 or the errno; `wait` false answers EAGAIN when nothing is
  // there.
  int receive(const std::function<void(const nlmsghdr& header, Bytes payload)>& take, bool wait = true);

  // A dump from request to NLMSG_DONE. Returns 0 or the errno; EINTR when the dump was not of one moment.
  int dump(Bytes request, uint32_t sequence, const std::function<void(uint16_t type, Bytes payload)>& take);

 private:
  int fd_;
  uint32_t sequence_ = 0;
};

// The errno of an NLMSG_ERROR payload; 0 is an acknowledgement.
int errorOf(Bytes payload);

}  // namespace enforcer
