/// What a fuzzer drives: any bytes, through the choice of the protocol and the reader of requests.
package enum HTTP1Fuzzing {
    /// Reads `bytes` in one piece, byte by byte and in two pieces, and compares. `nil` if all agree and the result
    /// keeps the reader's promises; otherwise what is wrong. Never traps.
    package static func fault(_ bytes: [UInt8]) -> String? {
        // Small limits, so that a fuzzer reaches them.
        var limits = ServerLimits()
        (limits.headerBytesMax, limits.headerFieldsMax, limits.bodyBytesMax) = (1_024, 16, 256)
        var whole = HTTP1Reader(limits: limits)
        whole.receive(bytes.span)
        var slow = HTTP1Reader(limits: limits)
        for index in bytes.indices { slow.receive(bytes.span.extracting(index...index)) }
        var halved = HTTP1Reader(limits: limits)
        halved.receive(bytes.span.extracting(first: bytes.count / 2))
        halved.receive(bytes.span.extracting(last: bytes.count - bytes.count / 2))
        for other in [slow, halved] {
            guard other.phase == whole.phase, other.bytes == whole.bytes, other.head == whole.head else {
                return "the result depends on how the bytes are cut"
            }
        }
        return fault(of: whole, limits) ?? choiceFault(bytes)
    }

    private static func fault(of reader: HTTP1Reader, _ limits: ServerLimits) -> String? {
        let head = reader.head
        guard reader.bytes.count <= limits.headerBytesMax + limits.bodyBytesMax else { return "too much is kept" }
        guard reader.phase == .complete else { return nil }
        guard reader.isBodyTooLarge == (head.contentLength > limits.bodyBytesMax) else {
            return "a body's limit is lost"
        }
        guard reader.isBodyTooLarge || reader.body.count == head.contentLength else {
            return "a body has another length"
        }
        guard head.minorVersion == 0 || head.authority != nil else { return "HTTP/1.1 without Host" }
        let kept = head.fields.map(\.value) + [head.methodName, head.path, head.authority ?? 0..<0]
        for range in kept {
            for byte in reader.bytes[range] where byte < 0x20 && byte != 0x09 || byte == 0x7F {
                return "a control byte was let through"
            }
        }
        return nil
    }

    private static func choiceFault(_ bytes: [UInt8]) -> String? {
        var chosen = ProtocolChoice.undecided
        for count in 0...min(bytes.count, ProtocolChoice.bytesMax) {
            let next = ProtocolChoice(Array(bytes[..<count]))
            guard chosen == .undecided || next == chosen else { return "a choice was changed" }
            chosen = next
        }
        guard ProtocolChoice(bytes) == chosen else { return "a choice was changed" }
        return bytes.count < ProtocolChoice.bytesMax || chosen != .undecided ? nil : "no choice was made"
    }
}
