package import Cryptography

/// Why words are no mnemonic. No error says a word.
package enum MnemonicError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not ``Mnemonic/wordCount`` words.
    case count(Int)
    /// The word at this place, from 1 on, is not in the list.
    case word(Int)
    /// All are words of the list, but they do not belong together, or a password is missing or not the right one.
    case checksum
    case secret(SecretError)

    package var description: String {
        switch self {
        case .count(let count): "a mnemonic has \(Mnemonic.wordCount) words, not \(count)"
        case .word(let place): "word \(place) is not in the list of words"
        case .checksum: "the words do not belong together, or a password is missing or wrong"
        case .secret(.noLockedMemory): "there is no locked memory for a secret: raise the limit (ulimit -l)"
        case .secret(.seedLength(let count)): "a seed has \(SigningKey.seedByteCount) bytes, not \(count)"
        }
    }
}

/// The 24 words from which a wallet's key follows. The words are those of BIP-39, the derivation is TON's own.
package struct Mnemonic: ~Copyable {
    /// The words in small letters, with single spaces; behind them zeros.
    private let text: SecretBytes
    private let count: Int

    package static let wordCount = 24
    /// Bytes of 24 words and their spaces: no word has more than eight.
    private static let bytesMax = wordCount * 9

    /// Reads words in letters of either case, with any white space; the text stays the caller's to wipe.
    package init(_ input: Span<UInt8>) throws(MnemonicError) {
        var words = try Words(bytesMax: Self.bytesMax)
        for index in input.indices { try words.append(input[index]) }
        try words.endWord()
        guard words.number == Self.wordCount else { throw .count(words.number) }
        count = words.count
        text = words.text
    }

    /// Words of random bytes, for which no password is needed.
    package static func random() throws(MnemonicError) -> Mnemonic {
        while true {
            var words = try Words(bytesMax: bytesMax)
            let random = try secret { () throws(SecretError) in try SecretBytes.random(wordCount * 2) }
            for place in 0..<wordCount {
                let number = random.withBytes { Int($0[place * 2] & 7) << 8 | Int($0[place * 2 + 1]) }
                for character in WordList.words[number].utf8 { try words.append(character) }
                try words.endWord()
            }
            let mnemonic = Mnemonic(words)
            let entropy = try mnemonic.entropy(password: [])
            // Of 256 choices one is a mnemonic; and one of those says that a password is needed.
            guard try isBasic(entropy), try !asksForPassword(entropy) else { continue }
            return mnemonic
        }
    }

    private init(_ words: consuming Words) {
        count = words.count
        text = words.text
    }

    /// The wallet's key. `password` is empty for words without one.
    package borrowing func key(password: [UInt8] = []) throws(MnemonicError) -> SigningKey {
        if !password.isEmpty {
            let entropy = try entropy(password: [])
            guard try Self.asksForPassword(entropy), try !Self.isBasic(entropy) else { throw .checksum }
        }
        let entropy = try entropy(password: password)
        guard try Self.isBasic(entropy) else { throw .checksum }
        let seed = try Self.derive(entropy, "TON default seed", 100_000, 64)
        return try Self.secret { () throws(SecretError) in
            try seed.withBytes { (bytes) throws(SecretError) in
                try SigningKey(seed: bytes.extracting(..<SigningKey.seedByteCount))
            }
        }
    }

    /// Shows the words to whoever must write them down.
    package borrowing func withText<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        text.withBytes { body($0.extracting(..<count)) }
    }

    private borrowing func entropy(password: [UInt8]) throws(MnemonicError) -> SecretBytes {
        try Self.secret { () throws(SecretError) in
            try text.withBytes { (bytes) throws(SecretError) in
                try KeyDerivation.hmacSHA512(key: bytes.extracting(..<count), message: password.span)
            }
        }
    }

    /// One of 256 entropies is that of a mnemonic.
    private static func isBasic(_ entropy: borrowing SecretBytes) throws(MnemonicError) -> Bool {
        try derive(entropy, "TON seed version", 100_000 / 256, 64).withBytes { $0[0] == 0 }
    }

    private static func asksForPassword(_ entropy: borrowing SecretBytes) throws(MnemonicError) -> Bool {
        try derive(entropy, "TON fast seed version", 1, 64).withBytes { $0[0] == 1 }
    }

    private static func derive(
        _ entropy: borrowing SecretBytes,
        _ salt: String,
        _ iterations: Int32,
        _ count: Int
    ) throws(MnemonicError) -> SecretBytes {
        do {
            return try KeyDerivation.pbkdf2(password: entropy, salt: salt, iterations: iterations, count: count)
        } catch {
            throw .secret(error)
        }
    }

    private static func secret<Value: ~Copyable>(
        _ body: () throws(SecretError) -> Value
    ) throws(MnemonicError) -> Value {
        do { return try body() } catch { throw .secret(error) }
    }
}

/// Words that are read letter by letter.
private struct Words: ~Copyable {
    var text: SecretBytes
    private(set) var count = 0
    /// Words that are complete.
    private(set) var number = 0
    /// Where the present word begins, once it has.
    private var start: Int?

    init(bytesMax: Int) throws(MnemonicError) {
        do { text = try SecretBytes(count: bytesMax) } catch { throw .secret(error) }
    }

    mutating func append(_ character: UInt8) throws(MnemonicError) {
        switch character {
        case 0x20, 0x09...0x0D: try endWord()
        default:
            let letter = (0x41...0x5A).contains(character) ? character | 0x20 : character
            if start == nil {
                guard number < Mnemonic.wordCount else { throw .count(number + 1) }
                if number > 0 { try put(UInt8(ascii: " ")) }
                start = count
            }
            try put(letter)
        }
    }

    mutating func endWord() throws(MnemonicError) {
        guard let first = start else { return }
        number += 1
        let isKnown = text.withBytes { bytes in WordList.contains(bytes.extracting(first..<count)) }
        guard isKnown else { throw .word(number) }
        start = nil
    }

    private mutating func put(_ character: UInt8) throws(MnemonicError) {
        guard count < text.count else { throw .word(number + 1) }
        let place = count
        text.withMutableBytes { $0[place] = character }
        count += 1
    }
}
