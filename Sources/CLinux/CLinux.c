#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

int CLinux_accept(int listener) { return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC); }
int CLinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
int CLinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
int CLinux_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP); }
int CLinux_null(void) { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
int CLinux_name_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }
int CLinux_timer(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

int CLinux_timer_set(int timer, uint64_t nanoseconds) {
    struct itimerspec time = {.it_value = {nanoseconds / 1000000000, nanoseconds % 1000000000}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, 0);
}
