#include "privileges.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace enforcer {

namespace {

#if defined(__x86_64__)
constexpr uint32_t thisArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t thisArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name the audit architecture of this machine"
#endif

// No system call here is needed by the enforcer, and each would be by somebody who took it over.
constexpr uint32_t forbiddenCalls[] = {
    SYS_execve, SYS_execveat, SYS_clone, SYS_clone3, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount,
    SYS_unshare, SYS_setns, SYS_bpf, SYS_init_module, SYS_finit_module, SYS_kexec_load, SYS_keyctl, SYS_perf_event_open,
#if defined(__x86_64__)
    SYS_fork, SYS_vfork,
#endif
};

bool keepOnlyNetAdmin() {
  for (int capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    // Needs CAP_SETPCAP; without it the bounding set cannot matter either, as nothing can be executed.
    if (capability != CAP_NET_ADMIN) prctl(PR_CAPBSET_DROP, capability);
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  data[0].permitted = data[0].effective = 1U << CAP_NET_ADMIN;
  return syscall(SYS_capset, &header, data) == 0;
}

bool forbidCalls() {
  std::vector<sock_filter> filter{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, thisArchitecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  for (const uint32_t call : forbiddenCalls) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

std::string dropPrivileges() {
  if (!keepOnlyNetAdmin()) return "CAP_NET_ADMIN is needed: run as root, or as the phantommesh-enforcer service";
  prctl(PR_SET_DUMPABLE, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return std::string("no_new_privs: ") + std::strerror(errno);
  // A kernel without seccomp filters is no reason to run unguarded by the rest.
  if (!forbidCalls() && errno != EINVAL) return std::string("seccomp: ") + std::strerror(errno);
  return "";
}

}  // namespace enforcer
