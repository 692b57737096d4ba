package import Engine
internal import Exchange
internal import JSON
package import Units

/// An order that is to be previewed.
package struct PreviewQuery: Hashable, Sendable {
    package var account: AccountID
    /// The key that asks: an order is held against its budgets too.
    package var key: KeyID
    package var side: Side
    /// What posting it would do.
    package var action: Command.Action
    /// The body, ready to be posted.
    package var body: [UInt8]

    package init(account: AccountID, key: KeyID, side: Side, action: Command.Action, body: [UInt8]) {
        self.account = account
        self.key = key
        self.side = side
        self.action = action
        self.body = body
    }
}

extension Bodies {
    /// `POST /v1/orders:preview`: `side`, and what the body of a bid or an offer has.
    static func preview(
        _ body: [UInt8],
        for principal: Principal,
        directory: Directory,
        now: LogicalTime
    ) throws(Problem) -> PreviewQuery {
        let sided = try SidedBody(body)
        let action: Command.Action =
            switch sided.side {
            case .offer: .placeOffer(try offer(sided.rest, directory: directory, now: now))
            case .bid: .placeBid(try bid(sided.rest, directory: directory, now: now))
            }
        return PreviewQuery(
            account: principal.account,
            key: principal.key,
            side: sided.side,
            action: action,
            body: sided.rest
        )
    }
}

/// A body with a member `side`, and the same body without it.
struct SidedBody {
    let side: Side
    /// The member is blanked out, so that every other byte stays where it was.
    private(set) var rest: [UInt8]

    init(_ body: [UInt8]) throws(Problem) {
        let found: Found
        do throws(JSONError) {
            found = try Found(body)
        } catch {
            throw Problem(error)
        }
        guard let side = found.side, let span = found.span, found.errors.isEmpty else {
            throw Problem(invalid: found.errors)
        }
        self.side = side
        rest = body
        for index in span { rest[index] = UInt8(ascii: " ") }
        Self.blankComma(of: &rest, around: span, isLast: found.isLast)
    }

    /// The member, where it stands, and what is wrong with it.
    private struct Found {
        var side: Side?
        /// From the key's quotation mark to the end of the value.
        var span: Range<Int>?
        /// No member follows.
        var isLast = true
        var errors: [FieldError] = []

        init(_ body: [UInt8]) throws(JSONError) {
            let limits = JSONLimits(depthMax: Limits.jsonDepthMax, bytesMax: Limits.bodyBytesMax)
            var reader = try JSONReader(body, limits: limits)
            if try reader.nextKind() == .object {
                try reader.beginObject()
                while let key = try reader.nextKey() {
                    if span != nil { isLast = false }
                    if reader.equals(key, "side") { try read(key, &reader) } else { try reader.skipValue() }
                }
                if span == nil { fail(.required, "side is required.") }
            } else {
                try reader.skipValue()
                errors.append(FieldError(.pointer("#"), .wrongType, "The body must be an object."))
            }
            try reader.end()
        }

        private mutating func read(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
            guard span == nil else {
                fail(.duplicateField, "side is there twice.")
                return try reader.skipValue()
            }
            if try reader.nextKind() == .string {
                let text = try reader.readText()
                side = Vocabularies.side.value(reader.decoded(text)[...])
                if side == nil { fail(.notAllowed, "side must be one of \(Vocabularies.side.names).") }
            } else {
                try reader.skipValue()
                fail(.wrongType, "side must be a string.")
            }
            span = (key.start - 1)..<reader.offset
        }

        private mutating func fail(_ rule: FieldError.Rule, _ detail: String) {
            errors.append(FieldError(.pointer("#/side"), rule, detail))
        }
    }

    /// The comma behind the member, or before it when it is the last one.
    private static func blankComma(of rest: inout [UInt8], around span: Range<Int>, isLast: Bool) {
        let comma = UInt8(ascii: ",")
        if isLast {
            var index = span.lowerBound - 1
            while index >= 0, rest[index] != comma, rest[index] != UInt8(ascii: "{") { index -= 1 }
            if index >= 0, rest[index] == comma { rest[index] = UInt8(ascii: " ") }
        } else {
            var index = span.upperBound
            while index < rest.count, rest[index] != comma { index += 1 }
            if index < rest.count { rest[index] = UInt8(ascii: " ") }
        }
    }
}
