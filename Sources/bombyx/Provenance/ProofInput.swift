internal import ArgumentParser
internal import Cryptography
internal import Foundation
internal import Provenance

/// A public key of the exchange, in any of the forms in which it is published.
struct PublicKeyArgument: ExpressibleByArgument {
    /// 32 bytes (RFC 8032).
    let bytes: [UInt8]

    init?(argument: String) {
        if let key = NoteKey(text: argument) {
            bytes = key.publicKey
            return
        }
        let isHex = argument.utf8.count == 2 * Ed25519.publicKeyByteCount
        guard let bytes = isHex ? Hex.decode(argument) : Base64URL.decode(argument),
            bytes.count == Ed25519.publicKeyByteCount
        else { return nil }
        self.bytes = bytes
    }

    static let help = "64 hexadecimal digits, 43 characters of base64url, or a log's key as in name+id+key."
}

/// What a command checks: a file, or the standard input.
enum ProofInput {
    /// Reads `path`, or the standard input where it is a hyphen; one byte more than `limit` at most, so that whoever
    /// reads it can tell that it is too large. Ends the command with 2 when it cannot be read.
    static func read(_ path: String, upTo limit: Int, for command: String) throws -> [UInt8] {
        let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        var bytes: [UInt8] = []
        do {
            guard let file else { throw CommandFailure("it is not there") }
            while bytes.count <= limit, let more = try file.read(upToCount: limit + 1 - bytes.count), !more.isEmpty {
                bytes += more
            }
        } catch {
            complain("\(command): \(path) cannot be read")
            throw ExitCode(2)
        }
        return bytes
    }
}
