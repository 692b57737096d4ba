/// Writes one JSON document (RFC 8259) at the end of a byte array; commas come by themselves.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.beginObject()
/// writer.member("id", "o", 17)           // {"id":"o17"
/// writer.member("lots", 5)               // ,"lots":5
/// writer.key("model"); writer.string(model)
/// writer.endObject()
/// let body = writer.finish()
/// ```
///
/// Whoever writes must close what was opened; ``finish()`` checks it.
package struct JSONWriter: ~Copyable {
    /// The bytes written, of which the first `count` are the document: room is made in steps, so that a
    /// byte costs a store and not a call.
    @usableFromInline var storage: [UInt8]
    @usableFromInline var count: Int
    @usableFromInline var depth = 0
    private var needsComma = false

    /// Starts with room for `capacity` bytes.
    package init(capacity: Int = 256) {
        self.init(appendingTo: [], capacity: capacity)
    }

    /// Writes behind what `bytes` holds, with room for `capacity` bytes more.
    package init(appendingTo bytes: consuming [UInt8], capacity: Int = 256) {
        count = bytes.count
        if count == 0 {
            storage = [UInt8](repeating: 0, count: max(capacity, 16))
        } else {
            storage = bytes
            storage.append(contentsOf: repeatElement(0, count: max(capacity, 16)))
        }
    }

    /// Forgets what was written and keeps the memory, so that one writer serves many documents.
    package mutating func removeAll() {
        count = 0
        depth = 0
        needsComma = false
    }

    /// Gives `body` what was written. Everything opened must be closed.
    @inlinable
    package func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(depth == 0, "an array or object is still open")
        return try body(storage.span.extracting(0..<count))
    }

    /// The whole array: what it held before, and the document.
    package consuming func finish() -> [UInt8] {
        precondition(depth == 0, "an array or object is still open")
        storage.removeLast(storage.count - count)
        return storage
    }

    /// What ``finish()`` gives, for who cannot give the writer away. Nothing more may be written.
    package mutating func take() -> [UInt8] {
        precondition(depth == 0, "an array or object is still open")
        storage.removeLast(storage.count - count)
        count = 0
        return exchange(&storage, with: [])
    }

    /// Opens an object: a key and a value follow, until it is closed.
    package mutating func beginObject() { open(UInt8(ascii: "{")) }

    /// Closes the innermost object.
    package mutating func endObject() { close(UInt8(ascii: "}")) }

    /// Opens an array: values follow, until it is closed.
    package mutating func beginArray() { open(UInt8(ascii: "[")) }

    /// Closes the innermost array.
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// The key of the next value: a name of ours, printable ASCII without `"` and `\`.
    package mutating func key(_ name: StaticString) {
        reserve(name.utf8CodeUnitCount + 4)
        var index = count
        let isFollowing = needsComma
        var span = storage.mutableSpan
        span.put(key: name, afterComma: isFollowing, at: &index)
        count = index
        needsComma = false
    }

    /// The key of the next value, escaped where it must be.
    package mutating func key(_ name: String) {
        string(name)
        reserve(1)
        put(UInt8(ascii: ":"))
        needsComma = false
    }

    /// `null`.
    package mutating func null() { literal("null") }

    /// `true` or `false`.
    package mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }

    /// An integer, as a JSON number.
    package mutating func integer(_ value: Int64) {
        reserve(24)
        separate()
        var index = count
        var span = storage.mutableSpan
        span.put(decimal: value, at: &index)
        count = index
    }

    /// An integer as a string, `"-5"`: how money is written.
    package mutating func decimalString(_ value: Int64) { identifier("", value) }

    /// An integer as a string, `"-5"`: for sums that may exceed 64 bits.
    package mutating func decimalString(_ value: Int128) {
        // 39 digits and a sign; these are rare, so the standard library may write them.
        string(String(value))
    }

    /// An identifier: `letter` and the number, as in `"o17"`.
    package mutating func identifier(_ letter: StaticString, _ number: Int64) {
        reserve(letter.utf8CodeUnitCount + 24)
        separate()
        var index = count
        var span = storage.mutableSpan
        span.put(quoted: letter, number, at: &index)
        count = index
    }

    /// A word of ours: printable ASCII without `"` and `\`.
    package mutating func word(_ word: StaticString) {
        reserve(word.utf8CodeUnitCount + 3)
        separate()
        var index = count
        var span = storage.mutableSpan
        span.put(quoted: word, at: &index)
        count = index
    }

    /// A string of any content.
    package mutating func string(_ value: String) {
        var value = value
        value.makeContiguousUTF8()
        text(value.utf8.span)
    }

    /// A string whose content is `utf8`, which must be UTF-8: the bytes above ASCII are copied as they are.
    package mutating func text(_ utf8: Span<UInt8>) {
        reserve(utf8.count + 4)
        separate()
        put(UInt8(ascii: "\""))
        let copied = copyPlain(utf8)
        if copied < utf8.count {
            reserve((utf8.count - copied) * 6 + 1)
            for index in copied..<utf8.count { put(escaping: utf8[index]) }
        }
        put(UInt8(ascii: "\""))
    }

    /// Copies the bytes up to the first that needs an escape, and says how many: most strings have none, so the array
    /// is made unique once for all of it. There is room for them.
    private mutating func copyPlain(_ utf8: Span<UInt8>) -> Int {
        let start = count
        var read = 0
        var span = storage.mutableSpan
        while read < utf8.count {
            let byte = utf8[read]
            guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { break }
            span[start + read] = byte
            read += 1
        }
        count = start + read
        return read
    }

    /// A value that is already written as JSON.
    package mutating func raw(_ json: Span<UInt8>) {
        reserve(json.count + 1)
        separate()
        let start = count
        count += json.count
        var span = storage.mutableSpan
        for index in json.indices { span[start + index] = json[index] }
    }

    private mutating func literal(_ literal: StaticString) {
        reserve(literal.utf8CodeUnitCount + 1)
        separate()
        put(literal)
    }

    private mutating func open(_ bracket: UInt8) {
        reserve(2)
        separate()
        put(bracket)
        depth += 1
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        precondition(depth > 0, "no array or object is open")
        reserve(1)
        put(bracket)
        depth -= 1
        needsComma = true
    }
}

