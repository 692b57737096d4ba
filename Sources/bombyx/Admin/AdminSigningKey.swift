internal import ArgumentParser
internal import Demonstration
internal import Foundation
internal import Glibc
internal import JSON
internal import Marketplace
internal import Postgres
internal import Units

/// `bombyx admin signing-key`.
struct AdminSigningKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signing-key",
        abstract: "The keys with which the exchange signs tickets and checkpoints of its log.",
        subcommands: [List.self, Rotate.self]
    )

    /// `bombyx admin signing-key list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the public keys, the oldest first.")

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/keys")
            } show: { list in
                var table = TextTable("llll")
                table.row("key", "from", "until", "as verifiers take it")
                for key in list["data"]?.elements ?? [] {
                    table.row(
                        key.shown("id"),
                        key.shown("from"),
                        key["until"]?.string ?? "–",
                        key.shown("verifier_key")
                    )
                }
                return table.lines(indent: 0)
            }
        }
    }

    /// `bombyx admin signing-key rotate`.
    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new key, which signs what is new after some seconds.",
            discussion: """
                It is written to the state folder, and a server that runs on it is told to read it (SIGHUP). Copy the \
                folder signing/ to the other servers of the exchange before the key's time. Older keys stay, so that \
                a ticket always has the same bytes; whoever has reason to fear for one may delete its file when the \
                leases of its time are over.
                """
        )

        @Option(help: "The state folder of the server.")
        var stateDir = ".bombyx"

        @Option(help: "Seconds until it signs, 10 or more.")
        var delay: Int64 = 30

        func validate() throws {
            guard (10...31_536_000).contains(delay) else { throw ValidationError("--delay is 10 to 31536000.") }
        }

        func run() throws {
            do {
                let from = LogicalTime(microseconds: wallClockMicroseconds() + delay * 1_000_000)
                let state = StateFolder(path: stateDir)
                let folder = SigningFolder(path: state.signingPath)
                _ = try folder.load()
                let key = try folder.make(from: from)
                let lines = facts([
                    ("key", key.id), ("signs after", "\(delay) s"), ("folder", folder.path), ("server", tell(state)),
                ])
                for line in lines { say(line) }
            } catch {
                complain("bombyx admin: \(error)")
                throw ExitCode(1)
            }
        }

        /// Has the server of the folder read its keys, and says so. A server that was killed leaves its facts behind,
        /// and its number may be somebody else's since, whom the signal would end.
        private func tell(_ state: StateFolder) -> String {
            guard let pid = try? state.running().pid, StateLock.isHeld(folder: state.path, by: pid),
                kill(pid, SIGHUP) == 0
            else { return "none of yours runs on \(state.path); one reads the key when it starts, or at SIGHUP" }
            return "process \(pid), told to read the key"
        }
    }
}
