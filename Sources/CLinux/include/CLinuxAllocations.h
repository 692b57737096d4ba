#ifndef CLINUX_ALLOCATIONS_H
#define CLINUX_ALLOCATIONS_H
#include <stdint.h>

// What a thread has asked the allocator for since counting began: calls of malloc, calloc, realloc, aligned_alloc and
// posix_memalign, and the bytes that they asked for.
struct CLinux_allocations {
    uint64_t calls;
    uint64_t bytes;
};

// Begins to count in all libraries that are loaded, for the rest of the process's life. A process that does not call
// this pays nothing. Returns how many places call the counters; 0 when this machine's way to link is not known.
int CLinux_count_allocations(void);

// Of the calling thread.
struct CLinux_allocations CLinux_allocations(void);
#endif
