/// Logarithms without the C library, good to twelve digits.
package enum Logarithm {
    private static let two = 0.693_147_180_559_945_309

    /// The natural logarithm of a finite number above zero.
    package static func natural(_ value: Double) -> Double {
        precondition(value > 0 && value.isFinite, "only numbers above zero have a logarithm")
        // value = significand · 2^exponent, and ln s = 2 artanh((s − 1)/(s + 1)), with s in 1 to 2.
        let ratio = (value.significand - 1) / (value.significand + 1)
        let square = ratio * ratio
        var power = ratio
        var sum = 0.0
        for divisor in stride(from: 1.0, through: 25.0, by: 2.0) {
            sum += power / divisor
            power *= square
        }
        return 2 * sum + Double(value.exponent) * two
    }

    /// The decimal logarithm of a finite number above zero.
    package static func decimal(_ value: Double) -> Double { natural(value) / 2.302_585_092_994_045_684 }
}
