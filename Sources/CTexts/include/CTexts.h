#ifndef CTEXTS_H
#define CTEXTS_H
// Texts of the repository that the program carries. Here, because #embed takes clang a tenth of a second, and a literal
// with as many bytes takes Swift a minute. All end with a zero byte.

// openapi.yaml.
const char *CTexts_contract(void);

// A folder of Migrations.
struct CTexts_migration {
    int number;
    const char *name;
    const char *up;
    const char *check;
};

int CTexts_migration_count(void);
// From 0.
const struct CTexts_migration *CTexts_migration(int index);
#endif
