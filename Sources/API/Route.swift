package import Engine

/// Every operation of the interface. `openapi.yaml` has the same list: a test compares the two in both directions.
package enum Route: String, CaseIterable, Sendable {
    case placeOffer, placeBid, getOrder, listOrders, cancelOrder
    case placeBatch, amendOrder, cancelOrders, setCancelAfter
    case getMarketStatus, setHalt, setPriceBand, setAccountLimits
    case getBook, listTrades, listModels, getModel, getFees
    case getAccount, listTransfers
    case createAccount, createKey, createDeposit, setAttestation, setModel, setFees
    case getHealth, headHealth, getReadiness, headReadiness, getMetrics, getContract
    case getQuote, listCandles, getIndex, listEndpoints, previewOrder

    /// `operationId` in `openapi.yaml`.
    package var operationID: String { rawValue }

    package var method: RequestMethod {
        switch self {
        case .placeOffer, .placeBid, .placeBatch, .setCancelAfter, .createAccount, .createKey, .createDeposit,
            .previewOrder:
            .post
        case .setAttestation, .setModel, .setFees, .setHalt, .setPriceBand, .setAccountLimits: .put
        case .amendOrder: .patch
        case .cancelOrder, .cancelOrders: .delete
        case .headHealth, .headReadiness: .head
        case .getOrder, .listOrders, .getBook, .listTrades, .listModels, .getModel, .getFees, .getAccount,
            .listTransfers, .getMarketStatus, .getHealth, .getReadiness, .getMetrics, .getContract, .getQuote,
            .listCandles, .getIndex, .listEndpoints:
            .get
        }
    }

    /// The path with its parameters in braces.
    package var template: String {
        switch self {
        case .placeOffer: "/v1/offers"
        case .placeBid: "/v1/bids"
        case .listOrders, .cancelOrders: "/v1/orders"
        case .getOrder, .cancelOrder, .amendOrder: "/v1/orders/{id}"
        case .placeBatch: "/v1/orders:batch"
        case .setCancelAfter: "/v1/orders:cancel-after"
        case .getMarketStatus: "/v1/market/status"
        case .setHalt: "/v1/market/halt"
        case .setPriceBand: "/v1/market/price-band"
        case .getBook: "/v1/book"
        case .listTrades: "/v1/trades"
        case .listModels: "/v1/models"
        case .getModel, .setModel: "/v1/models/{id}"
        case .getFees, .setFees: "/v1/fees"
        case .getAccount: "/v1/account"
        case .listTransfers: "/v1/account/transfers"
        case .createAccount: "/v1/accounts"
        case .createKey: "/v1/accounts/{id}/keys"
        case .createDeposit: "/v1/accounts/{id}/deposits"
        case .setAttestation: "/v1/accounts/{id}/attestation"
        case .setAccountLimits: "/v1/accounts/{id}/limits"
        case .getHealth, .headHealth: "/healthz"
        case .getReadiness, .headReadiness: "/readyz"
        case .getMetrics: "/metrics"
        case .getContract: "/openapi.yaml"
        case .getQuote: "/v1/book/quote"
        case .listCandles: "/v1/candles"
        case .getIndex: "/v1/index"
        case .listEndpoints: "/v1/models/{author}/{slug}/endpoints"
        case .previewOrder: "/v1/orders:preview"
        }
    }

    /// Any one of these scopes will do; empty for routes that need no key.
    package var scopes: Scopes {
        switch self {
        case .placeOffer: .offer
        case .placeBid: .bid
        case .cancelOrder, .cancelOrders, .amendOrder, .placeBatch, .setCancelAfter: [.offer, .bid]
        case .getOrder, .listOrders, .getAccount, .listTransfers: [.read, .operator, .auditor]
        case .createAccount, .createKey, .createDeposit, .setAttestation, .setModel, .setFees, .setHalt, .setPriceBand,
            .setAccountLimits:
            .operator
        case .previewOrder: [.offer, .bid, .read, .operator]
        case .getMarketStatus, .getBook, .listTrades, .listModels, .getModel, .getFees, .getHealth, .headHealth,
            .getReadiness, .headReadiness, .getMetrics, .getContract, .getQuote, .listCandles, .getIndex,
            .listEndpoints:
            []
        }
    }

    /// The route takes a JSON body.
    package var hasBody: Bool { method == .post || method == .put || method == .patch }
}

/// What a path names, before the method is looked at.
struct Resource {
    let kind: Kind
    /// The part of the path that names one thing, as it was sent; empty for a collection.
    var name: ArraySlice<UInt8> = []

    enum Kind: CaseIterable {
        case offers, bids, orders, order, book, trades, models, model, fees, account, transfers
        case batch, cancelAfter, marketStatus, halt, priceBand
        case accounts, keys, deposits, attestation, limits
        case health, readiness, metrics, contract
        case quote, candles, index, endpoints, preview
    }

    /// `nil` when nothing is at this path.
    init?(path: ArraySlice<UInt8>) {
        let version = "/v1/"
        guard path.hasPrefix(version) else {
            guard let kind = Self.operations(path) else { return nil }
            self.init(kind: kind)
            return
        }
        let rest = path.dropFirst(version.utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
            guard let kind = Self.collection(rest) else { return nil }
            self.init(kind: kind)
            return
        }
        let tail = rest[(slash + 1)...]
        guard !tail.isEmpty else { return nil }
        self.init(collection: rest[..<slash], tail: tail)
    }

