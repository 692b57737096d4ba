/// Why a document was refused, and where.
package struct JSONError: Error, Equatable, Sendable {
    package let reason: Reason
    /// The byte at which the fault lies, counted from the first byte of the document, which is 0.
    package let offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// Every way in which a document can be wrong.
    package enum Reason: String, CaseIterable, Sendable {
        case unexpectedEnd = "the document ends too early"
        case unexpectedByte = "this byte cannot stand here"
        case invalidNumber = "this is not a number of RFC 8259"
        case invalidEscape = "this is not an escape of RFC 8259"
        case loneSurrogate = "half of a surrogate pair stands alone"
        case controlCharacter = "a control character must be escaped"
        case invalidUTF8 = "these bytes are not UTF-8"
        case trailingBytes = "something follows the document"

        case tooLarge = "the document has too many bytes"
        case tooDeep = "arrays and objects are nested too deeply"

        case notAnObject = "this must be an object"
        case notAnArray = "this must be an array"
        case notAString = "this must be a string"
        case notABoolean = "this must be true or false"
        case notNull = "this must be null"
        case notAnInteger = "this must be an integer without fraction or exponent"
        case integerOutOfRange = "this integer does not fit in 64 bits"
        case duplicateKey = "this key stands twice in its object"
    }

    /// What kind of fault this is, because the answers to them differ.
    package enum Category: Sendable {
        /// The bytes are not JSON.
        case syntax
        /// The document is larger or deeper than the reader was told to accept.
        case limit
        /// The bytes are JSON, but this value is not what was asked for. The reader still stands before
        /// the value (after the key, for `duplicateKey`), so that it can be skipped and the rest be read.
        case value
    }

    package var category: Category {
        switch reason {
        case .unexpectedEnd, .unexpectedByte, .invalidNumber, .invalidEscape, .loneSurrogate, .controlCharacter,
            .invalidUTF8, .trailingBytes:
            .syntax
        case .tooLarge, .tooDeep:
            .limit
        case .notAnObject, .notAnArray, .notAString, .notABoolean, .notNull, .notAnInteger, .integerOutOfRange,
            .duplicateKey:
            .value
        }
    }
}

extension JSONError: CustomStringConvertible {
    /// A clause for people, with the offset; it repeats nothing of the document.
    package var description: String { "\(reason.rawValue) (byte \(offset))" }
}
