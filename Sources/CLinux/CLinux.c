#define _GNU_SOURCE
#include "CLinux.h"

#include <sys/socket.h>

int CLinux_accept(int listener) { return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC); }
int CLinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
int CLinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
