import Cryptography
import JSON
import Provenance
import Units

/// Receipts, entries of the log, bundles of entries and paths of tiles.
enum ReceiptDriver {
    /// Each has one form; and what is accepted can be counted with.
    static func run(_ input: [UInt8]) throws {
        if let receipt = try? Receipt(bytes: input) {
            try check(receipt.bytes == input, "a receipt has one form")
            for weights in WeightSet.registered {
                try check(receipt.adjustedTokens(weights: weights).count >= 0, "tokens are below zero")
            }
            try check(receipt.amountDue.count >= 0, "an amount is below zero")
            let signed = SignedReceipt(receipt, signedBy: ProvenanceSeeds.worker)
            let isWorker = receipt.worker == PartyID(receiptKey: ProvenanceSeeds.worker.publicKey)
            try check(signed.verifyWorker(ProvenanceSeeds.worker.publicKey) == isWorker, "a foreign key has signed")
        }
        if let entry = LogEntry(bytes: input) { try check(entry.bytes == input, "an entry has one form") }
        if let entries = EntryBundle.decode(input) {
            try check(EntryBundle.encode(entries) == input, "a bundle of entries has one form")
        }
        if let path = String(validating: input, as: UTF8.self), let tile = LogTile(path: path) {
            try check(Array(tile.path.utf8) == input, "a tile has one path")
        }
    }
}

/// Tickets, by their bytes and by their text.
enum TicketDriver {
    static func run(_ input: [UInt8]) throws {
        let key = ProvenanceSeeds.exchange
        if let ticket = try? Ticket(bytes: input) {
            try check(ticket.bytes == input, "a ticket has one form")
            let text = ticket.signed(by: key)
            try check(text.utf8.count <= Ticket.textBytesMax, "a ticket is longer than its limit")
            try check(try Ticket.verify(text, keys: [key.publicKey]) == ticket, "a ticket is not what was signed")
        }
        guard let text = String(validating: input, as: UTF8.self),
            let ticket = try? Ticket.verify(text, keys: [key.publicKey])
        else { return }
        try check(Array(ticket.signed(by: key).utf8) == input, "a ticket has one text")
        try check(ProvenanceSeeds.signedTickets.contains(text), "a ticket that was never signed is good")
    }
}

/// Notes, the keys that sign them, and checkpoints.
enum NoteDriver {
    static func run(_ input: [UInt8]) throws {
        guard let text = String(validating: input, as: UTF8.self) else { return }
        if let key = NoteKey(text: text) { try check(Array(key.text.utf8) == input, "a key has one text") }
        if let checkpoint = Checkpoint(text: text) {
            try check(text.utf8.starts(with: checkpoint.text.utf8), "a checkpoint has one text")
        }
        guard let note = try? SignedNote(text) else { return }
        try check(Array(note.encoded.utf8) == input, "a note has one form")
        guard let checkpoint = try? Checkpoint(note, signedBy: ProvenanceSeeds.logKey) else { return }
        let isSigned = ProvenanceSeeds.heads.contains { $0.text.utf8.elementsEqual(note.text.utf8) }
        try check(isSigned, "a checkpoint that was never signed is good: \(checkpoint)")
    }
}

/// Proof bundles.
enum BundleDriver {
    /// What is accepted can be written and read again; and nothing is proven but what the seeds prove.
    static func run(_ input: [UInt8]) throws {
        guard let bundle = try? ProofBundle(json: input) else { return }
        let again = try? ProofBundle(json: bundle.json)
        try check(again == bundle, "written and read again it is another bundle")
        let report = bundle.verify(publicKey: ProvenanceSeeds.exchange.publicKey)
        try check(!report.checks.isEmpty, "nothing is checked")
        guard report.isValid else { return }
        let isKnown = ProvenanceSeeds.bundles.contains { seed in
            seed.signed == bundle.signed && seed.entry == bundle.entry && seed.index == bundle.index
                && seed.salt == bundle.salt && seed.inclusion == bundle.inclusion
        }
        try check(isKnown, "a bundle proves what is not so")
    }
}
