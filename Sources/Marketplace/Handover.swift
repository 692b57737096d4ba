internal import Synchronization

/// Carries a value that only one thread may use from the thread that made it to the one that will use it.
///
/// The compiler cannot see that a connection made during a recovery has no other owner; this type says so in one place.
/// The maker gives up its own reference, and ``take()`` gives the value out once.
final class Handover<Value>: @unchecked Sendable {
    private var value: Value?
    private let isTaken = Atomic<Bool>(false)

    init(_ value: Value) { self.value = value }

    /// The value, the first time; `nil` afterwards.
    func take() -> Value? {
        guard !isTaken.exchange(true, ordering: .acquiringAndReleasing) else { return nil }
        defer { value = nil }
        return value
    }
}
