/// When to start a server again that has ended: at once after a good while, ever later when it keeps ending, so that
/// a server that cannot live does not keep the machine busy with its starts. Pure.
package struct RestartPolicy: Equatable, Sendable {
    /// A server that ran so long was well; its end counts as the first.
    package static let stableUptime = Duration.seconds(60)

    /// The pause before the second attempt; each further one is twice as long.
    package static let firstPause = Duration.milliseconds(500)

    /// The longest pause: a cause that goes away by itself, such as a full disk, is noticed gone within it.
    package static let pauseMax = Duration.seconds(30)

    private var pause = Duration.zero

    package init() {}

    /// How long to wait before the next start, when the server ended, or did not start, after `uptime`.
    package mutating func pause(afterUptime uptime: Duration) -> Duration {
        if uptime >= Self.stableUptime { pause = .zero }
        defer { pause = pause == .zero ? Self.firstPause : min(pause * 2, Self.pauseMax) }
        return pause
    }
}
