#define _GNU_SOURCE
#include "CLinuxAllocations.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Every library calls the allocator through an address in its own global offset table, which the dynamic linker fills
// in. Counting replaces these addresses by those of the functions below. Nothing has to be preloaded, and a process
// that does not count runs the allocator itself.

static __thread struct CLinux_allocations counted;

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);

static void count(size_t bytes) {
    counted.calls++;
    counted.bytes += bytes;
}

static void *counting_malloc(size_t size) {
    count(size);
    return real_malloc(size);
}

static void *counting_calloc(size_t number, size_t size) {
    count(number * size);
    return real_calloc(number, size);
}

static void *counting_realloc(void *old, size_t size) {
    count(size);
    return real_realloc(old, size);
}

static void *counting_aligned_alloc(size_t alignment, size_t size) {
    count(size);
    return real_aligned_alloc(alignment, size);
}

static int counting_posix_memalign(void **result, size_t alignment, size_t size) {
    count(size);
    return real_posix_memalign(result, alignment, size);
}

static const struct {
    const char *name;
    void *counter;
    void **real;
} functions[] = {
    {"malloc", (void *)counting_malloc, (void **)&real_malloc},
    {"calloc", (void *)counting_calloc, (void **)&real_calloc},
    {"realloc", (void *)counting_realloc, (void **)&real_realloc},
    {"aligned_alloc", (void *)counting_aligned_alloc, (void **)&real_aligned_alloc},
    {"posix_memalign", (void *)counting_posix_memalign, (void **)&real_posix_memalign},
};
static const size_t function_count = sizeof functions / sizeof *functions;

// The relocations that put the address of a function somewhere (the psABI of each processor).
static bool holds_address(unsigned type) {
#if defined(__x86_64__)
    return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT || type == R_X86_64_64;
#elif defined(__aarch64__)
    return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT || type == R_AARCH64_ABS64;
#else
    (void)type;
    return false;
#endif
}

struct library {
    ElfW(Addr) base;
    const ElfW(Sym) *symbols;
    const char *names;
    // What the linker made read-only after it had filled it in.
    ElfW(Addr) sealed_start, sealed_end;
};

static bool replace(const struct library *library, void **place, void *counter) {
    ElfW(Addr) page_size = (ElfW(Addr))sysconf(_SC_PAGESIZE);
    ElfW(Addr) page = (ElfW(Addr))place & ~(page_size - 1);
    bool is_sealed = page >= library->sealed_start && page < library->sealed_end;
    if (is_sealed && mprotect((void *)page, page_size, PROT_READ | PROT_WRITE) != 0) return false;
    __atomic_store_n(place, counter, __ATOMIC_RELEASE);
    if (is_sealed) mprotect((void *)page, page_size, PROT_READ);
    return true;
}

static int replace_all(const struct library *library, const ElfW(Rela) *first, size_t bytes) {
    int replaced = 0;
    for (const ElfW(Rela) *entry = first; entry < first + bytes / sizeof *first; entry++) {
        if (!holds_address((unsigned)ELF64_R_TYPE(entry->r_info)) || entry->r_addend != 0) continue;
        const char *name = library->names + library->symbols[ELF64_R_SYM(entry->r_info)].st_name;
        for (size_t index = 0; index < function_count; index++) {
            if (strcmp(name, functions[index].name) != 0) continue;
            replaced += replace(library, (void **)(library->base + entry->r_offset), functions[index].counter);
        }
    }
    return replaced;
}

static int count_in(struct dl_phdr_info *info, size_t size, void *total) {
    (void)size;
    // The kernel's library and the linker itself have no part in this, and their tables are of another kind.
    if (strstr(info->dlpi_name, "vdso") || strstr(info->dlpi_name, "/ld-linux")) return 0;
    struct library library = {.base = info->dlpi_addr};
    const ElfW(Dyn) *entry = 0;
    ElfW(Addr) page_size = (ElfW(Addr))sysconf(_SC_PAGESIZE);
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[index];
        ElfW(Addr) start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_DYNAMIC) entry = (const ElfW(Dyn) *)start;
        if (header->p_type != PT_GNU_RELRO) continue;
        library.sealed_start = start & ~(page_size - 1);
        library.sealed_end = (start + header->p_memsz) & ~(page_size - 1);
    }
    const ElfW(Rela) *calls = 0, *data = 0;
    size_t call_bytes = 0, data_bytes = 0;
    for (; entry && entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_SYMTAB: library.symbols = (const void *)entry->d_un.d_ptr; break;
        case DT_STRTAB: library.names = (const void *)entry->d_un.d_ptr; break;
        case DT_JMPREL: calls = (const void *)entry->d_un.d_ptr; break;
        case DT_PLTRELSZ: call_bytes = entry->d_un.d_val; break;
        case DT_RELA: data = (const void *)entry->d_un.d_ptr; break;
        case DT_RELASZ: data_bytes = entry->d_un.d_val; break;
        }
    }
    if (!library.symbols || !library.names) return 0;
    *(int *)total += replace_all(&library, calls, call_bytes) + replace_all(&library, data, data_bytes);
    return 0;
}

static int replace_everywhere(void) {
    int total = 0;
    for (size_t index = 0; index < function_count; index++) {
        *functions[index].real = dlsym(RTLD_DEFAULT, functions[index].name);
        if (!*functions[index].real) return 0;
    }
    dl_iterate_phdr(count_in, &total);
    return total;
}

// Who comes second waits until all is replaced: before that, nothing would be counted.
int CLinux_count_allocations(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int total = 0;
    pthread_mutex_lock(&lock);
    if (total == 0) total = replace_everywhere();
    int known = total;
    pthread_mutex_unlock(&lock);
    return known;
}

struct CLinux_allocations CLinux_allocations(void) { return counted; }
