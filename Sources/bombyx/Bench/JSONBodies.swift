internal import API
internal import Demonstration
internal import Engine
internal import Exchange
internal import Foundation
internal import Units

/// Bodies of orders, read by the interface and by Foundation.
final class JSONBodies {
    private(set) var offers: [[UInt8]] = []
    private(set) var bids: [[UInt8]] = []
    /// Bodies that one of the sides did not read.
    private(set) var failures = 0
    private let offerData: [Data]
    private let bidData: [Data]
    private let context: RequestContext
    private let decoder = JSONDecoder()
    private let offerHead = RequestHead(method: .post, target: Array("/v1/offers".utf8)[...], contentType: json)
    private let bidHead = RequestHead(method: .post, target: Array("/v1/bids".utf8)[...], contentType: json)

    private static let json = Array("application/json".utf8)[...]
    private static let model = "Qwen/Qwen3-32B"
    /// Different bodies, so that no branch is learnt by heart.
    private static let count = 1_024

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 5)
        for number in 0..<Self.count {
            let order = """
                "price_nanoton_per_mtok":"\(20_000_000 + random.below(5_000) * 1_000)",\
                "quantity_lots":\(1 + random.below(1_000)),"time_in_force":"gtc",\
                "client_order_id":"bench-\(random.next() % 1_000_000)-\(number)"
                """
            let context = 4_096 << random.below(6)
            let offer = """
                {"model":"\(Self.model)",\(order),"capability":{"context_length":\(context),\
                "features":["tools","json_mode"],"quantization":"fp8","tee":"tdx","region":"de"}}
                """
            let bid = """
                {"requirement":{"model":{"in":["\(Self.model)"]},"quality":{"gte":40},\
                "context_length":{"gte":\(context)},"features":{"all":["tools"]},"tee":{"in":["tdx"]}},\(order)}
                """
            offers.append(Array(offer.utf8))
            bids.append(Array(bid.utf8))
        }
        offerData = offers.map { Data($0) }
        bidData = bids.map { Data($0) }
        var state = EngineState()
        let terms = ModelTerms(name: Self.model, quality: 60, contextLength: 131_072)
        state.models = [ModelRecord(id: ModelID(1), version: 1, terms: terms, createdAt: .zero)]
        context = RequestContext(
            directory: Directory(state),
            now: LogicalTime(microseconds: 1_800_000_000_000_000),
            requestID: 1,
            principal: Principal(account: AccountID(2), key: KeyID(1), scopes: [.offer, .bid])
        )
    }

    // MARK: Reading

    func readOffer(_ index: Int) { if command(offerHead, offers[index % Self.count]) == nil { failures += 1 } }
    func readBid(_ index: Int) { if command(bidHead, bids[index % Self.count]) == nil { failures += 1 } }

    func decodeOffer(_ index: Int) {
        if (try? decoder.decode(OfferDocument.self, from: offerData[index % Self.count])) == nil { failures += 1 }
    }

    func decodeBid(_ index: Int) {
        if (try? decoder.decode(BidDocument.self, from: bidData[index % Self.count])) == nil { failures += 1 }
    }

    private func command(_ head: RequestHead, _ body: [UInt8]) -> Command? {
        // No request of these asks for a key.
        let admission = API.admit(head, body: body, in: context, newKey: { preconditionFailure("orders make no key") })
        guard case .command(let command, _) = admission else { return nil }
        return command
    }

    /// Where the two sides read different values.
    func faults() -> [String] {
        (0..<Self.count).compactMap { index in
            do {
                let offer = try decoder.decode(OfferDocument.self, from: offerData[index])
                let bid = try decoder.decode(BidDocument.self, from: bidData[index])
                guard case .placeOffer(let offerTerms) = command(offerHead, offers[index])?.action,
                    case .placeBid(let bidTerms) = command(bidHead, bids[index])?.action
                else { return "body \(index) was not admitted" }
                return offer.says(offerTerms) && bid.says(bidTerms) ? nil : "body \(index) was read differently"
            } catch {
                return "body \(index): \(error)"
            }
        }
    }
}

/// An offer's body as somebody would write it down for JSONDecoder.
private struct OfferDocument: Decodable {
    let model: String
    let price_nanoton_per_mtok: String
    let quantity_lots: Int64
    let time_in_force: String?
    let client_order_id: String?
    let max_open_lots: Int64?
    let capability: CapabilityDocument?

    struct CapabilityDocument: Decodable {
        let context_length: Int64?
        let features: [String]?
        let quantization: String?
        let tee: String?
        let region: String?
    }

    func says(_ terms: OfferTerms) -> Bool {
        price_nanoton_per_mtok == String(terms.order.price.nanoTONPerMTok) && quantity_lots == terms.order.lots.count
            && client_order_id == terms.order.clientOrderID?.text
            && capability?.context_length == terms.contextLength && capability?.features ?? [] == terms.features.names
            && capability?.quantization == terms.quantization.name && capability?.tee == terms.claimedTEE.name
            && capability?.region == terms.region.name
    }
}

/// A bid's body.
private struct BidDocument: Decodable {
    let requirement: RequirementDocument?
    let price_nanoton_per_mtok: String
    let quantity_lots: Int64
    let time_in_force: String?
    let client_order_id: String?
    let weight_set: String?

    struct RequirementDocument: Decodable {
        let model: Names?
        let quality: AtLeast?
        let context_length: AtLeast?
        let features: All?
        let quantization: Names?
        let tee: Names?
        let region: Names?
    }

    struct Names: Decodable { let `in`: [String] }
    struct All: Decodable { let all: [String] }
    struct AtLeast: Decodable { let gte: Int64 }

    func says(_ terms: BidTerms) -> Bool {
        price_nanoton_per_mtok == String(terms.order.price.nanoTONPerMTok) && quantity_lots == terms.order.lots.count
            && client_order_id == terms.order.clientOrderID?.text
            && requirement?.context_length?.gte == terms.requirement.contextLengthAtLeast
            && requirement?.quality?.gte == terms.requirement.qualityAtLeast
            && requirement?.features?.all ?? [] == terms.requirement.features.names
            && terms.requirement.tees == TEE.tdx.bit && requirement?.tee?.in == [TEE.tdx.name]
    }
}
