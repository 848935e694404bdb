#include "server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace enforcer {

namespace {

constexpr size_t clientsMax = 8;
constexpr int tickEveryMs = 5'000;
// Whom never to block is known before somebody asks: reading it takes milliseconds where the kernel's tables of sockets
// are large, and a ban would wait for them. Sooner than a ban takes it for old.
constexpr int refreshEveryMs = 900;
constexpr timeval patience{2, 0};  // a client that does not read its answers for so long is cut off

sockaddr_un addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error(path + ": too long for a socket");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

bool isAnswered(const sockaddr_un& address) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool isConnected = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  return isConnected;
}

void removeStale(const std::string& path, const sockaddr_un& address) {
  struct stat status;
  if (lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) throw std::runtime_error(path + ": exists and is no socket");
  if (isAnswered(address)) throw std::runtime_error(path + ": another enforcer is listening there");
  unlink(path.c_str());
}

}  // namespace

int64_t monotonicMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
}

int activatedSocket() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  const bool isForUs = pid != nullptr && count != nullptr && std::atol(pid) == getpid() && std::strcmp(count, "1") == 0;
  return isForUs ? 3 : -1;  // SD_LISTEN_FDS_START
}

int listenAt(const std::string& path, uid_t owner) {
  const sockaddr_un address = addressOf(path);
  removeStale(path, address);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const mode_t before = umask(0177);
  const auto* at = reinterpret_cast<const sockaddr*>(&address);
  const bool isBound = listener >= 0 && bind(listener, at, sizeof address) == 0;
  umask(before);
  if (!isBound || listen(listener, clientsMax) != 0) throw std::runtime_error(path + ": " + std::strerror(errno));
  if (geteuid() == 0 && owner != 0 && chown(path.c_str(), owner, static_cast<gid_t>(-1)) != 0) {
    throw std::runtime_error(path + ": " + std::strerror(errno));
  }
  return listener;
}

Server::Server(Enforcer& enforcer, int listener, uid_t allowedUser)
    : enforcer_(enforcer), listener_(listener), allowedUser_(allowedUser) {
  fcntl(listener_, F_SETFL, O_NONBLOCK);
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  sigprocmask(SIG_BLOCK, &ending, nullptr);
  signals_ = signalfd(-1, &ending, SFD_CLOEXEC);
  if (signals_ < 0) throw std::runtime_error(std::string("signalfd: ") + std::strerror(errno));
}

Server::~Server() {
  for (const Client& each : clients_) close(each.fd);
  close(signals_);
  close(listener_);
}

void Server::run() {
  int64_t tickAtMs = 0;
  int64_t refreshAtMs = 0;
  for (;;) {
    // A negative descriptor is skipped: the listener while all places are taken, conntrack where there is none.
    std::vector<pollfd> polled{{signals_, POLLIN, 0},
                               {clients_.size() < clientsMax ? listener_ : -1, POLLIN, 0},
                               {enforcer_.conntrack().fd(), POLLIN, 0}};
    for (const Client& each : clients_) polled.push_back({each.fd, POLLIN, 0});
    const int64_t dueAtMs = clients_.empty() ? tickAtMs : std::min(tickAtMs, refreshAtMs);
    const int64_t wakeAtMs = std::min(dueAtMs, enforcer_.conntrack().dueAtMs());
    const int64_t waitMs = std::max<int64_t>(wakeAtMs - monotonicMs(), 0);
    const int polledCount = poll(polled.data(), polled.size(), static_cast<int>(waitMs));
    if (polledCount < 0 && errno != EINTR) throw std::runtime_error("poll");

    if (polled[0].revents != 0) return;
    size_t next = 3;
    for (Client& each : clients_) {
      if (polled[next++].revents != 0) read(each);
    }
    if (polled[2].revents != 0) enforcer_.conntrack().onReadable();
    if (polled[1].revents != 0) accept();
    std::erase_if(clients_, [](const Client& each) { return each.isGone && close(each.fd) == 0; });
    enforcer_.conntrack().startIfDue(monotonicMs());
    if (monotonicMs() < dueAtMs) continue;
    if (monotonicMs() < tickAtMs) {
      enforcer_.refresh(monotonicMs());
    } else {
      enforcer_.tick(monotonicMs());
      tickAtMs = monotonicMs() + tickEveryMs;
    }
    refreshAtMs = monotonicMs() + refreshEveryMs;
  }
}

void Server::accept() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  ucred peer{};
  socklen_t length = sizeof peer;
  const bool isKnown = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0;
  if (!isKnown || (peer.uid != 0 && peer.uid != allowedUser_)) {
    const std::string refusal = formatError(0, "not permitted");
    send(fd, refusal.data(), refusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
    return;
  }
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  clients_.push_back({fd, {}});
}

void Server::read(Client& client) {
  char buffer[64 << 10];
  const auto got = recv(client.fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    client.isGone = true;
    return;
  }
  client.received.append(buffer, static_cast<size_t>(got));
  answerLines(client);
  if (client.received.size() > lineBytesMax) {
    reply(client, formatError(0, "line too long"));
    client.isGone = true;
  }
}

void Server::answerLines(Client& client) {
  size_t start = 0;
  for (size_t end; !client.isGone && (end = client.received.find('\n', start)) != std::string::npos; start = end + 1) {
    const std::string_view line(client.received.data() + start, end - start);
    reply(client, line.size() > lineBytesMax ? formatError(0, "line too long") : enforcer_.handle(line, monotonicMs()));
  }
  client.received.erase(0, start);
}

void Server::reply(Client& client, const std::string& line) {
  for (size_t sent = 0; sent < line.size();) {
    const auto count = send(client.fd, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    client.isGone = client.isGone || count <= 0;
    if (client.isGone) return;
    sent += static_cast<size_t>(count);
  }
}

}  // namespace enforcer