    private init(kind: Kind, name: ArraySlice<UInt8> = []) {
        self.kind = kind
        self.name = name
    }

    /// `/v1/COLLECTION/TAIL`.
    private init?(collection: ArraySlice<UInt8>, tail: ArraySlice<UInt8>) {
        if collection.equals("orders"), !tail.contains(UInt8(ascii: "/")) {
            self.init(kind: .order, name: tail)
        } else if collection.equals("book"), tail.equals("quote") {
            self.init(kind: .quote)
        } else if collection.equals("models"), let name = Self.model(ofEndpoints: tail) {
            self.init(kind: .endpoints, name: name)
        } else if collection.equals("models") {
            // A model's name contains a slash, sent as it is or as %2F.
            self.init(kind: .model, name: tail)
        } else if collection.equals("market") {
            guard let kind = Self.market(tail) else { return nil }
            self.init(kind: kind)
        } else if collection.equals("account"), tail.equals("transfers") {
            self.init(kind: .transfers)
        } else if collection.equals("accounts"), let slash = tail.firstIndex(of: UInt8(ascii: "/")) {
            let name = tail[..<slash]
            let part = tail[(slash + 1)...]
            if part.equals("keys") {
                self.init(kind: .keys, name: name)
            } else if part.equals("deposits") {
                self.init(kind: .deposits, name: name)
            } else if part.equals("attestation") {
                self.init(kind: .attestation, name: name)
            } else if part.equals("limits") {
                self.init(kind: .limits, name: name)
            } else {
                return nil
            }
        } else {
            return nil
        }
    }

    /// `AUTHOR/SLUG` of `AUTHOR/SLUG/endpoints`.
    private static func model(ofEndpoints tail: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let slash = tail.lastIndex(of: UInt8(ascii: "/")), tail[(slash + 1)...].equals("endpoints") else {
            return nil
        }
        let name = tail[..<slash]
        return name.contains(UInt8(ascii: "/")) || name.percentDecoded()?.contains(UInt8(ascii: "/")) == true
            ? name : nil
    }

    private static func market(_ name: ArraySlice<UInt8>) -> Kind? {
        if name.equals("status") { return .marketStatus }
        if name.equals("halt") { return .halt }
        if name.equals("price-band") { return .priceBand }
        return nil
    }

    private static func collection(_ name: ArraySlice<UInt8>) -> Kind? {
        if name.equals("offers") { return .offers }
        if name.equals("bids") { return .bids }
        if name.equals("orders") { return .orders }
        if name.equals("orders:batch") { return .batch }
        if name.equals("orders:cancel-after") { return .cancelAfter }
        if name.equals("book") { return .book }
        if name.equals("trades") { return .trades }
        if name.equals("models") { return .models }
        if name.equals("fees") { return .fees }
        if name.equals("account") { return .account }
        if name.equals("accounts") { return .accounts }
        if name.equals("candles") { return .candles }
        if name.equals("index") { return .index }
        if name.equals("orders:preview") { return .preview }
        return nil
    }

    private static func operations(_ path: ArraySlice<UInt8>) -> Kind? {
        if path.equals("/healthz") { return .health }
        if path.equals("/readyz") { return .readiness }
        if path.equals("/metrics") { return .metrics }
        if path.equals("/openapi.yaml") { return .contract }
        return nil
    }
}

extension Resource.Kind {
    /// The operations on this resource, one a method.
    var routes: [Route] {
        switch self {
        case .offers: [.placeOffer]
        case .bids: [.placeBid]
        case .orders: [.listOrders, .cancelOrders]
        case .order: [.getOrder, .cancelOrder, .amendOrder]
        case .batch: [.placeBatch]
        case .cancelAfter: [.setCancelAfter]
        case .marketStatus: [.getMarketStatus]
        case .halt: [.setHalt]
        case .priceBand: [.setPriceBand]
        case .limits: [.setAccountLimits]
        case .book: [.getBook]
        case .trades: [.listTrades]
        case .models: [.listModels]
        case .model: [.getModel, .setModel]
        case .fees: [.getFees, .setFees]
        case .account: [.getAccount]
        case .transfers: [.listTransfers]
        case .accounts: [.createAccount]
        case .keys: [.createKey]
        case .deposits: [.createDeposit]
        case .attestation: [.setAttestation]
        case .health: [.getHealth, .headHealth]
        case .readiness: [.getReadiness, .headReadiness]
        case .metrics: [.getMetrics]
        case .contract: [.getContract]
        case .quote: [.getQuote]
        case .candles: [.listCandles]
        case .index: [.getIndex]
        case .endpoints: [.listEndpoints]
        case .preview: [.previewOrder]
        }
    }

    /// The operation of this method; throws what the field `allow` needs when there is none.
    func route(_ method: RequestMethod) throws(Problem) -> Route {
        // The two busiest, without the list.
        if self == .offers, method == .post { return .placeOffer }
        if self == .bids, method == .post { return .placeBid }
        if let route = routes.first(where: { $0.method == method }) { return route }
        var problem = Problem(.methodNotAllowed)
        problem.allow = routes.map(\.method.rawValue).joined(separator: ", ")
        problem.detail = "This path has \(problem.allow ?? "no method")."
        throw problem
    }
}
