internal import Engine
internal import Exchange
internal import Ledger
internal import Postgres
internal import Units

/// The tables into which the projector copies rows, with the columns in the order in which ``CopyWriter``'s extension
/// below writes them.
enum CopiedTable: String, CaseIterable {
    case orders = """
        market.orders (id, account, price, lots, remaining, open_lots, max_open_lots, class, profile, body_hash, \
        created_at, last_sequence, maker_bps, taker_bps, side, time_in_force, claimed_tee, close_reason, \
        client_order_id, expires_at, min_lots, display_lots, displayed, quality_credit, priority, flags, self_trade, \
        rebids, avoided, parent, service_ttft_ms, service_completion_ms, service_refund_bps, tops_up, \
        lowered_lots)
        """
    case trades = """
        market.trades (trade, bid, offer, buyer, seller, lots, price, bid_remaining, offer_remaining, locked, model, \
        sequence, at, buyer_bps, seller_bps, model_version, taker_side, weight_set, class)
        """
    case leases = """
        market.leases (lease, offer, buyer, worker, price, lots, locked, used, last_sequence, buyer_bps, seller_bps, \
        ended, bid, model, model_version, weight_set, class, opened_at, deadline, step, dispute_window_us, \
        buyer_profile, worker_profile, service_ttft_ms, service_completion_ms, service_refund_bps, rebid_price, \
        countersigned, claim, claim_due, closes_at, disputed, end_reason, tops_up)
        """
    case transfers = "ledger.transfers (sequence, debit, credit, amount, order_id, trade_id, at, ordinal, kind)"
    case requests = """
        projection.requests (sequence, account, key_high, key_low, key_body, body_hash, at, client_high, \
        client_low, rejection)
        """
    case classes = """
        market.capability_classes (class, model, model_version, weight_set, quality, context_length, features, \
        quantization, region, tee, max_output_tokens, modalities, gpu_model, gpu_count, vram_gb, data_retention, \
        trains_on_data, moderated, throughput_tps, ttft_ms, uptime_bp, tcb_status, attestation_age_s, \
        deliver_within_s, allowed, denied, \
        minimum_deposit)
        """
    case profiles = """
        market.requirement_profiles (profile, models, weight_set, quality_min, context_length_min, features, \
        quantizations, tees, regions, max_output_tokens_min, max_output_tokens_max, modalities, gpu_model, \
        gpu_count_min, gpu_count_max, vram_gb_min, vram_gb_max, data_retention, trains_on_data, moderated, \
        throughput_tps_min, ttft_ms_max, uptime_bp_min, tcb_status, attestation_age_s_max, \
        deliver_within_s_max, quality_max, context_length_max, models_excluded, regions_excluded, revisions, weights, \
        revisions_excluded, \
        weights_excluded)
        """
    case accounts = """
        market.accounts (account, label, open_orders_max, created_at, sequence, offer_lots_max, self_trade_group, \
        closed, cancel_after, cancel_on_disconnect)
        """
    case keys = "market.keys (key, account, hash, scopes, label, expires_at, created_at, sequence)"
    case checkpoints = "projection.checkpoints (sequence, batch, sha256, announced_at)"
    case budgetedOrders = "market.budgeted_orders (id, key)"
    case logins = "market.logins (sequence, account, subject, created_at)"
    case loginEnds = "market.login_ends (login, sequence, at)"
    case forgottenKeys = "market.forgotten_keys (key, sequence, at)"
    case audit = "market.audit (sequence, account, key, action, target, rejection, at)"
    case receipts = """
        market.receipts (index, lease, number, sequence, account, flags, ttft_ms, prompt, completion, cached, \
        reasoning, adjusted, amount, started_ms, ended_ms, request, response, body, hash, worker_signature, \
        app_signature, salt, charged, at)
        """
    case equivocations = """
        market.equivocations (index, lease, worker, number, sequence, earlier_hash, earlier_body, \
        earlier_signature, later_body, later_signature, salt, at)
        """
    case partyProfiles = "market.profiles (account, version, endpoint, receipt_key, set_at, sequence)"
    case leasePolicy = """
        market.lease_policy (sequence, step, dispute_window_us, bond_per_lot, slash_bps, appeal_window_us, \
        newcomer_lots_max, at)
        """
    case measurementPolicy = """
        market.measurement_policy (sequence, samples_min, half_life_us, interval_us, lifetime_us, at)
        """
    case breaches = "market.service_breaches (lease, number, refunded, sequence, at)"
    case statements = "log.statements (index, kind, body, sequence)"
    case leaves = "log.leaves (index, kind, entry, hash, sequence)"
    case nodes = "log.nodes (level, index, hash, sequence)"
    case fees = "market.fees (sequence, maker_bps, taker_bps, minimum_notional, at)"

