import Testing

@testable import Postgres

@Suite struct ClientEnvironmentTests {
    typealias Variable = ClientEnvironment.Variable

    @Test(
        arguments: [
            "postgresql://ann:s3cret@db.example:5433/market?keepalives_idle=7",
            "host=db.example port=5433 user=ann password=s3cret dbname=market keepalives_idle=7",
        ]
    )
    func `What may be secret goes into the environment`(text: String) throws {
        let environment = try ClientEnvironment(text)
        let expected = [
            Variable(name: "PGDATABASE", value: "market"), Variable(name: "PGHOST", value: "db.example"),
            Variable(name: "PGPASSWORD", value: "s3cret"), Variable(name: "PGPORT", value: "5433"),
            Variable(name: "PGUSER", value: "ann"),
        ]
        #expect(environment.variables.sorted { $0.name < $1.name } == expected)
        #expect(environment.openSettings == "keepalives_idle='7'")
    }

    @Test func `The password of a client key is shown nowhere`() throws {
        let environment = try ClientEnvironment("host=a sslpassword=s3cret")
        #expect(environment.variables == [Variable(name: "PGHOST", value: "a")])
        #expect(environment.openSettings.isEmpty)
    }

    @Test func `What libpq does not understand is refused without being repeated`() {
        #expect { try ClientEnvironment("nonsense s3cret") } throws: { !"\($0)".contains("s3cret") }
    }
}
