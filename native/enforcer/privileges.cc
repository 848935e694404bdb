#include "privileges.h"

#include <fcntl.h>
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

// No system call here is needed by the enforcer, and each would be by somebody who took it over. Started by hand it is
// still root, who owns most files: the last two rows, and `forbidWriting`, leave him nothing to write them with.
constexpr uint32_t forbiddenCalls[] = {
    SYS_execve, SYS_execveat, SYS_clone, SYS_clone3, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount,
    SYS_unshare, SYS_setns, SYS_bpf, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_keyctl,
    SYS_perf_event_open, SYS_io_uring_setup, SYS_userfaultfd, SYS_pidfd_getfd, SYS_open_by_handle_at, SYS_openat2,
    SYS_renameat, SYS_renameat2, SYS_linkat, SYS_symlinkat, SYS_mknodat, SYS_fchmod, SYS_fchmodat, SYS_fchown,
    SYS_fchownat, SYS_truncate, SYS_ftruncate, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr,
#if defined(__x86_64__)
    SYS_fork, SYS_vfork, SYS_creat, SYS_rename, SYS_link, SYS_symlink, SYS_mknod, SYS_chmod, SYS_chown, SYS_lchown,
#endif
};

// Appends: a call `number` whose argument `flags` asks for more than reading is refused.
void forbidWriting(std::vector<sock_filter>& filter, uint32_t number, size_t flags) {
  const auto lowerHalf = static_cast<uint32_t>(offsetof(seccomp_data, args) + flags * sizeof(uint64_t));
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4));
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, lowerHalf));
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

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
#if defined(__x86_64__)
  // The x32 numbers are a second way to every call.
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
  forbidWriting(filter, SYS_open, 1);
#endif
  forbidWriting(filter, SYS_openat, 2);
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