    var columnCount: Int { rawValue.split(separator: ",").count }
    var sql: String { "COPY \(rawValue) FROM STDIN (FORMAT binary)" }
}

extension CopyWriter {
    mutating func add(_ order: OrderRecord) {
        beginRow()
        int8(order.id.rawValue)
        int8(order.account.rawValue)
        int8(order.price.nanoTONPerMTok)
        int8(order.lots.count)
        int8(order.remaining.count)
        int8(order.openLots.count)
        int8(orNull: order.maxOpenLots?.count)
        int8(orNull: order.side == .offer ? order.classID.rawValue : nil)
        int8(orNull: order.side == .bid ? order.profileID.rawValue : nil)
        int8(Int64(bitPattern: order.bodyHash))
        timestamp(microsecondsSince1970: order.createdAt.microseconds)
        int8(order.lastSequence.rawValue)
        int4(Int32(order.rates.maker.count))
        int4(Int32(order.rates.taker.count))
        int2(Int16(order.side.rawValue))
        int2(Int16(order.timeInForce.rawValue))
        int2(Int16(order.claimedTEE.rawValue))
        if let reason = order.closeReason { int2(Int16(reason.rawValue)) } else { null() }
        if let name = order.clientOrderID { bytea(name.bytes) } else { null() }
        addRules(of: order)
        int8(orNull: order.loweredLots == .zero ? nil : order.loweredLots.count)
    }

    mutating func add(_ row: TradeRow) {
        let trade = row.trade
        beginRow()
        int8(trade.id.rawValue)
        int8(trade.bid.rawValue)
        int8(trade.offer.rawValue)
        int8(trade.buyer.rawValue)
        int8(trade.seller.rawValue)
        int8(trade.lots.count)
        int8(trade.price.nanoTONPerMTok)
        int8(trade.bidRemaining.count)
        int8(trade.offerRemaining.count)
        int8(trade.locked.count)
        int8(trade.model.rawValue)
        int8(row.sequence.rawValue)
        timestamp(microsecondsSince1970: row.at.microseconds)
        int4(Int32(trade.buyerRate.count))
        int4(Int32(trade.sellerRate.count))
        int4(trade.modelVersion)
        int2(Int16(trade.takerSide.rawValue))
        int2(Int16(trade.weightSet.rawValue))
        int8(orNull: trade.classID.rawValue == 0 ? nil : trade.classID.rawValue)
    }

    mutating func add(_ row: LeaseRow) {
        let lease = row.record
        beginRow()
        int8(lease.id.rawValue)
        int8(lease.offer.rawValue)
        int8(lease.buyer.rawValue)
        int8(lease.worker.rawValue)
        int8(lease.price.nanoTONPerMTok)
        int8(lease.lots.count)
        int8(lease.locked.count)
        int8(lease.used.count)
        int8(row.lastSequence.rawValue)
        int4(Int32(lease.buyerRate.count))
        int4(Int32(lease.sellerRate.count))
        bool(row.hasEnded)
        addTerms(of: row)
    }

    mutating func add(_ row: TransferRow) {
        let transfer = row.transfer
        beginRow()
        int8(row.sequence.rawValue)
        int8(transfer.debit.rawValue)
        int8(transfer.credit.rawValue)
        int8(transfer.amount.count)
        int8(orNull: transfer.order.rawValue == 0 ? nil : transfer.order.rawValue)
        int8(orNull: transfer.trade.rawValue == 0 ? nil : transfer.trade.rawValue)
        timestamp(microsecondsSince1970: row.at.microseconds)
        int4(row.ordinal)
        int2(Int16(transfer.kind.rawValue))
    }

