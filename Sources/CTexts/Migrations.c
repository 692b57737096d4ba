#include "CTexts.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// All migrations, in order.
static const struct CTexts_migration migrations[] = {
    {1, "roles",
     (const char[]){
#embed "../../Migrations/0001-roles/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0001-roles/check.sql" suffix(, 0)
     }},
    {2, "journal",
     (const char[]){
#embed "../../Migrations/0002-journal/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0002-journal/check.sql" suffix(, 0)
     }},
    {3, "ledger",
     (const char[]){
#embed "../../Migrations/0003-ledger/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0003-ledger/check.sql" suffix(, 0)
     }},
    {4, "market",
     (const char[]){
#embed "../../Migrations/0004-market/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0004-market/check.sql" suffix(, 0)
     }},
    {5, "projection",
     (const char[]){
#embed "../../Migrations/0005-projection/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0005-projection/check.sql" suffix(, 0)
     }},
    {6, "views",
     (const char[]){
#embed "../../Migrations/0006-views/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0006-views/check.sql" suffix(, 0)
     }},
    {7, "invariants",
     (const char[]){
#embed "../../Migrations/0007-invariants/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0007-invariants/check.sql" suffix(, 0)
     }},
    {8, "leader-address",
     (const char[]){
#embed "../../Migrations/0008-leader-address/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0008-leader-address/check.sql" suffix(, 0)
     }},
    {9, "journal-age",
     (const char[]){
#embed "../../Migrations/0009-journal-age/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0009-journal-age/check.sql" suffix(, 0)
     }},
    {10, "migrations-read",
     (const char[]){
#embed "../../Migrations/0010-migrations-read/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0010-migrations-read/check.sql" suffix(, 0)
     }},
    {11, "order-types",
     (const char[]){
#embed "../../Migrations/0011-order-types/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0011-order-types/check.sql" suffix(, 0)
     }},
    {12, "changes",
     (const char[]){
#embed "../../Migrations/0012-changes/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0012-changes/check.sql" suffix(, 0)
     }},
    {13, "admin-views",
     (const char[]){
#embed "../../Migrations/0013-admin-views/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0013-admin-views/check.sql" suffix(, 0)
     }},
    {14, "keys",
     (const char[]){
#embed "../../Migrations/0014-keys/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0014-keys/check.sql" suffix(, 0)
     }},
    {15, "capabilities",
     (const char[]){
#embed "../../Migrations/0015-capabilities/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0015-capabilities/check.sql" suffix(, 0)
     }},
    {16, "market-data",
     (const char[]){
#embed "../../Migrations/0016-market-data/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0016-market-data/check.sql" suffix(, 0)
     }},
    {17, "logins",
     (const char[]){
#embed "../../Migrations/0017-logins/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0017-logins/check.sql" suffix(, 0)
     }},
    {18, "lowered-lots",
     (const char[]){
#embed "../../Migrations/0018-lowered-lots/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0018-lowered-lots/check.sql" suffix(, 0)
     }},
    {19, "leases",
     (const char[]){
#embed "../../Migrations/0019-leases/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0019-leases/check.sql" suffix(, 0)
     }},
    {20, "performance",
     (const char[]){
#embed "../../Migrations/0020-performance/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0020-performance/check.sql" suffix(, 0)
     }},
    {21, "settlement",
     (const char[]){
#embed "../../Migrations/0021-settlement/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0021-settlement/check.sql" suffix(, 0)
     }},
    {22, "linked-logins",
     (const char[]){
#embed "../../Migrations/0022-linked-logins/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0022-linked-logins/check.sql" suffix(, 0)
     }},
    {23, "settlement-messages",
     (const char[]){
#embed "../../Migrations/0023-settlement-messages/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0023-settlement-messages/check.sql" suffix(, 0)
     }},
    {24, "log-payouts",
     (const char[]){
#embed "../../Migrations/0024-log-payouts/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0024-log-payouts/check.sql" suffix(, 0)
     }},
    {25, "resolved-payouts",
     (const char[]){
#embed "../../Migrations/0025-resolved-payouts/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0025-resolved-payouts/check.sql" suffix(, 0)
     }},
    {26, "anchors",
     (const char[]){
#embed "../../Migrations/0026-anchors/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0026-anchors/check.sql" suffix(, 0)
     }},
    {27, "fewer-indexes",
     (const char[]){
#embed "../../Migrations/0027-fewer-indexes/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0027-fewer-indexes/check.sql" suffix(, 0)
     }},
    {28, "ready-orders",
     (const char[]){
#embed "../../Migrations/0028-ready-orders/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0028-ready-orders/check.sql" suffix(, 0)
     }},
    {29, "crossing-first",
     (const char[]){
#embed "../../Migrations/0029-crossing-first/up.sql" suffix(, 0)
     },
     (const char[]){
#embed "../../Migrations/0029-crossing-first/check.sql" suffix(, 0)
     }},
};

int CTexts_migration_count(void) { return sizeof migrations / sizeof *migrations; }
const struct CTexts_migration *CTexts_migration(int index) { return &migrations[index]; }
