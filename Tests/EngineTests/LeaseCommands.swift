import Engine
import Exchange
import Provenance
import Units

@testable import EngineTesting

/// Commands on leases, with values at the ends of their ranges.
enum LeaseCommands {
    static var all: [Command.Action] {
        let signature = [UInt8](repeating: 0xFF, count: 64)
        let receipt = Receipt(
            lease: LeaseID(.max),
            worker: PartyID(high: .max, low: 0),
            app: PartyID(high: 0, low: .max),
            sequence: .max,
            flags: .all,
            timeToFirstToken: Receipt.timeToFirstTokenMax,
            usage: TokenUsage(prompt: Limits.receiptTokensMax, completion: 1, cached: 2, reasoning: 1),
            price: Price(nanoTONPerMTok: Limits.priceMax),
            adjusted: AdjustedTokens(Limits.stepMax),
            amount: NanoTON(Limits.orderValueMax),
            startedAt: 0,
            endedAt: Limits.timeMillisecondsMax
        )
        var other = receipt
        other.job = JobID(high: 1, low: 2)
        let claim = SignedReceipt(receipt: receipt, workerSignature: signature)
        let both = SignedReceipt(receipt: receipt, workerSignature: signature, appSignature: signature)
        let salt = [UInt8](repeating: 9, count: 32)
        let proof = Equivocation(both, SignedReceipt(receipt: other, workerSignature: signature))
        let policy = LeasePolicyTerms(
            step: AdjustedTokens(Limits.stepMax),
            disputeWindow: Limits.disputeWindowMax,
            bondPerLot: NanoTON(Limits.bondPerLotMax),
            slashShare: BasisPoints(10_000),
            appealWindow: Limits.appealWindowMax,
            newcomerLotsMax: Lots(Limits.orderLotsMax)
        )
        var commands: [LeaseCommand] = [
            .setProfile(ProfileTerms()),
            .setProfile(
                ProfileTerms(
                    endpoint: String(repeating: "e", count: Limits.endpointBytesMax),
                    receiptKey: [UInt8](repeating: 1, count: 32)
                )
            ),
            .recordReceipt(ReceiptTerms(claim, salt: salt)), .recordReceipt(ReceiptTerms(both, salt: salt)),
            .disputeClaim(LeaseID(1)), .closeLease(LeaseID(.max)), .lockBond(NanoTON(1)),
            .releaseBond(NanoTON(Limits.depositsMax)), .setPolicy(.initial), .setPolicy(policy), .pardon(LeaseID(1)),
            .setMeasurementPolicy(.initial),
            .setMeasurementPolicy(
                MeasurementPolicyTerms(
                    samplesMin: Limits.measurementSamplesMax,
                    halfLife: Limits.measurementHalfLifeMin,
                    interval: Limits.measurementIntervalMax,
                    lifetime: Limits.measurementLifetimeMax
                )
            ),
            .recordSigningKey(SigningKeyTerms(publicKey: [UInt8](repeating: 3, count: 32), from: .never)),
        ]
        if let proof { commands.append(.proveEquivocation(EquivocationTerms(proof, salt: salt))) }
        return commands.map { .lease($0) } + orders
    }

    private static var orders: [Command.Action] {
        let order = OrderTerms(price: Price(nanoTONPerMTok: 1_000), lots: Lots(1), timeInForce: .gtc)
        var offer = OfferTerms(order: order, model: ModelID(1))
        offer.traits[.deliverWithinS] = Limits.deliverWithinMax
        var promised = offer
        promised.order.rules.lease.service = ServiceTerms(
            timeToFirstToken: Limits.serviceMillisecondsMax,
            completion: 0,
            refundShare: BasisPoints(10_000)
        )
        var bid = BidTerms(order: order, requirement: Requirement())
        bid.order.rules.lease.rebids = true
        var choosy = bid
        choosy.order.rules.lease.avoided = (1...Int64(Limits.avoidedWorkersMax)).map { AccountID($0) }
        choosy.order.rules.isPostOnly = true
        var topUp = BidTerms(order: order, requirement: Requirement())
        topUp.order.rules.lease.toppedUp = LeaseID(.max)
        topUp.order.rules.lease.avoided = [AccountID(7)]
        return [.placeOffer(offer), .placeOffer(promised), .placeBid(bid), .placeBid(choosy), .placeBid(topUp)]
    }
}
