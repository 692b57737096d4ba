internal import Glibc

/// A user of the operating system.
package struct SystemUser: Equatable, Sendable {
    package let uid: UInt32
    package let gid: UInt32
    package let name: String

    package init(uid: UInt32, gid: UInt32, name: String) {
        self.uid = uid
        self.gid = gid
        self.name = name
    }

    package var isRoot: Bool { uid == 0 }

    /// The user of this process.
    package static func current() throws(ClusterError) -> SystemUser {
        guard let user = unsafe look(up: { unsafe getpwuid_r(geteuid(), $0, $1, $2, $3) }) else {
            throw .userHasNoName(uid: geteuid())
        }
        return user
    }

    static func named(_ name: String) -> SystemUser? {
        unsafe look(up: { unsafe getpwnam_r(name, $0, $1, $2, $3) })
    }

    /// Who runs the server: PostgreSQL refuses to run as root. Debian's package makes the user `postgres`; without it
    /// `nobody` is better than none.
    static func clusterOwner(startedBy user: SystemUser) throws(ClusterError) -> SystemUser {
        guard user.isRoot else { return user }
        guard let owner = named("postgres") ?? named("nobody") else { throw .userHasNoName(uid: 65_534) }
        return owner
    }

    private typealias LookUp = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func look(up call: LookUp) -> SystemUser? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        // Names, comment, folder and shell of one user; glibc suggests 1,024.
        var text = [CChar](repeating: 0, count: 16_384)
        return unsafe text.withUnsafeMutableBufferPointer { buffer in
            guard unsafe call(&entry, buffer.baseAddress!, buffer.count, &found) == 0, unsafe found != nil else {
                return nil
            }
            return unsafe SystemUser(uid: entry.pw_uid, gid: entry.pw_gid, name: String(cString: entry.pw_name))
        }
    }
}
