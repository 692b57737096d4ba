#include "CTexts.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char contract[] = {
#embed "../../openapi.yaml" suffix(, 0)
};

const char *CTexts_contract(void) { return contract; }
