import Glibc
import PostgresTesting
import Testing

@testable import Postgres

@Suite struct EmbeddedClusterTests {
    @Test func `An empty folder becomes a running cluster in well under five seconds`() throws {
        let folder = try TemporaryFolder()
        var cluster: EmbeddedCluster?
        let time = try ContinuousClock().measure {
            cluster = try EmbeddedCluster(try StateLock(folder: folder.path + "/state"))
        }
        print("first start", time)
        let again = try ContinuousClock().measure {
            cluster!.stop(); try cluster!.restart()
        }
        print("stop and start", again)
        for role in ClusterRole.allCases {
            let c = try Connection(cluster!.connectionString(role))
            #expect(
                try c.execute("SELECT current_user::text, current_setting('wal_compression')").onlyRow().text(0)
                    == role.rawValue
            )
        }
        let stop = ContinuousClock().measure { cluster!.stop() }
        print("stop", stop)
    }
}
