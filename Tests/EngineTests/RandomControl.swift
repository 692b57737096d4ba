import Engine
import Exchange
import Units

@testable import EngineTesting

/// What the operator and the server do.
extension RandomMarket {
    mutating func fees() -> FeeTerms {
        let rates = FeeRates(maker: BasisPoints(random.number(0...60)), taker: BasisPoints(random.number(0...60)))
        return FeeTerms(rates: rates, minimumNotional: NanoTON(random.chance(50) ? 0 : random.number(0...500)))
    }

    func weightSet(of model: String) -> WeightSetID { model == "small" ? WeightSetID(2) : .standard }

    mutating func modelTerms() -> ModelTerms {
        let name = random.chance(4) ? "new-\(random.number(1...9))" : random.pick(models.isEmpty ? ["qwen"] : models)
        let isNewVersion = random.chance(10)
        return ModelTerms(
            name: name,
            revision: isNewVersion ? random.pick(["aa", "bb", "no digest"]) : "",
            weightSet: random.chance(10) ? WeightSetID(UInt8(random.pick([0, 1, 2, 3, 99]))) : weightSet(of: name),
            quality: random.chance(20) ? nil : random.number(0...6) * 10,
            contextLength: contextLength()
        )
    }

    mutating func operatorAction() -> Command.Action {
        switch random.number(1...(kind == .wide ? 18 : 34)) {
        case ...5: return .setModel(modelTerms())
        case ...10:
            let tees = random.pick([0, TEE.tdx.bit, TEE.sgx.bit, 0x3E, TEE.tdx.bit | TEE.sevSNP.bit])
            let isForever = random.chance(30)
            let expiry = LogicalTime(microseconds: time + random.number(-1_000...600_000_000))
            return .setAttested(
                AttestationTerms(
                    account: account(),
                    tees: tees,
                    expiresAt: isForever ? .never : expiry,
                    tcbStatus: UInt8(random.number(0...3)),
                    attestedAt: random.chance(50)
                        ? nil : LogicalTime(microseconds: max(0, time - random.number(0...4_000_000_000)))
                )
            )
        case 17, 18:
            return .setMeasured(
                MeasurementTerms(
                    account: account(),
                    model: model(),
                    throughputTPS: random.number(0...120),
                    ttftMS: random.pick([0, 50, 51, 700, 20_000]),
                    uptimeBP: random.pick([0, 8_000, 9_500, 10_000]),
                    expiresAt: LogicalTime(microseconds: time + random.number(-1_000...600_000_000))
                )
            )
        case 11: return .setFees(fees())
        case 12: return .createAccount(AccountTerms(label: "c", openOrdersMax: random.number(1...30)))
        case 13:
            let hash = KeyHash(KeyHash.InlineWords(random.next(), 2, 3, 4))
            return .createKey(KeyTerms(owner: account(), hash: hash, scopes: [.read, .bid], label: "k"))
        case 14: return .tick
        case 19...34: return controlAction()
        default:
            let owner = random.chance(10) ? AccountID.system : account()
            return .deposit(
                to: owner,
                amount: NanoTON(random.chance(10) ? Limits.depositsMax : random.number(1...50_000))
            )
        }
    }

    /// What holds the market in check. What is halted is soon resumed.
    private mutating func controlAction() -> Command.Action {
        let model = random.chance(30) ? ModelID.unknown : model()
        switch random.number(1...16) {
        case ...2: return .setHalt(HaltTerms(model: model, isHalted: true))
        case ...6:
            let halted = halted.isEmpty ? model : random.pick(halted)
            return .setHalt(HaltTerms(model: halted, isHalted: false))
        case ...9:
            let low = Price(nanoTONPerMTok: random.number(90...101) * Price.step)
            let high = Price(nanoTONPerMTok: random.number(101...110) * Price.step)
            let band = random.chance(30) ? nil : PriceBand(low: low, high: high)
            return .setPriceBand(PriceBandTerms(model: model, band: band))
        case ...12:
            return .setAccountLimits(
                AccountLimitTerms(
                    account: account(),
                    openOrdersMax: random.number(2...30),
                    offerLotsMax: random.chance(30) ? Lots(random.number(1...12)) : nil,
                    selfTradeGroup: random.number(0...2),
                    isClosed: random.chance(15)
                )
            )
        case ...14:
            let after = random.pick([-1, 0, 10_000_000, Limits.feeNoticeMin - 1, Limits.feeNoticeMin])
            return .announceFees(FeeNoticeTerms(fees: fees(), effectiveAt: LogicalTime(microseconds: time + after)))
        default: return .disconnected(account())
        }
    }
}
