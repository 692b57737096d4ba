#define _GNU_SOURCE
#include "CLinuxSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Runs in the child, where only async-signal-safe calls are allowed: the other threads of the parent are gone, and
// whatever they held is held for ever. The identity is changed by bare system calls, because glibc's wrappers look
// for those threads.
static void become(const struct CLinux_child *child, pid_t parent) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, 0);

    if (setsid() < 0) return;
    int input = open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0) return;
    if (dup2(child->output, 1) < 0 || dup2(child->output, 2) < 0) return;
    if (syscall(SYS_close_range, 3u, ~0u, 0u) < 0) {
        for (int file = 3; file < 65536; file++) close(file);
    }
    if (child->changes_user) {
        if (syscall(SYS_setgroups, 0, 0) < 0) return;
        if (syscall(SYS_setresgid, child->gid, child->gid, child->gid) < 0) return;
        if (syscall(SYS_setresuid, child->uid, child->uid, child->uid) < 0) return;
    }
    // After the identity, because a change of it clears the signal; then the parent may be gone already.
    if (child->death_signal != 0) {
        if (prctl(PR_SET_PDEATHSIG, child->death_signal) < 0 || getppid() != parent) return;
    }
    umask(077);
    if (chdir("/") < 0) return;

    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, 0) < 0) return;
    execve(child->path, (char *const *)child->arguments, (char *const *)child->environment);
}

pid_t CLinux_spawn(const struct CLinux_child *child) {
    // No handler of the parent may run in the child before its signals are reset.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t id = fork();
    if (id == 0) {
        become(child, parent);
        _exit(127);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, 0);
    errno = error;
    return id;
}

int CLinux_syncfs(int file) { return syncfs(file); }
