internal import ArgumentParser

/// `bombyx settle`: what an operator does with settlement most, under a short name.
struct Settle: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at settlement on the chain, have it look and plan now, hold and resume it.",
        discussion: """
            The same as the commands of bombyx admin settlement, which has more. Like them it finds the server of the \
            state folder by itself, or takes --server, and proves who it is by the operator's key.

            Exit codes: 0 when it is done; 1 when the exchange refused or could not be reached.
            """,
        subcommands: [
            AdminSettlement.Status.self, AdminSettlement.Run.self, AdminSettlement.Hold.self,
            AdminSettlement.Resume.self,
        ]
    )
}
