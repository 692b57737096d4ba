// What is read at once, and what waits in line.
extension Connection {
    /// Who asks for much while many do waits in line. What opens a client's windows or cancels something may be among
    /// what is not read; but a line ends when requests are answered, and for that nothing of it is needed.
    func readOrWait() {
        guard asksForMuch, lingersSince == nil, server.hasLine else { return readOnce() }
        if isInLine { return }
        isInLine = true
        server.lineUp(self)
    }

    private var asksForMuch: Bool {
        hasSentMuch || session.waitingRequestCount >= server.limits.waitingRequestsOutOfLine
    }

    /// Its turn in the line has come.
    func readInLine() {
        isInLine = false
        if socket != nil { readOnce(hasWaited: true) }
    }
}
