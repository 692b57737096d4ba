internal import Cryptography
internal import Engine
internal import Units

/// How a repetition of a request is recognised (DESIGN §2): by hashes, so that each takes 24 bytes of memory.
enum Idempotency {
    /// 1…``Limits/idempotencyKeyBytesMax`` visible ASCII characters.
    static func isValid(_ key: ArraySlice<UInt8>) -> Bool {
        !key.isEmpty && key.count <= Limits.idempotencyKeyBytesMax && key.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// Keys of different accounts and of different operations are different keys. `bodyHash` is
    /// ``bodyHash(_:path:body:)`` of the whole request.
    static func identity(
        account: AccountID,
        _ route: Route,
        key: ArraySlice<UInt8>,
        bodyHash: UInt64
    ) -> IdempotencyKey {
        var bytes = Array(route.operationID.utf8)
        bytes.append(0)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: account.rawValue >> Int64(shift)))
        }
        bytes += key
        let digest = SHA256.hash(bytes).bytes
        return IdempotencyKey(
            high: digest[0..<8].reduce(0) { $0 << 8 | UInt64($1) },
            low: digest[8..<16].reduce(0) { $0 << 8 | UInt64($1) },
            body: bodyHash
        )
    }

    /// 64 bits over everything that the request says beside its key: the operation, the path, the body.
    static func bodyHash(_ route: Route, path: ArraySlice<UInt8>, body: [UInt8]) -> UInt64 {
        var bytes = Array(route.operationID.utf8)
        bytes.append(0)
        bytes += path
        bytes.append(0)
        bytes += body
        return SHA256.hash(bytes).prefix
    }
}
