import Cryptography
import Engine
import Exchange
import Ledger
import Provenance
import Units

/// What parties do with their leases, and what the operator does about them.
extension RandomMarket {
    mutating func leaseCommand() -> Command {
        let account = AccountID(Int64(draw(6) + 1))
        switch draw(22) {
        case 20:
            let terms = MeasurementPolicyTerms(
                samplesMin: Int64(draw(4) + 1),
                halfLife: Int64(draw(3) + 1) * 60_000_000,
                interval: Int64(draw(3)) * 1_000_000,
                lifetime: 60_000_000
            )
            return Command(account: .system, action: .lease(.setMeasurementPolicy(terms)))
        case 21:
            let key = SigningKeyTerms(publicKey: [UInt8](repeating: UInt8(draw(40)), count: 32), from: engine.time)
            return Command(account: .system, action: .lease(.recordSigningKey(key)))
        case 0..<2: return Command(account: account, action: .lease(.setProfile(profile())))
        case 2: return Command(account: .system, action: .lease(.setPolicy(policy())))
        case 3: return Command(account: account, action: .lease(.lockBond(NanoTON(Int64(draw(90_000) + 1)))))
        case 4: return Command(account: account, action: .lease(.releaseBond(NanoTON(Int64(draw(9_000) + 1)))))
        case 5:
            let slash = engine.state().delivery.slashes.randomElement(using: &generator)
            return Command(account: .system, action: .lease(.pardon(slash?.lease ?? LeaseID(1))))
        default: break
        }
        guard let lease = engine.state().leases.filter({ $0.terms != nil }).randomElement(using: &generator) else {
            return Command(account: account, action: .lease(.setProfile(profile())))
        }
        let party = chance(50) ? lease.buyer : lease.worker
        switch draw(20) {
        case 0: return Command(account: lease.buyer, action: .lease(.disputeClaim(lease.id)))
        case 1: return Command(account: party, action: .lease(.closeLease(lease.id)))
        case 2:
            let (first, second) = (receipt(of: lease), receipt(of: lease))
            guard let proof = Equivocation(signed(first, false), signed(second, false)) else { break }
            return Command(account: account, action: .lease(.proveEquivocation(EquivocationTerms(proof, salt: salt()))))
        default: break
        }
        let signed = signed(receipt(of: lease), chance(60))
        return Command(account: party, action: .lease(.recordReceipt(ReceiptTerms(signed, salt: salt()))))
    }

    /// Whether an open lease has a claim.
    var hasClaim: Bool { engine.state().leases.contains { $0.progress.claim != nil } }

    private mutating func profile() -> ProfileTerms {
        let key = chance(90) ? (0..<32).map { _ in UInt8(draw(256)) } : nil
        return ProfileTerms(endpoint: chance(20) ? "" : "https://w\(draw(9)).example", receiptKey: key)
    }

    private mutating func policy() -> LeasePolicyTerms {
        LeasePolicyTerms(
            step: AdjustedTokens(Int64(draw(3_000) + 1)),
            disputeWindow: Int64(draw(5) + 1) * 1_000_000,
            bondPerLot: chance(80) ? .zero : NanoTON(Int64(draw(20))),
            slashShare: BasisPoints(Int64(draw(10_001))),
            appealWindow: Int64(draw(20)) * 1_000_000,
            newcomerLotsMax: chance(80) ? nil : Lots(Int64(draw(9) + 1))
        )
    }

    /// The next of a lease, sometimes with the number of the last.
    private mutating func receipt(of lease: LeaseRecord) -> Receipt {
        let last = [lease.progress.countersigned, lease.progress.claim].compactMap { $0 }.max {
            $0.sequence < $1.sequence
        }
        let none = PartyID(high: 0, low: 0)
        var receipt = Receipt(
            lease: lease.id,
            job: JobID(high: generator.next(), low: 1),
            worker: engine.workerProfile(of: lease)?.party ?? none,
            app: engine.buyerProfile(of: lease)?.party ?? none,
            weights: weights(of: lease),
            sequence: (last?.sequence ?? 0) + (chance(97) ? 1 : 0),
            flags: chance(5) ? .final : chance(10) ? .refused : [],
            timeToFirstToken: UInt32(draw(900)),
            usage: last?.usage ?? .zero,
            price: lease.price,
            adjusted: .zero,
            amount: .zero,
            startedAt: 0,
            endedAt: (last?.endedAt ?? 0) + Int64(draw(900)),
            previous: last?.hash ?? .zero
        )
        receipt.usage.prompt += Int64(draw(600))
        receipt.usage.completion += Int64(draw(60))
        if let weights = lease.terms?.weightSet.weightSet {
            receipt.adjusted = receipt.adjustedTokens(weights: weights)
        }
        receipt.amount = receipt.amountDue
        return receipt
    }

    private func weights(of lease: LeaseRecord) -> Digest256 {
        let model = engine.state().models.first {
            $0.id == lease.terms?.model && $0.version == lease.terms?.modelVersion
        }
        return model.flatMap { Digest256(hex: $0.terms.weightsSHA256) } ?? .zero
    }

    private mutating func signed(_ receipt: Receipt, _ isCountersigned: Bool) -> SignedReceipt {
        let signature = (0..<64).map { _ in UInt8(draw(256)) }
        return SignedReceipt(
            receipt: receipt,
            workerSignature: signature,
            appSignature: isCountersigned ? signature : nil
        )
    }

    private mutating func salt() -> [UInt8] { (0..<32).map { _ in UInt8(draw(256)) } }

    /// What an offer says of its leases.
    mutating func promise(_ terms: inout OfferTerms) {
        if chance(50) { terms.traits[.deliverWithinS] = Int64(draw(60) + 1) }
        guard chance(20) else { return }
        terms.order.rules.lease.service = ServiceTerms(
            timeToFirstToken: Int64(draw(500)),
            completion: Int64(draw(500) + 1),
            refundShare: BasisPoints(Int64(draw(10_000) + 1))
        )
    }

    /// What a bid says of its leases.
    mutating func demand(_ terms: inout BidTerms) {
        if chance(20) { terms.order.rules.lease.rebids = true }
        let own = engine.state().leases.filter { $0.terms != nil }.randomElement(using: &generator)
        if let own, chance(15) {
            terms.order.rules.lease.rebids = false
            terms.order.rules.lease.toppedUp = own.id
        }
        guard chance(10) else { return }
        terms.order.rules.lease.avoided = Set((0...draw(3)).map { _ in AccountID(Int64(draw(6) + 1)) }).sorted()
    }
}
