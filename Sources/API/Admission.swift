package import Cryptography
package import Engine
package import Units

/// What is to be done with a request. The rarer and larger ones lie elsewhere, so that a command is moved cheaply.
package enum Admission: Sendable {
    /// Nothing more: a problem, or an answer that needs nobody.
    case answer(APIResponse)
    /// Give the command to the engine; the shape says how to write its outcome (``Answer/render(_:_:)``).
    case command(Command, AnswerShape)
    indirect case query(EngineQuery)
    indirect case history(HistoryQuery)
    indirect case book(BookQuery)
    indirect case models(ModelsQuery)
    indirect case market(MarketQuery)
    case operations(Operation)
    /// Give the commands among them to the engine together, and answer all of them at once (``Answer/batch(_:)``).
    indirect case batch([BatchItem])
}

/// How the outcome of a command is written.
package enum AnswerShape: Sendable {
    case placed
    case cancelled(OrderID)
    case accountCreated
    /// The secret is in the first answer only.
    indirect case keyCreated(APIKey)
    case deposited
    case attested
    case modelSet
    case feesSet
    case amended(OrderID)
    case cancelledTogether
    /// Microseconds; 0 for never.
    case cancelAfterSet(Int64)
    indirect case haltSet(HaltTerms, ModelTable)
    indirect case priceBandSet(PriceBandTerms, ModelTable)
    case limitsSet
    indirect case feesAnnounced(FeeNoticeTerms)
}

/// What a request is judged by beside its own bytes: everything that changes comes in here.
package struct RequestContext: Sendable {
    package var directory: Directory
    package var now: LogicalTime
    /// Chosen by the server; stands in logs and problems.
    package var requestID: UInt64
    /// Who asks, when the connection has already looked up the same `authorization`.
    package var principal: Principal?

    package init(directory: Directory, now: LogicalTime, requestID: UInt64, principal: Principal? = nil) {
        self.directory = directory
        self.now = now
        self.requestID = requestID
        self.principal = principal
    }
}
