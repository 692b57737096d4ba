internal import CLinux
internal import Glibc

/// One thread, one epoll instance, and the descriptors that belong to it.
///
/// Nothing in here is locked but the mailbox, because nothing else is shared: whoever creates the loop hands it
/// over, whole, to the thread that runs it. A turn is: wait, the descriptors that are ready, those that have asked to
/// be called again, the messages of other threads, the owner's ``Owner/endTurn()``, and about every
/// ``tickMilliseconds`` its ``Owner/tick()``. Who asks for little never waits for all that ask for much: these are
/// called in slices, and what has just come goes before them.
package final class EventLoop {
    /// What is watched.
    package protocol Handler: AnyObject {
        /// There is something to read or to write. Readiness is told once: go on until the call would block,
        /// or ask for another turn by ``EventLoop/callAgain(_:_:)``.
        func becameReady(_ readiness: Readiness)
    }

    /// What the loop serves besides descriptors.
    package protocol Owner: AnyObject {
        /// A message of another thread; all that wait are given in one turn, in order.
        func receive(_ message: any Sendable)
        /// After all events and messages of a turn.
        func endTurn()
        /// About every ``EventLoop/tickMilliseconds``, while anything is registered.
        func tick()
    }

    /// What a descriptor is ready for.
    package struct Readiness: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// There is something to read, or the end of the file.
        package static let readable = Readiness(rawValue: CLinux_EPOLLIN)
        /// There is room to write.
        package static let writable = Readiness(rawValue: CLinux_EPOLLOUT)
        /// The peer sends no more.
        package static let hungUp = Readiness(rawValue: CLinux_EPOLLRDHUP)
        /// The descriptor is in an error state, or both directions are closed.
        package static let failed = Readiness(rawValue: CLinux_EPOLLERR | CLinux_EPOLLHUP)
        /// A read tells something: bytes, or that no more come. Made of numbers: a list of options is put together by
        /// code that asks for their type, once for each event of a connection.
        package static let incoming = Readiness(rawValue: CLinux_EPOLLIN | CLinux_EPOLLRDHUP)
    }

    /// Names one registration for ever: its slot may be used again, its number is not.
    package struct Registration: Hashable, Sendable {
        fileprivate let slot: UInt32
        fileprivate let number: UInt32

        fileprivate init(slot: UInt32, number: UInt32) {
            self.slot = slot
            self.number = number
        }

        fileprivate init(token: UInt64) {
            self.init(slot: UInt32(truncatingIfNeeded: token), number: UInt32(token >> 32))
        }

        fileprivate var token: UInt64 { UInt64(number) << 32 | UInt64(slot) }
    }

    /// A late event of a closed descriptor carries an old number, and is dropped.
    private struct Slot {
        var number: UInt32
        var handler: (any Handler)?
        /// What it has asked to be told again, and was not yet.
        var postponed: Readiness = []
    }

    /// Events taken from the kernel in one turn: bounds the time until the mailbox is looked at.
    package static let eventsPerTurnMax = 256
    /// Nanoseconds of a turn for those that have asked to be called again; as many as what has just come took, if these
    /// are more, so that a flood of it does not hold them up.
    package static let postponedNanoseconds: UInt64 = 4_000_000

    /// Where other threads leave their messages.
    package let mailbox: Mailbox
    /// The time between two ticks.
    package var tickMilliseconds: UInt64 = 1_000 {
        didSet { nextTick = now + tickMilliseconds }
    }
    /// When the turn began, by ``MonotonicClock``, in milliseconds.
    package private(set) var now: UInt64

    private let epoll: FileDescriptor
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    /// Registrations alive.
    package private(set) var registrationCount = 0
    private var registrationNumber: UInt32 = 0
    /// Those that have asked to be called again, in this order.
    private var again: [Registration] = []
    private var nextTick: UInt64
    private var isHurried = false
    private var isStopping = false

    /// The number that no registration has.
    private static let mailboxToken = UInt64.max

    /// A loop that takes its messages from `mailbox`.
    package init(mailbox: Mailbox) throws(SystemError) {
        self.mailbox = mailbox
        self.epoll = try FileDescriptor(owning: CLinux_epoll_create(), from: "epoll_create1")
        self.now = MonotonicClock.milliseconds()
        self.nextTick = now + tickMilliseconds
        try watch(mailbox.fileDescriptor, for: .readable, token: Self.mailboxToken)
    }

    /// Watches `fileDescriptor` for `readiness`, told to `handler`, which the loop keeps.
    ///
    /// The descriptor must stay open until ``deregister(_:)``.
    package func register(
        _ handler: any Handler,
        fileDescriptor: Int32,
        for readiness: Readiness = [.readable, .writable, .hungUp]
    ) throws(SystemError) -> Registration {
        registrationNumber &+= 1
        let slot = freeSlots.popLast() ?? UInt32(slots.count)
        let registration = Registration(slot: slot, number: registrationNumber)
        if Int(slot) == slots.count { slots.append(Slot(number: 0, handler: nil)) }
        do {
            try watch(fileDescriptor, for: readiness, token: registration.token)
        } catch {
            freeSlots.append(slot)
            throw error
        }
        slots[Int(slot)] = Slot(number: registrationNumber, handler: handler)
        registrationCount += 1
        return registration
    }

    /// Forgets a registration and releases its handler. Closing the descriptor, which the caller does, takes it
    /// out of the kernel's set. A registration that is gone is ignored.
    package func deregister(_ registration: Registration) {
        guard let index = index(of: registration) else { return }
        slots[index] = Slot(number: 0, handler: nil)
        freeSlots.append(registration.slot)
        registrationCount -= 1
    }

    /// Tells the handler `readiness` again in a later turn, none of which waits until then: what a handler asks for
    /// that stopped before the call would block, to be fair to the others. Until then the kernel's word for the same
    /// is not passed on.
    package func callAgain(_ registration: Registration, _ readiness: Readiness) {
        guard let index = index(of: registration) else { return }
        if slots[index].postponed.isEmpty { again.append(registration) }
        slots[index].postponed.formUnion(readiness)
    }

    /// It has asked to be called again, and was not yet.
    package func isPostponed(_ registration: Registration) -> Bool {
        index(of: registration).map { !slots[$0].postponed.isEmpty } ?? false
    }

    /// Those that have asked to be called again, and were not yet.
    package var postponedCount: Int { again.count }

    /// Lets the next turn begin at once, because there is still something to do.
    package func doNotWait() { isHurried = true }

    /// Ends ``run(for:)`` after this turn.
    package func stop() { isStopping = true }

    /// Runs until ``stop()``, and then forgets every registration.
    package func run(for owner: some Owner) throws(SystemError) {
        defer { releaseAll() }
        var events = unsafe [epoll_event](repeating: epoll_event(), count: Self.eventsPerTurnMax)
        var messages: [any Sendable] = []
        while !isStopping {
            let count = unsafe epoll_wait(epoll.rawValue, &events, Int32(Self.eventsPerTurnMax), timeout())
            if count < 0, errno != EINTR { throw SystemError(call: "epoll_wait", errno: errno) }
            let start = MonotonicClock.nanoseconds()
            now = start / 1_000_000
            isHurried = false

            let postponed = again.count
            for index in 0..<max(0, Int(count)) {
                let event = unsafe events[index]
                deliver(Readiness(rawValue: unsafe event.events), to: unsafe event.data.u64)
            }
            let heard = MonotonicClock.nanoseconds()
            callAgain(atMost: postponed, until: heard + max(heard - start, Self.postponedNanoseconds))

            mailbox.takeAll(into: &messages)
            for message in messages { owner.receive(message) }
            messages.removeAll(keepingCapacity: true)

            owner.endTurn()
            if now >= nextTick {
                nextTick = now + tickMilliseconds
                owner.tick()
            }
        }
    }

    /// Handlers often know their loop, which must not keep both alive.
    private func releaseAll() {
        slots.removeAll()
        freeSlots.removeAll()
        again.removeAll()
        registrationCount = 0
    }

    private func timeout() -> Int32 {
        if isHurried || !again.isEmpty { return 0 }
        if registrationCount == 0 { return -1 }
        let now = MonotonicClock.milliseconds()
        return nextTick > now ? Int32(clamping: nextTick - now) : 0
    }

    private func deliver(_ readiness: Readiness, to token: UInt64) {
        if token == Self.mailboxToken { return mailbox.acknowledgeWakeup() }
        guard let index = index(of: Registration(token: token)) else { return }
        let news = readiness.subtracting(slots[index].postponed)
        if !news.isEmpty { slots[index].handler?.becameReady(news) }
    }

    /// Calls those that have waited longest: one at least, the rest in the next turn if this one takes too long.
    private func callAgain(atMost count: Int, until end: UInt64) {
        var called = 0
        while called < count, called == 0 || MonotonicClock.nanoseconds() < end {
            let registration = again[called]
            called += 1
            guard let index = index(of: registration) else { continue }
            let readiness = slots[index].postponed
            slots[index].postponed = []
            slots[index].handler?.becameReady(readiness)
        }
        again.removeFirst(called)
    }

    /// Where a registration stands; `nil` when it is gone.
    private func index(of registration: Registration) -> Int? {
        let index = Int(registration.slot)
        return index < slots.count && slots[index].number == registration.number ? index : nil
    }

    private func watch(_ fileDescriptor: Int32, for readiness: Readiness, token: UInt64) throws(SystemError) {
        var event = unsafe epoll_event()
        unsafe event.events = readiness.rawValue | CLinux_EPOLLET
        unsafe event.data.u64 = token
        guard unsafe epoll_ctl(epoll.rawValue, EPOLL_CTL_ADD, fileDescriptor, &event) == 0 else {
            throw SystemError(call: "epoll_ctl", errno: errno)
        }
    }
}
