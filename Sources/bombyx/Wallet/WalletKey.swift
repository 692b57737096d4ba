internal import ArgumentParser
internal import Cryptography
internal import Foundation
internal import Glibc
internal import TON

/// Where a wallet's secret is.
struct WalletKeyOptions: ParsableArguments {
    @Option(
        help: "The file with the wallet's 24 words or its seed (64 hexadecimal digits), of mode 0600.",
        completion: .file()
    )
    var keyFile = ".bombyx/wallet.key"

    @Option(help: "A file descriptor to read the same from instead.")
    var keyFd: Int32?

    func validate() throws {
        if let keyFd, keyFd < 0 { throw ValidationError("--key-fd is 0 or more.") }
    }

    /// The key that signs for the wallet.
    func load() throws -> SigningKey {
        if let keyFd { return try WalletSecret(reading: keyFd, named: "descriptor \(keyFd)").key() }
        return try Self.load(keyFile)
    }

    /// The key of a file.
    static func load(_ keyFile: String) throws -> SigningKey {
        let file = unsafe open(keyFile, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw CommandFailure("\(keyFile) cannot be read: \(WalletSecret.reason())") }
        defer { close(file) }
        try WalletSecret.checkMode(file, keyFile)
        return try WalletSecret(reading: file, named: keyFile).key()
    }
}

/// The words or the seed of a wallet, in memory that is locked and wiped. No error and no output says any of it.
struct WalletSecret: ~Copyable {
    private let text: SecretBytes
    private let count: Int
    private let name: String

    /// Bytes of a file: 24 words and as much white space again.
    static let bytesMax = 1_024

    /// Reads to the end.
    init(reading file: Int32, named name: String) throws {
        var text = try Self.locked(Self.bytesMax + 1)
        var count = 0
        while count <= Self.bytesMax {
            let place = count
            let got = text.withMutableBytes { span in
                unsafe span.withUnsafeMutableBufferPointer { buffer in
                    unsafe read(file, buffer.baseAddress.map { unsafe $0 + place }, buffer.count - place)
                }
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw CommandFailure("\(name) cannot be read: \(Self.reason())") }
            if got == 0 { break }
            count += got
        }
        guard count <= Self.bytesMax else { throw CommandFailure("\(name) has more than \(Self.bytesMax) bytes") }
        self.text = text
        self.count = count
        self.name = name
    }

    /// The key that follows.
    borrowing func key() throws -> SigningKey {
        do {
            if let seed = try seed() {
                return try seed.withBytes { (bytes) throws(SecretError) in try SigningKey(seed: bytes) }
            }
            let mnemonic = try text.withBytes { (bytes) throws(MnemonicError) in
                try Mnemonic(bytes.extracting(..<count))
            }
            return try mnemonic.key()
        } catch let error as MnemonicError {
            throw CommandFailure(
                "\(name) has neither a wallet's 24 words nor a seed of 64 hexadecimal digits: \(error)"
            )
        }
    }

    /// Puts the text as it is into a new file.
    borrowing func write(to path: String) throws {
        try text.withBytes { bytes in try Self.write(bytes.extracting(..<count), to: path) }
    }

    /// Puts a secret into a file of mode 0600, which must not be there yet: nothing is worse than a key that is lost.
    static func write(_ bytes: Span<UInt8>, to path: String) throws {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        if !FileManager.default.fileExists(atPath: folder) {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        }
        try SecretFile(path).write(bytes)
    }

    /// Throws if others may read an open file.
    static func checkMode(_ file: Int32, _ path: String) throws {
        var facts = stat()
        guard unsafe fstat(file, &facts) == 0 else { throw CommandFailure("\(path) cannot be read: \(reason())") }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw CommandFailure("\(path) is no file") }
        guard facts.st_mode & 0o077 == 0 else {
            throw CommandFailure("\(path) may be read by others; its mode must be 0600")
        }
    }

    static func reason() -> String { unsafe String(cString: strerror(errno)) }

    private static func locked(_ count: Int) throws -> SecretBytes {
        do {
            return try SecretBytes(count: count)
        } catch {
            throw CommandFailure("\(MnemonicError.secret(error))")
        }
    }

    /// The seed that 64 digits and white space around them are; `nil` if the text is something else.
    private borrowing func seed() throws -> SecretBytes? {
        var seed = try Self.locked(SigningKey.seedByteCount)
        let isSeed = text.withBytes { bytes in
            var (start, end) = (0, count)
            while start < end, bytes[start] <= 0x20 { start += 1 }
            while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
            guard end - start == 2 * SigningKey.seedByteCount else { return false }
            for index in 0..<SigningKey.seedByteCount {
                guard let high = Self.digit(bytes[start + 2 * index]),
                    let low = Self.digit(bytes[start + 2 * index + 1])
                else { return false }
                seed.withMutableBytes { $0[index] = high << 4 | low }
            }
            return true
        }
        return isSeed ? consume seed : nil
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
