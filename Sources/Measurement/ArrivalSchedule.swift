package import Demonstration

/// When requests should be sent in an open loop: a rate that does not depend on the answers.
package struct ArrivalSchedule: Sendable {
    /// How the times between two requests are chosen.
    package enum Spacing: String, CaseIterable, Sendable {
        /// All the same.
        case fixed
        /// At random, as of many clients that know nothing of each other (a Poisson process).
        case poisson
    }

    private let perSecond: Double
    private let rampSeconds: Double
    private let spacing: Spacing
    private var random: SeededGenerator
    /// Arrivals until the next one, were they one a second: a whole number each if they are fixed.
    private var unit: Double

    /// `perSecond` requests a second, above 0, after growing evenly from none for `rampSeconds`. `phase`, 0 to 1, moves
    /// a fixed schedule by that part of its interval, so that several of them do not send at the same moments.
    package init(
        perSecond: Double,
        rampSeconds: Double = 0,
        spacing: Spacing,
        phase: Double = 0,
        random: SeededGenerator
    ) {
        precondition(perSecond > 0 && rampSeconds >= 0, "a schedule has a rate")
        self.perSecond = perSecond
        self.rampSeconds = rampSeconds
        self.spacing = spacing
        self.random = random
        unit = spacing == .fixed ? phase : 0
        if spacing == .poisson { unit = nextGap() }
    }

    /// The next time, in nanoseconds from the beginning; never smaller than the one before.
    package mutating func next() -> UInt64 {
        let time = Self.seconds(unit, perSecond: perSecond, rampSeconds: rampSeconds)
        unit += nextGap()
        return UInt64(time * 1_000_000_000)
    }

    private mutating func nextGap() -> Double {
        guard spacing == .poisson else { return 1 }
        // Exponential, from 53 random bits in (0, 1].
        return -Logarithm.natural(Double((random.next() >> 11) + 1) * 0x1p-53)
    }

    /// When so many requests should have been sent: the inverse of the rate's integral.
    private static func seconds(_ count: Double, perSecond: Double, rampSeconds: Double) -> Double {
        let duringRamp = perSecond * rampSeconds / 2
        if count < duringRamp { return (2 * count * rampSeconds / perSecond).squareRoot() }
        return rampSeconds + (count - duringRamp) / perSecond
    }
}
