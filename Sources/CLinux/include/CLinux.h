#ifndef CLINUX_H
#define CLINUX_H
// What Swift's Glibc module leaves out. Do not define _GNU_SOURCE here: it changes `fd_set` and
// the build fails, because Glibc's module was made without it. CLinux.c may.
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "CLinuxAllocations.h"
#include "CLinuxSpawn.h"

// The EPOLL* constants are a C enum: plain integers read better in Swift.
static const uint32_t CLinux_EPOLLIN = EPOLLIN;
static const uint32_t CLinux_EPOLLOUT = EPOLLOUT;
static const uint32_t CLinux_EPOLLERR = EPOLLERR;
static const uint32_t CLinux_EPOLLHUP = EPOLLHUP;
static const uint32_t CLinux_EPOLLRDHUP = EPOLLRDHUP;
static const uint32_t CLinux_EPOLLET = EPOLLET;

int CLinux_accept(int listener);  // accept4, non-blocking and close-on-exec
int CLinux_epoll_create(void);    // close-on-exec
int CLinux_eventfd(void);         // non-blocking, close-on-exec
int CLinux_socket(int family);    // TCP, non-blocking, close-on-exec
int CLinux_null(void);            // opens /dev/null, close-on-exec
int CLinux_timer(void);           // timerfd on the monotonic clock, non-blocking, close-on-exec

// Lets a timer become readable once at this time of the monotonic clock; 0 takes that back. 0, or -1 and errno.
int CLinux_timer_set(int timer, uint64_t nanoseconds);

// Names the calling thread; the kernel keeps 15 bytes. Returns an errno.
int CLinux_name_thread(const char *name);
#endif
