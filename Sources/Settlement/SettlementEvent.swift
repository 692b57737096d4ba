package import Units

extension SettlementBatch {
    /// What happens to a batch. Those of the chain are finalized, and come in the order of the wallet's history.
    package enum Event: Hashable, Sendable {
        /// The message is made and its bytes are stored, in the same commit.
        case signed(Signed)
        /// Time to send, by the local clock; and what the chain's clock shows, in seconds since 1970.
        case tick(now: UInt64, chainTime: UInt64)
        /// What a node said to the message. It is proof of nothing.
        case answered(Answer)
        /// The wallet has carried out the message from outside with our query id and time, and sent this many messages.
        case outside(TransactionID, sent: Int)
        /// The wallet has received the message that it sent itself.
        case inside(TransactionID, actionCode: Int64, sent: [Sent])
        /// The history of the wallet is known without gaps between two times of the chain, and has no message of ours
        /// but those that were told before.
        case scanned(from: UInt64, to: UInt64)
        /// A payout has come back, less the fees of its way.
        case bounced(TransactionID, address: [UInt8], amount: NanoTON)
        /// A person has said what became of each payout.
        case resolved
    }

    /// A message that the wallet has sent.
    package struct Sent: Hashable, Sendable {
        package var address: [UInt8]
        package var amount: NanoTON

        package init(address: [UInt8], amount: NanoTON) {
            self.address = address
            self.amount = amount
        }
    }

    /// See ``Event/answered(_:)``.
    package enum Answer: Hashable, Sendable {
        case taken
        /// The wallet would refuse it, with this exit code; 36 says that it knows the query id.
        case refused(Int64)
        /// Nobody knows whether the node has the message.
        case lost
    }

    /// What is to be done, in this order, when the new state is stored.
    package enum Action: Hashable, Sendable {
        /// Send the stored bytes.
        case send
        /// These are paid: their money leaves the settlement.
        case confirm([Int64])
        /// These are not paid and cannot be: they wait again.
        case requeue([Int64], Reason)
        /// This one has come back: its owner gets what did.
        case credit(Int64, NanoTON)
        /// Somebody must look.
        case alarm(Alarm)
    }

    /// Why payouts wait again.
    package enum Reason: Hashable, Sendable {
        case burnt
        case failed(actionCode: Int64)
        case expired
    }

    /// What a person must look at.
    package enum Alarm: Hashable, Sendable {
        /// An id was used up for nothing: the wallet had less than it was thought to have.
        case burnt
        /// Nobody was paid: an address or the balance is not as it was thought.
        case failed(actionCode: Int64)
        /// Some of a batch were paid, or others than those of the batch, or a verdict came twice and differs.
        case contested
        /// The wallet refuses our message, other than by knowing its id: the key, the settings or the clock are wrong.
        case refused(exitCode: Int64)
    }

    /// An event that cannot happen in the phase: whoever tells it is wrong, and nothing changes.
    package struct Unexpected: Error, Hashable, Sendable {
        package let phase: Phase
    }
}
