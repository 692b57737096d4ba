// The declarations of libFuzzer are all that this target has.
#include "CFuzzer.h"
