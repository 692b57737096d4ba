internal import API
internal import Cryptography
internal import Provenance
internal import Store
internal import Units

/// Answers about the transparency log, from the tables. They show only what is durable, so that nothing that is signed
/// here could be taken back.
extension HistoryAnswers {
    func answer(_ query: LogQuery, requestID: UInt64) throws(StoreError) -> API.Response {
        let log = try reader.logSize()
        let size = log.value
        switch query {
        case .checkpoint(let form):
            let checkpoint = try checkpoint(of: size)
            switch form {
            case .json: return View.logCheckpoint(checkpoint, asOf: log.sequence)
            case .note: return View.checkpointNote(checkpoint)
            }
        case .inclusion(let place, let wanted):
            let end = wanted ?? size
            guard end <= size else { return Self.beyond("size", size, requestID) }
            let index: Int64?
            switch place {
            case .index(let number): index = number < end ? number : nil
            case .leaf(let leaf): index = try reader.logIndex(of: leaf).flatMap { $0 < end ? $0 : nil }
            }
            guard let index else { return Problem(.logEntryNotFound).response(requestID: requestID) }
            let tree = LogHashes(reader: reader).tree(of: end)
            guard let leaf = try reader.logHashes(level: 0, from: index, limit: 1).first,
                let proof = try tree.inclusionProof(of: index, in: end)
            else { return Problem(.logEntryNotFound).response(requestID: requestID) }
            let root = try tree.root(of: end)
            return View.inclusion(of: leaf, at: index, size: end, root: root, proof: proof, asOf: log.sequence)
        case .consistency(let from, let wanted):
            let to = wanted ?? size
            guard to <= size else { return Self.beyond("to", size, requestID) }
            guard from <= to else { return Self.beyond("from", to, requestID) }
            let tree = LogHashes(reader: reader).tree(of: to)
            guard let proof = try tree.consistencyProof(from: from, to: to) else {
                return Self.beyond("from", to, requestID)
            }
            return View.consistency(
                from: (from, try tree.root(of: from)),
                to: (to, try tree.root(of: to)),
                proof: proof,
                asOf: log.sequence
            )
        case .entries(let start, let count):
            let found = try reader.logEntries(from: start, limit: count)
            return View.logEntries(found.value.compactMap(Self.detail), size: size, asOf: log.sequence)
        case .tile(let tile):
            guard let bytes = try bytes(of: tile, size: size) else {
                return Problem(.notFound, "The log has no such tile yet.").response(requestID: requestID)
            }
            return View.logTile(bytes)
        case .anchors(let query): return try answer(query)
        }
    }

    private func checkpoint(of size: Int64) throws(StoreError) -> LogCheckpoint {
        let key = keyring.newest
        let (checkpoint, note) = try note(of: size, by: key)
        return LogCheckpoint(
            origin: checkpoint.origin,
            size: size,
            root: checkpoint.root,
            note: Array(note.encoded.utf8),
            keyID: key.id
        )
    }

    /// The signed checkpoint of the first `size` entries: the same bytes each time.
    func note(
        of size: Int64,
        by key: ExchangeKey
    ) throws(StoreError) -> (checkpoint: Provenance.Checkpoint, note: SignedNote) {
        let root = try LogHashes(reader: reader).tree(of: size).root(of: size)
        let checkpoint = Provenance.Checkpoint(origin: keyring.origin, size: size, root: root)
        do throws(NoteError) {
            return (checkpoint, try checkpoint.signed(by: key.key))
        } catch {
            throw .inconsistent("the log's name is no name: \(error)")
        }
    }

    private func bytes(of tile: LogTile, size: Int64) throws(StoreError) -> [UInt8]? {
        guard case .entries = tile.content else { return try LogHashes(reader: reader).bytes(of: tile, size: size) }
        guard let most = LogTile.of(tile.content, index: tile.index, in: size), tile.width <= most.width else {
            return nil
        }
        let start = tile.index * Int64(LogTile.fullWidth)
        let found = try reader.logEntries(from: start, limit: tile.width)
        return found.value.count == tile.width ? EntryBundle.encode(found.value.map(\.entry)) : nil
    }

    private static func detail(_ row: LogLeafRow) -> LogEntryDetail? {
        guard let entry = LogEntry(bytes: row.entry) else { return nil }
        return LogEntryDetail(
            index: row.index,
            kind: entry.kind.name,
            milliseconds: entry.milliseconds,
            entry: row.entry,
            leaf: row.leaf,
            statement: row.statement
        )
    }

    private static func beyond(_ parameter: String, _ most: Int64, _ requestID: UInt64) -> API.Response {
        let detail = "\(parameter) must be at most \(most), the size that the log has."
        let error = FieldError(.parameter(parameter), .outOfRange, detail)
        return Problem(invalid: [error]).response(requestID: requestID)
    }
}
