import Engine
import SettlementAgent
import Testing
import Units

@testable import Marketplace
@testable import Store

/// Who may ask the engine in settlement's name.
@Suite struct SettlementMailboxTests {
    private func leadership(_ epoch: Int64) -> Leadership {
        Leadership(epoch: epoch, holder: "h", lastBatch: 1, predecessorSeenAt: .zero)
    }

    /// The mailboxes of a server that leads again, after an epoch that was its own too.
    private func opened() -> (inbox: Inbox, mailbox: SettlementMailbox) {
        let inbox = Inbox()
        inbox.apply(.tookLeadership)
        inbox.apply(.rebuilt)
        let mailbox = SettlementMailbox(inbox)
        mailbox.begin(leadership(3))
        mailbox.end()
        mailbox.begin(leadership(4))
        return (inbox, mailbox)
    }

    @Test func `What an older epoch asks never comes to the engine`() {
        let (inbox, mailbox) = opened()
        #expect(mailbox.next() == leadership(4))
        let error = #expect(throws: OfficeError.self) { try mailbox.ask(.view, under: leadership(3)) }
        #expect(error == OfficeError("the leadership has ended"))
        #expect(inbox.waitingItems == 0)
        mailbox.end()
        #expect(throws: OfficeError.self) { try mailbox.ask(.view, under: leadership(4)) }
        #expect(inbox.waitingItems == 0)
    }

    @Test(arguments: [UInt64(Limits.chainTimeMax) + 1, 1_795_222_800_000, 1 << 63, .max])
    func `What a provider says and no journal gives back never comes to the engine`(time: UInt64) {
        let (inbox, mailbox) = opened()
        let office = LeaderOffice(mailbox, leadership(4), database: "", lifelines: Lifelines())
        let scan = WalletScan(wallet: WalletID(1), lastLogicalTime: 1, chainTime: time)
        let error = #expect(throws: OfficeError.self) { try office.submit(.walletScanned(scan)) }
        #expect(error.map { "\($0)".contains("what cannot be") } == (time > UInt64(Limits.chainTimeMax)))
        #expect(inbox.waitingItems == 0)
        let sound = WalletScan(wallet: WalletID(1), lastLogicalTime: 1, chainTime: UInt64(Limits.chainTimeMax))
        #expect(Command(account: .system, action: .settlement(.walletScanned(sound))).canBeJournaled)
    }

    @Test func `Whoever is asked for a round ends one pause, and no second one`() {
        let (_, mailbox) = opened()
        mailbox.wake()
        let start = Instant.now
        mailbox.pause(leadership(4), milliseconds: 60_000)
        #expect(Instant.now.microseconds(since: start) < 30_000_000, "it does not wait")
        let again = Instant.now
        mailbox.pause(leadership(4), milliseconds: 20)
        #expect(Instant.now.microseconds(since: again) >= 20_000)
    }
}
