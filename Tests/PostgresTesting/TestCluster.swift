internal import Glibc
package import Postgres
internal import Synchronization

/// A real PostgreSQL for tests: one cluster for the whole run, started at the first use, gone at the end. Each test
/// takes a database of its own, so tests do not see each other and may run at once.
package final class TestCluster: Sendable {
    /// The cluster itself, for tests that need its roles; do not stop it.
    package let cluster: EmbeddedCluster
    private let folder: TemporaryFolder
    private let databaseCount = Atomic(0)

    private init() throws {
        folder = try TemporaryFolder()
        cluster = try EmbeddedCluster(try StateLock(folder: folder.path))
    }

    private static let instance: Result<TestCluster, any Error> = Result {
        let instance = try TestCluster()
        // A global is not destroyed at the end of the process.
        atexit {
            guard let instance = try? TestCluster.instance.get() else { return }
            instance.cluster.stop()
            instance.folder.remove()
        }
        return instance
    }

    /// The run's cluster. Starts it, or throws why it cannot be.
    package static func shared() throws -> TestCluster { try instance.get() }

    /// Makes a database and returns its name: an empty one, or a copy of another to which nobody is connected.
    package func makeDatabase(like template: String = "template1") throws -> String {
        let name = "test_\(databaseCount.add(1, ordering: .relaxed).newValue)"
        let connection = try Connection(cluster.connectionString(.owner, database: "postgres"))
        try connection.run(script: "CREATE DATABASE \(name) TEMPLATE \(template)")
        return name
    }

    /// A connection string to an empty database, by default as its owner.
    package func connectionString(_ role: ClusterRole = .owner) throws -> String {
        cluster.connectionString(role, database: try makeDatabase())
    }
}

/// A new folder that a server run by another user can reach; it and what is in it goes with the value.
package final class TemporaryFolder: Sendable {
    /// Absolute, without links.
    package let path: String

    /// A file operation failed with this `errno`.
    package struct Failure: Error {
        package let errno: Int32
    }

    /// The folder that `BOMBYX_TEST_FOLDER` names, perhaps in memory, or the usual one.
    package static let parent = unsafe getenv("BOMBYX_TEST_FOLDER").map { unsafe String(cString: $0) } ?? "/tmp"

    package init() throws {
        var template = Array("\(Self.parent)/bombyx-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Failure(errno: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard unsafe chmod(path, 0o711) == 0 else { throw Failure(errno: errno) }
    }

    deinit { remove() }

    fileprivate func remove() { _ = unsafe system("rm -rf -- '\(path)'") }
}
