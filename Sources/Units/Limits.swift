/// Every limit of the exchange that a client can meet, in one place. Each has a test.
package enum Limits {
    // MARK: Orders

    /// The smallest price: one ``Price/step``.
    package static let priceMin: Int64 = Price.step
    /// The largest price in nanoTON per 1,000,000 adjusted tokens: 100,000 TON.
    package static let priceMax: Int64 = 100_000_000_000_000
    /// The largest quantity of an order: 10 billion adjusted tokens.
    package static let orderLotsMax: Int64 = 10_000_000
    /// `priceMax / 1000 × orderLotsMax`: 10^18 nanoTON. With the largest fee it stays below `Int64.max`.
    package static let orderValueMax: Int64 = priceMax / Price.step * orderLotsMax
    /// The smallest value of an order at its own limit, in nanoTON, until the operator sets another: dust costs more
    /// to keep than it pays.
    package static let minimumNotionalDefault: Int64 = 1_000
    /// Resting orders of one account, until the operator sets another number for it.
    package static let openOrdersPerAccountDefault: Int64 = 10_000
    /// The most that the operator may set.
    package static let openOrdersPerAccountMax: Int64 = 10_000_000
    /// Distinct capability classes among the resting offers of one account.
    package static let classesPerAccountMax = 256
    /// Distinct requirement profiles among the resting bids of one account.
    package static let profilesPerAccountMax = 256
    /// Classes and profiles that one account may be the first to name before it has to wait, and how long it has to
    /// wait for each more, in seconds: they are kept for ever, whether their orders rest or not.
    package static let newNamesMax: Int64 = 4_096
    package static let newNameSeconds: Int64 = 1
    /// Models that one bid may name.
    package static let modelsPerBidMax = 16
    /// Regions that one bid may name.
    package static let regionsPerBidMax = 16
    /// Revisions, and digests of weights, that one bid may name.
    package static let digestsPerBidMax = 16
    /// Resting orders that one command may visit; a taker that meets it has its rest cancelled (`work_limit`).
    package static let visitsPerCommandMax = 10_000

    /// Orders that one command of a mass operation, or a tick, visits; later batches go on.
    package static let ordersPerStepMax = 10_000
    /// Parts of icebergs that one command shows before nobody walks again in it; with the visits of one more walk they
    /// are fewer than 65,536, for which a priority has room.
    package static let partsShownMax: Int64 = 50_000
    /// Accounts in each of an offer's two lists of buyers.
    package static let buyersPerOfferMax = 64
    /// The largest credit for a point of quality, in nanoTON per 1,000,000 adjusted tokens.
    package static let qualityCreditMax: Int64 = 1_000_000_000_000
    /// The longest dead-man switch, in microseconds: 24 h.
    package static let cancelAfterMax: Int64 = 86_400_000_000
    /// The shortest one that is not 0: 1 s.
    package static let cancelAfterMin: Int64 = 1_000_000
    /// How long before they are in force dearer fees must be announced, in microseconds: 1 h.
    package static let feeNoticeMin: Int64 = 3_600_000_000
    /// Mass operations under way at once, of all accounts; another one is refused.
    package static let operationsMax = 4_096

    // MARK: Leases

    /// Seconds in which an offer delivers when it does not say.
    package static let deliverWithinDefault: Int64 = 3_600
    /// The longest that an offer may take, in seconds: 7 days. The shortest is 1.
    package static let deliverWithinMax: Int64 = 604_800
    /// The largest step of claims without countersignature, in adjusted tokens: the largest lease.
    package static let stepMax: Int64 = orderLotsMax * Lots.tokensPerLot
    /// The shortest window for disputes, in microseconds: 1 s.
    package static let disputeWindowMin: Int64 = 1_000_000
    /// The longest, in microseconds: 7 days.
    package static let disputeWindowMax: Int64 = 604_800_000_000
    /// The longest window for appeals, in microseconds: 30 days.
    package static let appealWindowMax: Int64 = 2_592_000_000_000
    /// The most that the operator may ask to be locked for each lot: the largest value of a lot.
    package static let bondPerLotMax: Int64 = priceMax / Price.step
    /// Workers that one bid may avoid.
    package static let avoidedWorkersMax = 8
    /// The longest time to the first token or to the end of a job that an offer may promise, in milliseconds: 1 h.
    package static let serviceMillisecondsMax: Int64 = 3_600_000
    /// The most tokens, and the most milliseconds, that one receipt adds to what a worker is measured by.
    package static let sampleMax: Int64 = 100_000_000
    /// The most samples that the operator may ask for before a number counts.
    package static let measurementSamplesMax: Int64 = 1_000_000
    /// The shortest half-life of what was measured, in microseconds: 1 minute.
    package static let measurementHalfLifeMin: Int64 = 60_000_000
    /// The longest, in microseconds: 90 days.
    package static let measurementHalfLifeMax: Int64 = 7_776_000_000_000
    /// The longest time between two changes of what offers show, in microseconds: 1 day.
    package static let measurementIntervalMax: Int64 = 86_400_000_000
    /// The shortest time for which a number counts, in microseconds: 1 minute.
    package static let measurementLifetimeMin: Int64 = 60_000_000
    /// The longest, in microseconds: 90 days.
    package static let measurementLifetimeMax: Int64 = 7_776_000_000_000
    /// Bytes of a signature (RFC 8032).
    package static let signatureBytes = 64

    // MARK: Money

    /// What all owners together may have on deposit: about the supply of TON.
    package static let depositsMax: Int64 = 5_000_000_000_000_000_000
    /// The highest fee rate in 1/10,000: 10 %.
    package static let feeMax: Int64 = 1_000

    // MARK: Settlement

    /// Wallets from which the exchange pays.
    package static let walletsMax = 256
    /// The longest time for which a wallet takes a message, in seconds: 22 bits of the contract.
    package static let walletTimeoutMax: Int64 = (1 << 22) - 1
    /// Messages of one transaction of a wallet: what the contract can send.
    package static let walletActionsMax = 255
    /// Bytes of a payout's comment: it stays in one cell.
    package static let payoutCommentBytesMax = 70
    /// Bytes of a deposit's comment that are kept.
    package static let depositCommentBytesMax = 128
    /// Bytes of what an operator says of payouts that he resolves.
    package static let payoutReferenceBytesMax = 200
    /// Bytes of what an operator says when settlement is held.
    package static let holdReasonBytesMax = 128
    /// Withdrawals of one account that are not final.
    package static let withdrawalsPerAccountMax = 100
    /// Addresses that one account may name, ever.
    package static let addressesPerAccountMax = 64
    /// Batches without a verdict, or whose payouts may still come back.
    package static let settlementBatchesMax = 4_096
    /// Seconds of the chain for which a paid batch is kept, so that what comes back is known.
    package static let settlementKept: UInt64 = 3_600
    /// The longest that a new address waits, in microseconds: 30 days.
    package static let coolingOffMax: Int64 = 2_592_000_000_000
    /// The most that a plan may count for the fees of a batch, and of one payout, in nanoTON: 100 TON.
    package static let settlementFeeMax: Int64 = 100_000_000_000
    /// The latest time of the chain that is taken, in seconds since 1970: the year 4147.
    package static let chainTimeMax: Int64 = 1 << 36
    /// From one anchor of the log to the next, in microseconds: 1 s to 365 days.
    package static let anchorIntervalMin: Int64 = 1_000_000
    package static let anchorIntervalMax: Int64 = 31_536_000_000_000
    /// What a wallet sends itself with an anchor, in nanoTON: 0.001 to 1 TON. The gas of its arrival is paid from it.
    package static let anchorAmountMin: Int64 = 1_000_000
    package static let anchorAmountMax: Int64 = 1_000_000_000

    // MARK: Registry

    /// Quality is a whole number of points, 0 to this.
    package static let qualityMax: Int64 = 100
    /// Tokens of context that a model or an offer may claim.
    package static let contextLengthMax: Int64 = 1 << 30
    /// Bytes of a model's name.
    package static let modelNameBytesMax = 96
    /// Entries of the model registry.
    package static let modelsMax = 4_096
    /// Bytes of an account's or a key's label.
    package static let labelBytesMax = 64
    /// Bytes of a client order id: a UUID fits.
    package static let clientOrderIDBytesMax = 36
    /// Keys of one account that are in force at once and that its owner, or a login, may have made.
    package static let keysPerAccountMax = 256
    /// How long a key is remembered when it has ended, by its own time or because it was revoked, in microseconds: 30
    /// days.
    package static let endedKeyMemory: Int64 = 2_592_000_000_000
    /// Keys of one account that are remembered, those that have ended included; of these the oldest are forgotten
    /// before their time where there are more.
    package static let keysKeptPerAccountMax = 1_024
    /// Keys that one command forgets.
    package static let keysForgottenAtOnce = 1_000
    /// Logins of one account.
    package static let loginsPerAccountMax = 8
    /// Accounts that logins have opened: each costs memory, and whoever proves nothing new gets none.
    package static let loginsMax = 1_000_000
    /// Bytes of what a login proves, such as `ton:0:` and 64 hexadecimal digits.
    package static let loginSubjectBytesMax = 96
    /// How long the key of a login is good, in microseconds: 12 h.
    package static let loginKeyLife: Int64 = 43_200_000_000
    /// How long what a wallet is to sign is good, in microseconds: 10 minutes.
    package static let loginPayloadLife: Int64 = 600_000_000
    /// Payloads used within ``loginPayloadLife``; more logins with a wallet have to wait.
    package static let loginPayloadsUsedMax = 262_144
    /// How old the data of a Mini App may be, in seconds: 1 h.
    package static let miniAppAgeMax: Int64 = 3_600
    /// Seconds by which the clock of Telegram may be ahead.
    package static let miniAppAheadMax: Int64 = 60
    /// Bytes of the data of a Mini App.
    package static let miniAppBytesMax = 8_192
    /// Requests of a login in one minute from one address, until the operator sets another number.
    package static let loginRequestsPerMinuteDefault: Int64 = 60
    /// Blocks of addresses that one key may be bound to.
    package static let networksPerKeyMax = 16
    /// The largest budget of a key in nanoTON.
    package static let keyBudgetMax: Int64 = depositsMax
    /// Bytes of an `Idempotency-Key`.
    package static let idempotencyKeyBytesMax = 255

    // MARK: Memory of past requests

    /// How long a request is remembered, in microseconds of logical time: 24 h.
    package static let idempotencyWindow: Int64 = 86_400_000_000
    /// Remembered requests; reached, the oldest are forgotten early, but not before ``idempotencyWindowMin``.
    package static let idempotencyEntriesMax = 16_000_000
    /// The memory has so many parts, of which the last is only for accounts that have no more than one.
    package static let idempotencyParts = 16
    /// The shortest memory, in microseconds: 10 minutes. Before that, new commands are refused.
    package static let idempotencyWindowMin: Int64 = 600_000_000

    // MARK: Time

    /// Microseconds without a running exchange, or by which its clock jumped, that count as a gap when there are more.
    package static let gapMin: Int64 = 5_000_000
    /// What deadlines of leases get on top of a gap, in microseconds: clients have to find the exchange again.
    package static let gapGrace: Int64 = 30_000_000

    // MARK: Journal

    /// Batches after which the server writes a checkpoint by itself.
    package static let checkpointBatches: Int64 = 1_000_000
    /// Batches in one partition of the journal.
    package static let partitionBatches: Int64 = 100_000
    /// Bytes in one row of a checkpoint.
    package static let checkpointPartBytes = 1 << 20

    // MARK: Requests

    /// Bytes of a request's body.
    package static let bodyBytesMax = 65_536
    /// Orders in one batch.
    package static let batchOrdersMax = 1_000
    /// Bytes of a batch's body.
    package static let batchBytesMax = 1 << 20
    /// Receipts in one request.
    package static let receiptsPerBatchMax = 1_000
    /// Keys that the exchange signs with, past ones included.
    package static let signingKeysMax = 256
    /// Levels of objects and arrays in a body.
    package static let jsonDepthMax = 16
    /// Rows of a list when the request does not say.
    package static let pageDefault = 100
    /// Rows of a list at most.
    package static let pageMax = 1_000
    /// Price levels that a book answer shows at most.
    package static let bookDepthMax = 100
    // MARK: Streams

    /// Streams of events that one server has open, until the operator sets another number.
    package static let streamsDefault = 20_000
    /// The most that the operator may set.
    package static let streamsMax = 1_000_000
    /// Streams that one key has open on one server, until the operator sets another number.
    package static let streamsPerKeyDefault = 1_000
    /// Streams on one connection: of the usual 128 requests under way some stay for others.
    package static let streamsPerConnectionMax = 100
    /// Different books and tickers that are watched at a time: each is computed anew whenever the book has changed.
    package static let streamViewsMax = 1_024
    /// Bytes of messages that a server keeps for streams that are resumed.
    package static let streamHistoryBytesMax = 128 << 20
    /// Bytes of them in one channel.
    package static let streamHistoryBytesPerChannelMax = 16 << 20
    /// Milliseconds for which a message is kept, unless the bytes do not suffice; also for which a channel without
    /// readers goes on, so that they can come back.
    package static let streamHistoryMilliseconds: Int64 = 120_000
    /// Milliseconds between two heartbeats of a stream that has nothing to say, until the operator sets another number.
    package static let streamHeartbeatMilliseconds: Int64 = 15_000

    /// Trades that the answer to an order lists; `trade_count` counts all of them.
    package static let tradesInAnswerMax = 100

    // MARK: Market data

    /// Price levels that an explanation (`why_not`) looks at.
    package static let whyNotLevelsMax = 1_000_000
    /// Price levels that a quote adds up, over all classes.
    package static let quoteLevelsMax = 10_000
    /// Capability classes over which one question may gather candles.
    package static let candleClassesMax = 1_024
    /// Trades of one model that an index looks at: the newest of its window.
    package static let indexTradesMax = 10_000
    /// Bids that ended unfilled that an index looks at: the newest of its window.
    package static let indexBidsMax = 100_000
    /// Classes that a model lists as Cocoon's workers, the cheapest first.
    package static let workersListedMax = 16
    /// Classes that a model lists as OpenRouter's endpoints, the cheapest first.
    package static let endpointsListedMax = 1_000

    // MARK: Receipts, tickets and the log

    /// Tokens of one kind that a receipt may state: 10^12, more than the largest lease can be used for.
    package static let receiptTokensMax: Int64 = 1_000_000_000_000
    /// The latest time in a receipt, a ticket or the log, in milliseconds since 1970 UTC: the end of the year 9999.
    package static let timeMillisecondsMax: Int64 = 253_402_300_799_999
    /// The largest weight of a token in a ticket, in 1/10,000.
    package static let tokenWeightMax: Int64 = 1_000_000
    /// Bytes of a model's revision.
    package static let revisionBytesMax = 64
    /// Bytes of a worker's endpoint.
    package static let endpointBytesMax = 256
    /// Bytes of a signed note.
    package static let noteBytesMax = 65_536
    /// Signatures of a note.
    package static let noteSignaturesMax = 32
    /// Bytes of a name in a note.
    package static let noteNameBytesMax = 255
    /// Bytes of a proof bundle.
    package static let proofBundleBytesMax = 262_144
}
