package import LocalChain
internal import Sockets
package import TON

/// A local chain whose clock goes on with that of the world, for several threads: behind a port (``ChainService``),
/// inside of the process (``HostedChain``), or both.
package final class ChainHost: Sendable {
    private struct State {
        var center: Toncenter
        /// ``LocalChain/LocalChain/changes`` of what was written.
        var kept: UInt64?
    }

    private let state: Lock<State>
    /// Seconds since 1970.
    private let clock: @Sendable () -> UInt64
    /// Writes the chain down, and says why it cannot.
    private let keep: (@Sendable (LocalChain) -> String?)?

    /// With `keep`, no answer shows anything that was not written down before.
    package init(
        _ chain: LocalChain,
        clock: @escaping @Sendable () -> UInt64,
        keep: (@Sendable (LocalChain) -> String?)? = nil
    ) {
        state = Lock(State(center: Toncenter(chain)))
        self.clock = clock
        self.keep = keep
    }

    /// The status and the JSON that answer a request. `target` is the path with the query.
    func answer(_ method: String, _ target: String, _ body: [UInt8]) -> (status: Int, body: [UInt8]) {
        state.withLock { state in
            catchUp(&state)
            let answer = state.center.answer(method, target, body)
            if let problem = write(&state) { return (500, Toncenter.error(problem)) }
            return answer
        }
    }

    /// Makes the blocks that are due, also when nobody asks.
    func tick() {
        state.withLock { state in
            catchUp(&state)
            _ = write(&state)
        }
    }

    /// Asks the chain, or does something with it.
    fileprivate func ask<Value: Sendable>(
        _ body: @Sendable (inout LocalChain) throws(ChainError) -> Value
    ) throws(ChainError) -> Value {
        try state.withLock { (state) throws(ChainError) in
            catchUp(&state)
            let found: Result<Value, ChainError>
            do throws(ChainError) {
                found = .success(try body(&state.center.chain))
            } catch {
                found = .failure(error)
            }
            if let problem = write(&state) { throw .answer(problem) }
            return try found.get()
        }
    }

    private func catchUp(_ state: inout State) {
        let now = clock()
        // No copy of the chain, which would make the change one of all of it.
        if now > state.center.chain.now { state.center.chain.advance(seconds: now - state.center.chain.now) }
    }

    /// Why the chain cannot be written down; `nil` if it is, or need not be.
    private func write(_ state: inout State) -> String? {
        guard let keep, state.kept != state.center.chain.changes else { return nil }
        if let problem = keep(state.center.chain) { return problem }
        state.kept = state.center.chain.changes
        return nil
    }
}

/// A host's chain as settlement asks it.
package struct HostedChain: ChainClient, Sendable {
    private let host: ChainHost

    package init(_ host: ChainHost) { self.host = host }

    /// See ``ChainClient/head()``.
    package mutating func head() throws(ChainError) -> ChainHead {
        try host.ask { (chain) throws(ChainError) in try chain.head() }
    }

    /// See ``ChainClient/account(_:)``.
    package mutating func account(_ address: Address) throws(ChainError) -> ChainAccount {
        try host.ask { (chain) throws(ChainError) in try chain.account(address) }
    }

    /// See ``ChainClient/transactions(of:after:limit:)``.
    package mutating func transactions(
        of address: Address,
        after logicalTime: UInt64,
        limit: Int
    ) throws(ChainError) -> [ChainTransaction] {
        try host.ask { (chain) throws(ChainError) in
            try chain.transactions(of: address, after: logicalTime, limit: limit)
        }
    }

    /// See ``ChainClient/transaction(ofMessage:)``.
    package mutating func transaction(ofMessage normalizedHash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try host.ask { (chain) throws(ChainError) in try chain.transaction(ofMessage: normalizedHash) }
    }

    /// See ``ChainClient/transaction(sendingMessage:)``.
    package mutating func transaction(sendingMessage hash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try host.ask { (chain) throws(ChainError) in try chain.transaction(sendingMessage: hash) }
    }

    /// See ``ChainClient/send(_:)``.
    package mutating func send(_ bag: [UInt8]) throws(ChainError) -> SendAnswer {
        try host.ask { (chain) throws(ChainError) in try chain.send(bag) }
    }
}
