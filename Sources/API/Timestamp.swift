package import Units

/// RFC 3339 in UTC with microseconds: `2026-11-21T01:00:00.000000Z`.
package enum Timestamp {
    /// Bytes of the written form, for years 0 to 9999.
    package static let byteCount = 27
    /// The last microsecond of year 9999; later times are written as this one.
    static let microsecondsMax: Int64 = 253_402_300_799_999_999

    /// The written form.
    package static func bytes(_ time: LogicalTime) -> InlineArray<27, UInt8> {
        let total = min(max(time.microseconds, 0), microsecondsMax)
        let (year, month, day) = date(daysSince1970: total / 86_400_000_000)
        let micros = total % 86_400_000_000
        let seconds = micros / 1_000_000
        var text = InlineArray<27, UInt8>(repeating: UInt8(ascii: "-"))
        put(year, digits: 4, at: 0, in: &text)
        put(month, digits: 2, at: 5, in: &text)
        put(day, digits: 2, at: 8, in: &text)
        text[10] = UInt8(ascii: "T")
        put(seconds / 3_600, digits: 2, at: 11, in: &text)
        text[13] = UInt8(ascii: ":")
        put(seconds / 60 % 60, digits: 2, at: 14, in: &text)
        text[16] = UInt8(ascii: ":")
        put(seconds % 60, digits: 2, at: 17, in: &text)
        text[19] = UInt8(ascii: ".")
        put(micros % 1_000_000, digits: 6, at: 20, in: &text)
        text[26] = UInt8(ascii: "Z")
        return text
    }

    /// The time that `text` writes: RFC 3339 with `T`, `Z` or an offset, and up to 9 digits of a second, of which six
    /// count. `nil` for anything else, for a date that does not exist, and before 1970.
    package static func time(_ text: ArraySlice<UInt8>) -> LogicalTime? {
        let text = ArraySlice(Array(text))
        guard text.count >= 20, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] | 0x20 == UInt8(ascii: "t"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let year = number(text[0..<4]), let month = number(text[5..<7]), let day = number(text[8..<10]),
            let hour = number(text[11..<13]), let minute = number(text[14..<16]), let second = number(text[17..<19]),
            year >= 1970, (1...12).contains(month), (1...daysInMonth(month, of: year)).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var rest = text[19...]
        var micros: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            guard (1...9).contains(digits.count) else { return nil }
            for index in 0..<6 {
                let digit = index < digits.count ? Int64(digits[digits.startIndex + index] - UInt8(ascii: "0")) : 0
                micros = micros * 10 + digit
            }
            rest = rest[digits.endIndex...]
        }
        guard let offset = offsetSeconds(rest) else { return nil }
        let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        guard seconds >= 0 else { return nil }
        return LogicalTime(microseconds: seconds * 1_000_000 + micros)
    }

    /// Seconds east of UTC: `Z`, or a sign, hours and minutes.
    private static func offsetSeconds(_ text: ArraySlice<UInt8>) -> Int64? {
        guard let sign = text.first else { return nil }
        if text.count == 1 { return sign | 0x20 == UInt8(ascii: "z") ? 0 : nil }
        let start = text.startIndex
        guard text.count == 6, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            text[start + 3] == UInt8(ascii: ":"), let hours = number(text[(start + 1)..<(start + 3)]),
            let minutes = number(text[(start + 4)...]), hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func put(_ value: Int64, digits: Int, at start: Int, in text: inout InlineArray<27, UInt8>) {
        var rest = value
        for index in stride(from: start + digits - 1, through: start, by: -1) {
            text[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }

    private static func daysInMonth(_ month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, counted in eras of 400 years that begin
    /// with March, so that the leap day is a year's last (Howard Hinnant, "chrono-compatible low-level date
    /// algorithms").
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The inverse of ``days(_:_:_:)``.
    private static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
