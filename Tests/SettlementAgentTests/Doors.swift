import Engine
import LocalChain
import SettlementAgent
import TON
import Units

/// The chain, as a process reaches it.
struct ChainDoor: ChainClient {
    unowned let scene: Scene
    let process: ServerProcess

    private func ask<Value>(_ question: (inout LocalChain) throws(ChainError) -> Value) throws(ChainError) -> Value {
        try scene.pass(.chainRead, process, ChainError.noAnswer) { () throws(ChainError) in try scene.read(question) }
    }

    func head() throws(ChainError) -> ChainHead {
        try ask { (chain) throws(ChainError) in try chain.head() }
    }

    func account(_ address: Address) throws(ChainError) -> ChainAccount {
        try ask { (chain) throws(ChainError) in try chain.account(address) }
    }

    func transactions(
        of address: Address,
        after logicalTime: UInt64,
        limit: Int
    ) throws(ChainError) -> [ChainTransaction] {
        try ask { (chain) throws(ChainError) in
            try chain.transactions(of: address, after: logicalTime, limit: limit)
        }
    }

    func transaction(ofMessage normalizedHash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try ask { (chain) throws(ChainError) in try chain.transaction(ofMessage: normalizedHash) }
    }

    func transaction(sendingMessage hash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try ask { (chain) throws(ChainError) in try chain.transaction(sendingMessage: hash) }
    }

    func send(_ bag: [UInt8]) throws(ChainError) -> SendAnswer {
        try scene.pass(.chainSend, process, ChainError.noAnswer) { () throws(ChainError) in
            try scene.chain.send(bag)
        }
    }
}

/// The engine of a process and the database, as the agent reaches them. An answer is given when what it was made of is
/// durable.
struct OfficeDoor: SettlementOffice {
    unowned let scene: Scene
    let process: ServerProcess

    private static let silence = OfficeError("the office is closed")

    /// A journal that does not answer, or has another writer, ends the process: nobody knows what is durable.
    private func commit() throws(OfficeError) {
        guard !process.uncommitted.isEmpty else { return }
        do throws(OfficeError) {
            let isTaken = try scene.pass(.journal, process, Self.silence) { () throws(OfficeError) in
                scene.commit(of: process)
            }
            guard isTaken else { throw Self.silence }
        } catch {
            process.isDead = true
            throw error
        }
    }

    func view() throws(OfficeError) -> SettlementView {
        let view = try scene.pass(.question, process, Self.silence) { () throws(OfficeError) in
            SettlementView(process.engine)
        }
        try commit()
        return view
    }

    func submit(_ command: SettlementCommand) throws(OfficeError) -> Rejection? {
        let command = Command(account: .system, action: .settlement(command))
        let rejection = try scene.pass(.question, process, Self.silence) { () throws(OfficeError) in
            scene.carryOut(command, by: process)
        }
        try commit()
        return rejection
    }

    func message(of batch: SettlementID) throws(OfficeError) -> [UInt8]? {
        try scene.pass(.messageRead, process, Self.silence) { () throws(OfficeError) in scene.database.messages[batch] }
    }

    func store(_ bag: [UInt8], of batch: SettlementID) throws(OfficeError) {
        try scene.pass(.messageWrite, process, Self.silence) { () throws(OfficeError) in
            guard scene.database.epoch == process.epoch else { throw OfficeError("another server leads") }
            if scene.database.messages[batch] == nil { scene.database.messages[batch] = bag }
        }
    }
}
