#ifndef CLINUX_SPAWN_H
#define CLINUX_SPAWN_H
#include <sys/types.h>

// What a child process becomes between fork and exec.
struct CLinux_child {
    const char *path;         // absolute
    const char *const *arguments;    // the first is the name; the last is null
    const char *const *environment;  // the last is null
    int changes_user;         // whether uid and gid count; no supplementary groups are kept
    uid_t uid;
    gid_t gid;
    int output;               // becomes its standard output and error; its input is /dev/null
    int death_signal;         // what it gets when the THREAD that started it ends, however that ends
};

// Starts a process in a session of its own, with default signals, no open files but output, and / as its folder.
// Returns its id, or -1 and errno. A child that cannot become what it should exits with 127.
pid_t CLinux_spawn(const struct CLinux_child *child);

// Writes everything unwritten of the file system that an open file belongs to; 0, or -1 and errno.
int CLinux_syncfs(int file);
#endif
