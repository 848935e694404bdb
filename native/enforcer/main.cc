// phantommesh-enforcer: the small privileged program that keeps blocked addresses out.
// See docs/decisions/0002-enforcement.md.
#include <getopt.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <stdexcept>

#include "privileges.h"
#include "server.h"

namespace {

constexpr int exitUsage = 2;
constexpr int exitNotPermitted = 4;

constexpr char usage[] = R"(usage: phantommesh-enforcer --socket PATH [options]
       (without --socket: the one socket systemd hands over)

  --allow-user NAME|UID        who may speak to it besides root; default: root alone
  --never-block-file PATH      prefixes that are never blocked, one a line; owned and writable by root alone
                               default /etc/phantommesh/never-block; need not exist
  --ssh-port N                 a port of the node's sshd besides 22 and those of /etc/ssh/sshd_config; may be repeated
  --elements-max N             default 65536
  --prefix-min-v4 N            no IPv4 prefix shorter than this; default 24
  --prefix-min-v6 N            no IPv6 prefix shorter than this; default 56
  --duration-max-seconds N     default 604800 (7 days)
  --new-blocks-per-minute N    default 6000
  --exit-with-parent           end when the process that started it ends; bans stay
)";

struct Options {
  std::string socket;
  uid_t allowedUser = 0;
  bool isExitingWithParent = false;
  enforcer::Caps caps;
  enforcer::NeverBlockOptions neverBlock{.protectedFile = "/etc/phantommesh/never-block"};
};

int64_t wholeNumber(const char* option, const char* text, int64_t max) {
  int64_t value = 0;
  const std::string_view digits = text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < 1 || value > max) {
    throw std::invalid_argument(std::string("--") + option + ": a whole number from 1 to " + std::to_string(max));
  }
  return value;
}

uid_t userOf(const char* text) {
  if (const passwd* entry = getpwnam(text)) return entry->pw_uid;
  if (text == std::string_view("0")) return 0;
  return static_cast<uid_t>(wholeNumber("allow-user (no such user)", text, 4'294'967'294));
}

Options parseOptions(int count, char** words) {
  enum { socketPath = 1, user, file, sshPort, elements, v4, v6, duration, pace, withParent, help };
  const option known[] = {{"socket", 1, nullptr, socketPath},
                          {"allow-user", 1, nullptr, user},
                          {"never-block-file", 1, nullptr, file},
                          {"ssh-port", 1, nullptr, sshPort},
                          {"elements-max", 1, nullptr, elements},
                          {"prefix-min-v4", 1, nullptr, v4},
                          {"prefix-min-v6", 1, nullptr, v6},
                          {"duration-max-seconds", 1, nullptr, duration},
                          {"new-blocks-per-minute", 1, nullptr, pace},
                          {"exit-with-parent", 0, nullptr, withParent},
                          {"help", 0, nullptr, help},
                          {}};
  Options options;
  int at = 0;
  for (int found; (found = getopt_long(count, words, "", known, &at)) != -1;) {
    const auto number = [&](int64_t max) { return wholeNumber(known[at].name, optarg, max); };
    switch (found) {
      case socketPath: options.socket = optarg; break;
      case user: options.allowedUser = userOf(optarg); break;
      case file: options.neverBlock.protectedFile = optarg; break;
      case sshPort: options.neverBlock.sshPorts.push_back(static_cast<uint16_t>(number(65'535))); break;
      case elements: options.caps.elementsMax = static_cast<size_t>(number(1'000'000)); break;
      case v4: options.caps.prefixLengthMinV4 = static_cast<int>(number(32)); break;
      case v6: options.caps.prefixLengthMinV6 = static_cast<int>(number(128)); break;
      case duration: options.caps.durationMsMax = number(365LL * 24 * 3600) * 1000; break;
      case pace: options.caps.newBlocksPerMinute = static_cast<double>(number(10'000'000)); break;
      case withParent: options.isExitingWithParent = true; break;
      case help: std::fputs(usage, stdout); std::exit(0);
      default: throw std::invalid_argument("see --help");
    }
  }
  if (optind < count) throw std::invalid_argument(std::string(words[optind]) + ": unexpected");
  return options;
}

int serve(const Options& options) {
  if (options.isExitingWithParent) {
    const pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) return 0;  // it ended meanwhile
  }
  const int activated = options.socket.empty() ? enforcer::activatedSocket() : -1;
  if (options.socket.empty() && activated < 0) throw std::invalid_argument("--socket PATH is missing; see --help");
  const int listener = activated >= 0 ? activated : enforcer::listenAt(options.socket, options.allowedUser);
  if (const std::string trouble = enforcer::dropPrivileges(); !trouble.empty()) {
    std::fprintf(stderr, "phantommesh-enforcer: %s\n", trouble.c_str());
    return exitNotPermitted;
  }
  enforcer::Enforcer enforcer(options.caps, options.neverBlock);
  enforcer::Server server(enforcer, listener, options.allowedUser);
  // Whoever started us may wait for this line.
  std::puts("phantommesh-enforcer: listening");
  std::fflush(stdout);
  server.run();
  if (!options.socket.empty()) unlink(options.socket.c_str());
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    Options options = parseOptions(count, words);
    for (const uint16_t port : enforcer::configuredSshPorts()) options.neverBlock.sshPorts.push_back(port);
    return serve(options);
  } catch (const std::invalid_argument& problem) {
    std::fprintf(stderr, "phantommesh-enforcer: %s\n", problem.what());
    return exitUsage;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "phantommesh-enforcer: %s\n", problem.what());
    return 1;
  }
}
