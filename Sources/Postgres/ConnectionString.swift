internal import CPQ

/// A connection string of libpq, taken apart only as far as is needed to bound the waiting and to keep its secret.
struct ConnectionString {
    let text: String
    /// What the string says about `connect_timeout`, in seconds; nil if nothing, or nothing useful.
    let connectTimeoutSeconds: Int?

    /// Checks the form. libpq's own complaint is not repeated: it quotes the string, and the password with it.
    init(_ text: String) throws(PostgresError) {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(text, &message) else {
            unsafe PQfreemem(message)
            throw .connectionFailed(
                "the connection string is neither keyword=value pairs nor a postgresql:// address"
            )
        }
        defer { unsafe PQconninfoFree(options) }

        var values: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe values[String(cString: keyword)] = String(cString: value)
            }
            unsafe option += 1
        }
        guard values["host"]?.contains("@") != true else {
            throw .connectionFailed("the host contains an @: an @ in the password must be written %40")
        }
        self.text = text
        connectTimeoutSeconds = values["connect_timeout"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    }
}
