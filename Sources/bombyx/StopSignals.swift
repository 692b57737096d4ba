internal import Glibc

/// The signals that the program takes one by one instead of being interrupted by them.
struct StopSignals {
    enum Signal { case stop, reload }

    private let set: sigset_t

    /// Blocks the signals for the calling thread and all threads that it starts later.
    init() {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        // A peer that has gone is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        self.set = set
    }

    /// Waits for the next one; `nil` when the time has passed.
    func next(milliseconds: Int) -> Signal? {
        var set = set
        var time = timespec(tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
        switch unsafe sigtimedwait(&set, nil, &time) {
        case SIGTERM, SIGINT: return .stop
        case SIGHUP: return .reload
        default: return nil
        }
    }
}

/// Writes a line for the operator.
func complain(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe write(2, bytes, bytes.count)
}
