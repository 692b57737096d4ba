import Cryptography
import Engine
import Exchange
import Ledger
import Provenance
import Testing
import Units

/// Who answers with a bond, and who does not, where two parties say different things. Under rules before version 7 an
/// app could earn by disputing, and a worker could hide its bond from those to whom it was due.
@Suite struct ContestedLeaseRules {
    private typealias Desk = DeliveryDesk

    @Test(arguments: [Int32(6), 7])
    func `A lease whose claim is disputed ends without a breach, however little is signed`(rules: Int32) throws {
        var desk = Desk(rules: rules)
        desk.give(Desk.worker, .lease(.lockBond(NanoTON(50_000))))
        let disputed = desk.open(3)
        let silent = desk.open(2)
        #expect(desk.record(desk.receipt(disputed, 1, 1_000), countersigned: false) == nil)
        #expect(desk.refusal(Desk.app, .lease(.disputeClaim(disputed))) == nil)
        let ends = desk.pass(3_600).leaseEnds
        #expect(ends == [rules < 7 ? .noReceipts : .deadline, .noReceipts])
        let slashes = desk.engine.pendingSlashes(of: Desk.worker)
        #expect(slashes.map(\.lease) == (rules < 7 ? [disputed, silent] : [silent]))
        #expect(desk.engine.standing(of: Desk.worker).strikes == (rules < 7 ? 2 : 1))
        #expect(desk.balance(Desk.app, .available) == Desk.money, "what was not delivered is the app's in any case")
        try desk.engine.checkInvariants()
    }

    @Test(arguments: [Int32(6), 7])
    func `A promise that is broken takes nothing of a bond that a breach is to have`(rules: Int32) throws {
        var desk = Desk(rules: rules)
        desk.give(Desk.worker, .lease(.lockBond(NanoTON(5_000))))
        _ = desk.open(2)
        let breached = desk.pass(3_600).leaseEnds
        #expect(breached == [.noReceipts])
        #expect(desk.engine.pendingSlashes(of: Desk.worker).map(\.amount.count) == [4_000])
        let service = ServiceTerms(timeToFirstToken: 500, completion: 1_000, refundShare: BasisPoints(10_000))
        let lease = desk.open(1, offer: { $0.order.rules.lease.service = service })
        #expect(desk.record(desk.receipt(lease, 1, 1_000) { $0.timeToFirstToken = 501 }) == nil)
        #expect(desk.balance(Desk.worker, .bond) == (rules < 7 ? 0 : 4_000))
        desk.pass(86_400)
        #expect(desk.balance(Desk.worker, .bond) == 0)
        #expect(desk.balance(Desk.app, .available) == Desk.money - 20_000 + 5_000, "one app or the other has all of it")
        try desk.engine.checkInvariants()
    }

    /// What of a receipt is another exchange's.
    enum Foreign: CaseIterable { case price, app, nothing }

    @Test(arguments: Foreign.allCases, [Int32(6), 7])
    func `Receipts of other terms prove nothing of a lease that has the same number`(
        foreign: Foreign,
        rules: Int32
    ) throws {
        var desk = Desk(rules: rules)
        let lease = desk.open(1)
        let signature = [UInt8](repeating: 5, count: 64)
        let pair = try #require(
            Equivocation(
                SignedReceipt(receipt: desk.receipt(lease, 1, 500), workerSignature: signature),
                SignedReceipt(
                    receipt: desk.receipt(lease, 1, 700, keys: (1, foreign == .app ? 9 : 2)) { receipt in
                        if foreign == .price { receipt.price = Price(nanoTONPerMTok: Desk.price + 1_000) }
                    },
                    workerSignature: signature
                )
            )
        )
        let terms = EquivocationTerms(pair, salt: [UInt8](repeating: 9, count: 32))
        let isProof = foreign == .nothing || rules < 7
        let refusal = desk.refusal(Desk.app, .lease(.proveEquivocation(terms)))
        #expect(refusal == (isProof ? nil : .equivocationForeign))
        #expect((desk.engine.lease(lease) == nil) == isProof)
        try desk.engine.checkInvariants()
    }
}
