package import Engine
package import Exchange
package import Units

/// A question to what was published of the book, beside the levels themselves.
package enum MarketQuery: Hashable, Sendable {
    case quote(QuoteQuery)
    /// A model as OpenRouter lists its endpoints.
    case endpoints(ModelID)
}

/// What a quantity would cost or bring.
package struct QuoteQuery: Hashable, Sendable {
    /// With the weight set that it resolves to.
    package var requirement: Requirement
    /// The side that would take: a bid buys from the offers, an offer sells to the bids.
    package var side: Side
    /// 1…``Limits/orderLotsMax``.
    package var lots: Lots

    package init(requirement: Requirement, side: Side, lots: Lots) {
        self.requirement = requirement
        self.side = side
        self.lots = lots
    }
}

/// How long a candle is.
package enum CandleInterval: String, CaseIterable, Sendable {
    case minute = "1m"
    case fiveMinutes = "5m"
    case hour = "1h"
    case day = "1d"

    package var seconds: Int64 {
        switch self {
        case .minute: 60
        case .fiveMinutes: 300
        case .hour: 3_600
        case .day: 86_400
        }
    }
}

/// How a list is written.
package enum ListFormat: String, CaseIterable, Sendable {
    case json
    /// RFC 4180, with a line of names.
    case csv
}

/// Candles, newest first.
package struct CandlesQuery: Hashable, Sendable {
    /// Of one model, or of the offers that meet a requirement.
    package enum Subject: Hashable, Sendable {
        case model(ModelID)
        case requirement(Requirement)
    }

    package var subject: Subject
    package var interval: CandleInterval
    /// Intervals that a page spans, 1…``Limits/pageMax``.
    package var limit: Int
    /// Only candles that begin earlier; ``LogicalTime/never`` for all.
    package var before: LogicalTime
    package var format: ListFormat
    /// The subject in the form of a URL, for cursors.
    package var subjectText: String

    package init(
        subject: Subject,
        interval: CandleInterval,
        limit: Int,
        before: LogicalTime = .never,
        format: ListFormat = .json,
        subjectText: String = ""
    ) {
        self.subject = subject
        self.interval = interval
        self.limit = limit
        self.before = before
        self.format = format
        self.subjectText = subjectText
    }

    var filters: UInt64 { Cursor.filters("\(subjectText) \(interval.rawValue)") }

    /// Moves ``before`` to the end of the interval that it lies in, which then begins before it.
    mutating func alignBefore() {
        guard before < .never else { return }
        let length = interval.seconds * 1_000_000
        let (rest, isPast) = (before.microseconds % length, before.microseconds > Timestamp.microsecondsMax)
        before = isPast ? .never : LogicalTime(microseconds: before.microseconds + (rest == 0 ? 0 : length - rest))
    }
}

/// How far back an index looks.
package enum IndexWindow: String, CaseIterable, Sendable {
    case hour = "1h"
    case day = "1d"
    case week = "7d"

    package var seconds: Int64 {
        switch self {
        case .hour: 3_600
        case .day: 86_400
        case .week: 604_800
        }
    }
}

/// The price index of one model.
package struct IndexQuery: Hashable, Sendable {
    package var model: ModelID
    package var window: IndexWindow
    /// Where the window ends.
    package var end: LogicalTime

    package init(model: ModelID, window: IndexWindow, end: LogicalTime) {
        self.model = model
        self.window = window
        self.end = end
    }

    package var start: LogicalTime { LogicalTime(microseconds: end.microseconds - window.seconds * 1_000_000) }
}
