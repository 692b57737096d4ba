#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

int CLinux_accept(int listener) { return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC); }
int CLinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
int CLinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
int CLinux_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP); }
int CLinux_null(void) { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
int CLinux_name_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }
