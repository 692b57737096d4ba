/// A JSON pointer (RFC 6901): the place of a value in its document, as in `/model/in/0`.
package struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
    /// The pointer as it stands in a problem's `errors[].pointer`; empty for the whole document.
    package private(set) var description = ""

    /// The whole document.
    package init() {}

    /// The member `key` of what this pointer names; `~` and `/` in it are escaped.
    package func appending(_ key: String) -> JSONPointer {
        var pointer = self
        pointer.description.append("/")
        for character in key.unicodeScalars {
            switch character {
            case "~": pointer.description.append("~0")
            case "/": pointer.description.append("~1")
            default: pointer.description.unicodeScalars.append(character)
            }
        }
        return pointer
    }

    /// The element `index`, from 0, of what this pointer names.
    package func appending(_ index: Int) -> JSONPointer {
        var pointer = self
        pointer.description.append("/\(index)")
        return pointer
    }
}