    mutating func add(_ request: RememberedRequest) {
        beginRow()
        int8(request.sequence.rawValue)
        int8(request.account.rawValue)
        int8(orNull: request.key.map { Int64(bitPattern: $0.high) })
        int8(orNull: request.key.map { Int64(bitPattern: $0.low) })
        int8(orNull: request.key.map { Int64(bitPattern: $0.body) })
        int8(Int64(bitPattern: request.bodyHash))
        timestamp(microsecondsSince1970: request.at.microseconds)
        int8(orNull: request.clientOrderID.map { Int64(bitPattern: $0.high) })
        int8(orNull: request.clientOrderID.map { Int64(bitPattern: $0.low) })
        if let rejection = request.rejection { int4(Int32(rejection.rawValue)) } else { null() }
    }

    mutating func int8(orNull value: Int64?) {
        if let value { int8(value) } else { null() }
    }
}

// MARK: - Registry

extension CopyWriter {
    mutating func add(_ id: ClassID, _ capability: Capability) {
        beginRow()
        int8(id.rawValue)
        int8(capability.model.rawValue)
        int4(capability.modelVersion)
        int2(Int16(capability.weightSet.rawValue))
        int8(orNull: capability.quality)
        int8(capability.contextLength)
        int4(Int32(bitPattern: capability.features.rawValue))
        int2(Int16(capability.quantization.rawValue))
        text(capability.region.name)
        int2(Int16(capability.tee.rawValue))
        for trait in Trait.allCases { int8(capability.traits[trait]) }
        add(capability.buyers.rules)
    }

    mutating func add(_ id: ProfileID, _ requirement: Requirement) {
        beginRow()
        int8(id.rawValue)
        value(.int8Array(requirement.models.array.map(\.rawValue)))
        int2(Int16(requirement.weightSet.rawValue))
        int8(requirement.qualityAtLeast)
        int8(requirement.contextLengthAtLeast)
        int4(Int32(bitPattern: requirement.features.rawValue))
        int4(Int32(requirement.quantizations))
        int4(Int32(requirement.tees))
        value(.textArray(requirement.regions.array.map(\.name)))
        (requirement.further ?? FurtherDemands()).write(to: &self)
    }

    mutating func add(_ account: AccountRecord, _ sequence: SequenceNumber) {
        beginRow()
        int8(account.id.rawValue)
        text(account.label)
        int8(account.openOrdersMax)
        timestamp(microsecondsSince1970: account.createdAt.microseconds)
        int8(sequence.rawValue)
        addLimits(of: account)
    }

    mutating func add(_ key: KeyRecord, _ sequence: SequenceNumber) {
        beginRow()
        int8(key.id.rawValue)
        int8(key.terms.owner.rawValue)
        bytea(key.terms.hash.bytes)
        int4(Int32(key.terms.scopes.rawValue))
        text(key.terms.label)
        value(.orNull(key.terms.expiresAt))
        timestamp(microsecondsSince1970: key.createdAt.microseconds)
        int8(sequence.rawValue)
    }

    mutating func add(_ record: CheckpointRecord) {
        beginRow()
        int8(record.sequence.rawValue)
        int8(record.terms.batch)
        bytea(record.terms.sha256.bytes)
        timestamp(microsecondsSince1970: record.announcedAt.microseconds)
    }

    mutating func add(_ terms: FeeTerms, _ sequence: SequenceNumber, _ at: LogicalTime) {
        beginRow()
        int8(sequence.rawValue)
        int4(Int32(terms.rates.maker.count))
        int4(Int32(terms.rates.taker.count))
        int8(terms.minimumNotional.count)
        timestamp(microsecondsSince1970: at.microseconds)
    }
}

extension Parameter {
    /// A time, or null for ``LogicalTime/never``.
    static func orNull(_ time: LogicalTime) -> Parameter {
        time == .never ? .null(.timestamptz) : .timestamp(microsecondsSince1970: time.microseconds)
    }

    /// A number, or null.
    static func orNull(_ number: Int64?) -> Parameter { number.map { .int8($0) } ?? .null(.int8) }
}
