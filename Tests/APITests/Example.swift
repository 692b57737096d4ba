import Engine
import Exchange
import Ledger
import Units

@testable import API

/// Records as the engine and the tables give them.
enum Example {
    static let rates = FeeRates(maker: BasisPoints(10), taker: BasisPoints(30))

    static func order(id: Int64, side: Side = .bid, clientOrderID: String? = nil) -> OrderRecord {
        OrderRecord(
            id: OrderID(id),
            account: AccountID(side == .bid ? 3 : 2),
            side: side,
            price: Price(nanoTONPerMTok: 25_123_000),
            lots: Lots(8),
            remaining: Lots(8),
            timeInForce: .gtc,
            clientOrderID: clientOrderID.flatMap { ClientOrderID(Array($0.utf8)) },
            bodyHash: 0,
            rates: rates,
            classID: ClassID(side == .bid ? 0 : 1),
            profileID: ProfileID(side == .bid ? 1 : 0),
            claimedTEE: side == .bid ? .none : .tdx,
            maxOpenLots: nil,
            openLots: .zero,
            createdAt: Market.now,
            closeReason: nil,
            lastSequence: SequenceNumber(id)
        )
    }

    static let capability = Capability(
        model: ModelID(1),
        modelVersion: 1,
        weightSet: .standard,
        quality: nil,
        contextLength: 32_768,
        features: Features(name: "tools") ?? [],
        quantization: .fp8,
        region: .unknown,
        tee: .tdx
    )

    static func detail(id: Int64, side: Side = .bid) -> OrderDetail {
        side == .bid
            ? OrderDetail(record: order(id: id), requirement: Requirement())
            : OrderDetail(record: order(id: id, side: .offer), capability: capability)
    }

    static func trade(id: Int64, bid: Int64, offer: Int64, lots: Int64) -> Trade {
        Trade(
            id: TradeID(id),
            bid: OrderID(bid),
            offer: OrderID(offer),
            buyer: AccountID(3),
            seller: AccountID(2),
            lots: Lots(lots),
            price: Price(nanoTONPerMTok: 20_123_000),
            takerSide: .bid,
            bidRemaining: Lots(3),
            offerRemaining: .zero,
            locked: NanoTON(100_916),
            buyerRate: BasisPoints(30),
            sellerRate: BasisPoints(10),
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard
        )
    }

    static func outcome(_ sequence: Int64, _ events: [Event], isReplay: Bool = false) -> Outcome {
        Outcome(
            sequence: SequenceNumber(sequence),
            events: events[...],
            isReplay: isReplay,
            requestID: 0x4D2
        )
    }
}
