internal import Glibc

/// The value of `date` (RFC 9110, section 6.6.1), as all sessions of a loop send it.
///
/// It lies at a fixed address, so that answers need not copy it; it changes once a second, and its length never.
@safe final class DateField {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    static let count = 29

    let bytes: UnsafeMutablePointer<UInt8>
    private var second = -1

    init() {
        unsafe bytes = .allocate(capacity: Self.count)
        unsafe bytes.initialize(repeating: 0x20, count: Self.count)
        update()
    }

    deinit { unsafe bytes.deallocate() }

    /// Takes the time of now, if it is another second's.
    func update() {
        let now = time(nil)
        guard now != second else { return }
        second = now
        let text = Self.text(of: now).utf8
        guard text.count == Self.count else { return }
        for (index, byte) in text.enumerated() { unsafe bytes[index] = byte }
    }

    /// The preferred format of RFC 9110, section 5.6.7, of seconds since 1970.
    static func text(of seconds: Int) -> String {
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        var seconds = seconds
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = unsafe "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(Int(parts.tm_year) + 1_900)"
        let time = unsafe "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return unsafe "\(days[Int(parts.tm_wday)]), \(date) \(time) GMT"
    }
}
