// The enforcer's socket: who may speak, in lines, one after the other.
#pragma once

#include <sys/types.h>

#include <list>
#include <string>

#include "enforcer.h"

namespace enforcer {

// The socket systemd hands over, or -1. See sd_listen_fds(3).
int activatedSocket();

// Binds and listens; readable for root and `owner` only. A stale socket is replaced, a live one is an error.
// Throws std::runtime_error.
int listenAt(const std::string& path, uid_t owner);

class Server {
 public:
  Server(Enforcer& enforcer, int listener, uid_t allowedUser);
  ~Server();

  // Serves until SIGTERM or SIGINT. What is in the kernel stays there.
  void run();

 private:
  struct Client {
    int fd;
    std::string received;
    bool isGone = false;
  };

  void accept();
  void read(Client& client);
  void answerLines(Client& client);
  void reply(Client& client, const std::string& line);

  Enforcer& enforcer_;
  int listener_;
  uid_t allowedUser_;
  int signals_;
  std::list<Client> clients_;
};

int64_t monotonicMs();

}  // namespace enforcer
