internal import ArgumentParser
internal import Demonstration
internal import JSON

/// `bombyx admin checkpoint`.
struct AdminCheckpoint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Have the server write a checkpoint now.",
        discussion: """
            It holds the whole state at the end of a batch, not older than what was acknowledged before; the journal \
            announces its SHA-256. A replay can begin there, and the partitions of the journal before it can be dropped.
            """
    )

    @OptionGroup var options: AdminOptions

    func run() throws {
        try options.run {
            try $0.bytes("POST", "/v1/checkpoints", jsonObject([]))
        } show: { checkpoint in
            facts([
                ("batch", checkpoint.shown("batch")), ("sha256", checkpoint.shown("sha256")),
                ("announced by", checkpoint.shown("sequence")),
            ])
        }
    }
}
