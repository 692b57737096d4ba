internal import ArgumentParser

/// The program: one command for everything that is done with an exchange.
@main
struct Bombyx: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bombyx",
        abstract: "An open exchange for confidential AI inference, settled on TON.",
        discussion: """
            `bombyx serve` runs the exchange in the folder where it is called; `bombyx demo` shows one at work, with \
            real prices and real requests; `bombyx load` puts a server under load and verifies it; `bombyx bench` \
            measures; `bombyx admin` opens accounts and pays money in.

            Exit codes of all commands: 0 for success, 64 for wrong arguments, anything else as the command's own \
            help says.
            """,
        subcommands: [
            Serve.self, Demo.self, LoadCommand.self, Bench.self, Admin.self, Psql.self, Migrate.self, Verify.self,
            Replay.self, Journal.self, TicketCommand.self, BundleCommand.self, ChainCommand.self, WalletCommand.self,
            Settle.self,
        ]
    )
}
