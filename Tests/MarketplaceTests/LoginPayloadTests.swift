import Testing
import Units

@testable import Marketplace

/// What wallets are to sign, each good once and for a while.
@Suite struct LoginPayloadTests {
    private func time(_ seconds: Int64) -> LogicalTime { LogicalTime(microseconds: seconds * 1_000_000) }

    private func isTaken(_ payloads: LoginPayloads, _ text: String, at seconds: Int64) -> Bool {
        (try? payloads.use(text, at: time(seconds))) != nil
    }

    @Test func `A payload is good once, for ten minutes, on the server that made it`() throws {
        let payloads = LoginPayloads()
        let (text, expiresAt) = payloads.make(at: time(1_000))
        #expect(expiresAt == time(1_600) && text.utf8.count == 54)
        #expect(!isTaken(LoginPayloads(), text, at: 1_000), "another server, or the same after a restart")
        #expect(isTaken(payloads, text, at: 1_000))
        #expect(!isTaken(payloads, text, at: 1_001), "a repetition")
        let late = payloads.make(at: time(1_000)).text
        #expect(!isTaken(payloads, late, at: 1_600))
        #expect(!isTaken(payloads, late, at: 1_599), "a clock that was set back makes nothing good again")
        let other = LoginPayloads()
        let last = other.make(at: time(1_000)).text
        #expect(isTaken(other, last, at: 1_599))
        #expect(Set((0..<1_000).map { _ in payloads.make(at: time(1_000)).text }).count == 1_000)
    }

    @Test func `Whatever else is no payload`() {
        let payloads = LoginPayloads()
        let text = payloads.make(at: time(1_000)).text
        #expect(!isTaken(payloads, text, at: 999), "made by a clock that was ahead")
        for index in text.indices {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "A" ? "B" : "A")
            #expect(!isTaken(payloads, changed, at: 1_000), "\(changed)")
        }
        for other in ["", "A", String(text.dropLast()), text + "A", text + text, "nonce-0123456789abcdef"] {
            #expect(!isTaken(payloads, other, at: 1_000), "\(other)")
        }
        #expect(isTaken(payloads, text, at: 1_000), "none of it has used the good one up")
    }

    @Test func `Used ones are remembered for as long as they would be good, and no more of them than may be`() throws {
        let payloads = LoginPayloads(usedMax: 3)
        var used: [(text: String, at: Int64)] = []
        for seconds in stride(from: Int64(0), to: 6_000, by: 200) {
            let text = payloads.make(at: time(seconds)).text
            #expect(isTaken(payloads, text, at: seconds), "\(seconds)")
            used.append((text, seconds))
            for (text, at) in used where at > seconds - 600 { #expect(!isTaken(payloads, text, at: seconds)) }
        }
        let crowded = LoginPayloads(usedMax: 3)
        for _ in 0..<3 { try crowded.use(crowded.make(at: time(9_000)).text, at: time(9_000)) }
        let next = crowded.make(at: time(9_000)).text
        #expect(throws: LoginPayloads.Refusal.full) { try crowded.use(next, at: time(9_000)) }
        #expect(throws: LoginPayloads.Refusal.full) { try crowded.use(next, at: time(9_599)) }
        let later = crowded.make(at: time(9_599)).text
        #expect(isTaken(crowded, later, at: 9_600), "and then there is room again")
    }

    @Test func `Of many who bring the same payload at once, one gets in`() async {
        for _ in 0..<50 {
            let payloads = LoginPayloads()
            let text = payloads.make(at: time(1_000)).text
            let count = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<16 {
                    group.addTask { (try? payloads.use(text, at: LogicalTime(microseconds: 1_000_000_000))) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(count == 1)
        }
    }
}
