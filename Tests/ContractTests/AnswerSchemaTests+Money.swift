import Engine
import Exchange
import Ledger
import Testing
import Units

@testable import API

extension AnswerSchemaTests {
    @Test(arguments: Transfer.Kind.allCases)
    func `Accounts and transfers fit`(kind: Transfer.Kind) throws {
        let asOf = SequenceNumber(20)
        let record = AccountRecord(id: AccountID(2), label: "x", openOrdersMax: 5, createdAt: Self.now)
        let terms = AttestationTerms(account: AccountID(2), tees: TEE.sgx.bit, expiresAt: Self.now)
        let login = LoginRecord(sequence: asOf, account: record.id, subject: "telegram:7", createdAt: Self.now)
        for attestation in [nil, AttestationRecord(terms: terms, setAt: Self.now)] {
            let detail = AccountDetail(
                record: record,
                balances: [.available: NanoTON(5)],
                openOrders: 1,
                attestation: attestation,
                logins: attestation == nil ? [] : [login]
            )
            try expect(.getAccount, View.account(detail, asOf: asOf))
        }
        let rows = LedgerAccount.Kind.allCases.map { account in
            TransferDetail(
                transfer: Transfer(
                    debit: .fees,
                    credit: LedgerAccount(AccountID(2), account),
                    amount: NanoTON(1),
                    kind: kind,
                    order: OrderID(account == .held ? 3 : 0),
                    trade: TradeID(account == .leased ? 3 : 0)
                ),
                position: .init(sequence: asOf, ordinal: 0),
                time: Self.now
            )
        }
        let query = TransfersQuery(account: AccountID(2), limit: rows.count - 1)
        try expect(.listTransfers, View.transfers(query, rows, asOf: asOf))
        let accounts = [AccountRecord(id: AccountID(3), label: "a", openOrdersMax: 1, createdAt: Self.now)]
        let accountsQuery = AccountsQuery(caller: AccountID(1), limit: 10)
        try expect(.listAccounts, View.accounts(accountsQuery, accounts, asOf: asOf))
    }
}
