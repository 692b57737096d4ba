import Foundation
import ProgramTesting
import Testing

/// A bad line between the server and its database.
@Suite(.serialized) struct ProxyTests {
    /// A server, its load, and the line between it and the database.
    private final class Site {
        let database: ExternalDatabase
        let proxy: DatabaseProxy
        let server: TestServer
        let load: FaultLoad
        var history: History { History(database: database.owner) }

        init(_ purpose: String) throws {
            database = try ExternalDatabase()
            proxy = try DatabaseProxy(to: database.socket)
            server = try TestServer(environment: ["DATABASE_URL": database.url(port: proxy.port)])
            load = try FaultLoad(server, purpose: purpose)
            try load.start()
        }

        func remove() {
            load.stop()
            server.remove()
            proxy.stop()
        }

        func expectSound(_ generator: inout FaultGenerator) throws {
            #expect(load.settle(seconds: 90), "every outcome is known in the end: \(server.logText)")
            try history.expectSound(load)
            try History.expectRepeatable(load, on: server, count: 50, &generator)
        }
    }

    @Test func `Connections to the database that are cut, also around a commit, lose and double nothing`() throws {
        var generator = FaultGenerator(for: "cuts")
        let site = try Site("cuts")
        defer { site.remove() }
        var times = Durations()
        let traps = DatabaseProxy.Trap.allCases.flatMap { [$0, $0, $0, $0, $0] }.shuffled(using: &generator)
        for trap in traps {
            try #require(site.load.waitForProgress(seconds: 60), "\(site.server.logText)")
            let sprung = site.proxy.sprung
            site.proxy.arm(trap)
            let isSprung = poll(seconds: 30) { site.proxy.sprung > sprung ? true : nil } ?? false
            try #require(isSprung, "no batch was committed: \(site.server.logText)")
            let start = ContinuousClock.now
            try #require(site.load.waitForProgress(seconds: 60), "\(trap): \(site.server.logText)")
            times.append(start.duration(to: .now))
        }
        for _ in 1...15 {
            usleep(UInt32.random(in: 10_000...200_000, using: &generator))
            site.proxy.cut()
            let start = ContinuousClock.now
            try #require(site.load.waitForProgress(seconds: 60), "\(site.server.logText)")
            times.append(start.duration(to: .now))
        }
        try site.expectSound(&generator)
        let replayed = site.load.oracles.reduce(0) { $0 + $1.oracle.foundCount }
        #expect(replayed > 0, "some commits were done although nobody heard of it")
        report("time to go on after a cut connection: \(times.text); \(site.load.summary)")
    }

    @Test func `While the line stalls for 25 s every request gets an answer, and then all goes on`() throws {
        var generator = FaultGenerator(for: "stall")
        let site = try Site("stall")
        defer { site.remove() }
        try #require(site.load.waitForProgress(seconds: 60))
        site.proxy.set(.stalled)
        usleep(25_000_000)
        let refused = site.load.oracles.reduce(0) { $0 + $1.oracle.refusalCount }
        #expect(refused > 0, "somebody was told to come back")
        site.proxy.set(.good)
        let start = ContinuousClock.now
        try #require(site.load.waitForProgress(seconds: 60), "\(site.server.logText)")
        let time = start.duration(to: .now)
        try site.expectSound(&generator)
        let slowest = site.load.control.slowestAnswer
        report("after a line that stalled for 25 s: on again after \(time), slowest answer \(slowest)")
    }

    @Test func `A slow line makes answers slow, and nothing else`() throws {
        var generator = FaultGenerator(for: "slow")
        let site = try Site("slow")
        defer { site.remove() }
        try #require(site.load.waitForProgress(seconds: 60))
        site.proxy.set(.slow(50...200))
        let end = ContinuousClock.now + .seconds(8)
        while ContinuousClock.now < end {
            try #require(site.load.waitForProgress(seconds: 60), "\(site.server.logText)")
            // New connections are slow too.
            if generator.oneIn(20) { site.proxy.cut() }
        }
        site.proxy.set(.good)
        try site.expectSound(&generator)
        report("a line with 50 to 200 ms: \(site.load.summary)")
    }
}
