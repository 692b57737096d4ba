internal import Sockets

/// A server's context that can be replaced while connections are open: new ones take the new one.
package final class ReloadableTLSContext: Sendable {
    /// The certificate chain, in PEM.
    package let certificatePath: String
    /// The private key, in PEM.
    package let keyPath: String
    private let context: Lock<TLSContext>

    /// Reads both files.
    package init(certificatePath: String, keyPath: String) throws(TLSError) {
        self.certificatePath = certificatePath
        self.keyPath = keyPath
        self.context = Lock(try TLSContext.server(certificatePath: certificatePath, keyPath: keyPath))
    }

    /// What a new connection takes.
    package var current: TLSContext { context.withLock { $0 } }

    /// Reads the files again. If they are not usable, it throws and everything stays as it was.
    package func reload() throws(TLSError) {
        let fresh = try TLSContext.server(certificatePath: certificatePath, keyPath: keyPath)
        context.withLock { $0 = fresh }
    }
}
