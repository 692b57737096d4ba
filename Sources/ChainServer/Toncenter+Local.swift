internal import Cryptography
internal import LocalChain
internal import TON

extension Toncenter {
    private static let done = Array("{}".utf8)

    /// `{"address", "value", "comment"?}`: money out of nothing, in nanoTON.
    mutating func fund(_ body: [UInt8]) throws(ChainProblem) -> [UInt8] {
        let body = try ChainBody(body, members: ["address", "value", "comment"])
        let address = try ChainRequest.address(try body.text("address"), "address")
        guard let value = UInt64(try body.text("value")), value > 0 else {
            throw .field("value", "must be a string of digits, nanoTON, more than 0")
        }
        let comment = try body.optionalText("comment")
        do throws(CellError) {
            guard try chain.fund(address, Coins(value), comment: comment) else {
                throw .overflow
            }
        } catch {
            let rule = "all that was given may be \(LocalChain.supplyMax) nanoTON, and a comment is at most 8,192 bytes"
            throw .field("value", rule)
        }
        return Self.done
    }

    /// `{"kind", "public_key", "timeout"?, "subwallet"?}`: a wallet as if it had always been there; gives its address.
    mutating func install(_ body: [UInt8]) throws(ChainProblem) -> [UInt8] {
        let body = try ChainBody(body, members: ["kind", "public_key", "timeout", "subwallet"])
        guard let key = Hex.decode(try body.text("public_key")), key.count == Ed25519.publicKeyByteCount else {
            throw .field("public_key", "must be 32 bytes in hexadecimal")
        }
        let address: Address
        switch try body.text("kind") {
        case "highload_v3":
            let timeout = try body.number("timeout", 1...Int64(HighloadWalletV3.timeoutMax))
            let subwallet =
                try body.has("subwallet")
                ? UInt32(body.number("subwallet", 0...Int64(UInt32.max))) : HighloadWalletV3.subwalletDefault
            let wallet = try? HighloadWalletV3(publicKey: key, subwallet: subwallet, timeout: UInt32(timeout))
            guard let wallet else {
                throw .field("timeout", "must be in 1…\(HighloadWalletV3.timeoutMax)")
            }
            chain.install(wallet)
            address = wallet.address
        case "v5r1":
            let wallet = WalletV5R1(publicKey: key, network: .testnet)
            chain.install(wallet)
            address = wallet.address
        case "v4r2":
            let wallet = WalletV4R2(publicKey: key)
            chain.install(wallet)
            address = wallet.address
        default: throw .field("kind", "must be highload_v3, v5r1 or v4r2")
        }
        return Array("{\"address\":\"\(address)\"}".utf8)
    }

    /// `{"kind", …}`: what goes wrong next.
    mutating func fail(_ body: [UInt8]) throws(ChainProblem) -> [UInt8] {
        let body = try ChainBody(body, members: ["kind", "exit_code", "seconds", "reads"])
        switch try body.text("kind") {
        case "refuse":
            chain.inject(.refuse(exitCode: body.has("exit_code") ? try body.number("exit_code", 0...65_535) : nil))
        case "lose_message": chain.inject(.loseMessage)
        case "lose_answer": chain.inject(.loseAnswer)
        case "lose_both": chain.inject(.loseBoth)
        case "delay": chain.inject(.delay(seconds: try seconds(body)))
        case "duplicate": chain.inject(.duplicate(seconds: try seconds(body)))
        case "burn": chain.burnNext()
        case "stall": chain.stall(seconds: try seconds(body))
        case "silence": chain.silence(reads: Int(try body.number("reads", 1...1_000)))
        case "fork": chain.fork(keepingMessages: true)
        case "fork_and_lose": chain.fork(keepingMessages: false)
        default:
            throw .field(
                "kind",
                "must be refuse, lose_message, lose_answer, lose_both, delay, duplicate, burn, stall, silence, fork "
                    + "or fork_and_lose"
            )
        }
        return Self.done
    }

    private func seconds(_ body: ChainBody) throws(ChainProblem) -> UInt64 {
        UInt64(try body.number("seconds", 0...86_400))
    }
}
