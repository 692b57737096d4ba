#pragma once

#include <stddef.h>
#include <stdint.h>

/// libFuzzer as a library: reads its options from the arguments, calls `callback` with inputs until it is told to stop,
/// and returns the exit code. Only there in a program that was linked with -sanitize=fuzzer.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
