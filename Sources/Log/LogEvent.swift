internal import JSON

/// Something that an operator may want to know: a sentence for people, and the same as named values for programs.
///
/// It never holds a body, a key, a query or any other field of a request that a client may mean to be secret.
package struct LogEvent: Sendable {
    /// How much it matters.
    package enum Level: String, CaseIterable, Comparable, Sendable {
        /// Of use to who looks for a fault: each request that a client got wrong.
        case debug
        /// What the server does.
        case info
        /// Something failed, and the server goes on.
        case warning
        /// The server cannot go on.
        case error

        private var rank: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warning: 2
            case .error: 3
            }
        }

        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    }

    /// A named value.
    package enum Value: Hashable, Sendable {
        case text(String)
        case number(Int64)
    }

    /// A name and its value. Names are our own: small letters and underscores.
    package struct Field: Hashable, Sendable {
        package let name: String
        package let value: Value

        package init(_ name: StaticString, _ value: String) {
            self.name = name.description
            self.value = .text(value)
        }

        package init(_ name: StaticString, _ value: Int64) {
            self.name = name.description
            self.value = .number(value)
        }
    }

    package let level: Level
    /// What happened, as one word of small letters and underscores, the same each time.
    package let name: String
    /// What happened, as a sentence or the beginning of one.
    package let message: String
    package let fields: [Field]

    package init(_ level: Level, _ name: StaticString, _ message: String, _ fields: [Field] = []) {
        self.level = level
        self.name = name.description
        self.message = message
        self.fields = fields
    }

    /// The line for people, without its end. Control characters become spaces: an event is one line.
    package var text: String {
        let scalars = message.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        return "bombyx: " + String(String.UnicodeScalarView(scalars))
    }

    /// The line for programs, without its end: a JSON object that begins with time, level, event and message.
    package func json(time: String) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("time", time)
        writer.member("level", level.rawValue)
        writer.member("event", name)
        writer.member("message", message)
        for field in fields {
            writer.key(field.name)
            switch field.value {
            case .text(let text): writer.string(text)
            case .number(let number): writer.integer(number)
            }
        }
        writer.endObject()
        return String(decoding: writer.finish(), as: UTF8.self)
    }
}