extension JSONWriter {
    // The usual ones write key and value in one go: the array is made unique once for both.

    /// A key with an integer.
    package mutating func member(_ name: StaticString, _ value: Int64) {
        reserve(name.utf8CodeUnitCount + 24)
        var index = count
        let isFollowing = needsComma
        var span = storage.mutableSpan
        span.put(key: name, afterComma: isFollowing, at: &index)
        span.put(decimal: value, at: &index)
        count = index
        needsComma = true
    }

    /// A key with a truth value.
    package mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// A key with a string of any content.
    package mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        string(value)
    }

    /// A key with an identifier.
    package mutating func member(_ name: StaticString, _ letter: StaticString, _ number: Int64) {
        reserve(name.utf8CodeUnitCount + letter.utf8CodeUnitCount + 26)
        var index = count
        let isFollowing = needsComma
        var span = storage.mutableSpan
        span.put(key: name, afterComma: isFollowing, at: &index)
        span.put(quoted: letter, number, at: &index)
        count = index
        needsComma = true
    }

    /// A key with a word of ours.
    package mutating func member(_ name: StaticString, word value: StaticString) {
        reserve(name.utf8CodeUnitCount + value.utf8CodeUnitCount + 6)
        var index = count
        let isFollowing = needsComma
        var span = storage.mutableSpan
        span.put(key: name, afterComma: isFollowing, at: &index)
        span.put(quoted: value, at: &index)
        count = index
        needsComma = true
    }

    /// A key with an integer written as a string.
    package mutating func member(_ name: StaticString, decimalString value: Int64) {
        member(name, "", value)
    }

    /// A key with `null`.
    package mutating func nullMember(_ name: StaticString) {
        key(name)
        null()
    }

    /// A key with an integer written as a string.
    package mutating func member(_ name: StaticString, decimalString value: Int128) {
        key(name)
        decimalString(value)
    }

    /// A value with all that it holds.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .boolean(let value): bool(value)
        case .integer(let value): integer(value)
        case .number(let text): raw(text.utf8.span)
        case .string(let value): string(value)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }
}

extension JSONWriter {
    /// Makes room for `extra` bytes, after which as many may be put.
    private mutating func reserve(_ extra: Int) {
        guard storage.count - count < extra else { return }
        storage.append(contentsOf: repeatElement(0, count: max(extra, storage.count)))
    }

    private mutating func separate() {
        if needsComma { put(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func put(_ byte: UInt8) {
        storage[count] = byte
        count += 1
    }

    private mutating func put(_ text: StaticString) {
        var index = count
        var span = storage.mutableSpan
        span.put(text, at: &index)
        count = index
    }

    private mutating func put(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            put(UInt8(ascii: "\\"))
            put(byte)
        case 0x20...: put(byte)
        case 0x08: put("\\b")
        case 0x09: put("\\t")
        case 0x0A: put("\\n")
        case 0x0C: put("\\f")
        case 0x0D: put("\\r")
        default:
            put("\\u00")
            put(hexDigit(byte >> 4))
            put(hexDigit(byte & 15))
        }
    }

    private func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
