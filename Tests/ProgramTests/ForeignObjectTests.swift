import JSON
import ProgramTesting
import Testing
import Units

/// What belongs to others, on a running server: in paths, lists, queries and bodies of every operation of the contract.
/// It is answered like what is not there, so that nobody learns that it is.
@Suite(.serialized) struct ForeignObjectTests {
    /// Paths that name something which everybody may see.
    private static let forEverybody = [
        "/v1/models/{id}": "the registry", "/v1/models/{author}/{slug}/endpoints": "the registry",
        "/v1/accounts/{id}/record": "what a worker has done is public", "/log/tile/{path}": "the log",
        "/docs/{name}": "pages", "/problems/{code}": "pages",
    ]

    /// Lists that are the same for every owner.
    private static let forOwners = ["/v1/settlement/terms": "the operator's rules"]

    /// A request that names an object, by who has no part in it.
    private struct Question {
        let operation: ServedContract.Operation
        let asker: Scenario.Party
    }

    /// The operations of owners whose path names an object, each with who is a stranger to that.
    private func questions(_ contract: ServedContract, _ world: Neighbours) -> [Question] {
        var questions: [Question] = []
        for operation in contract.operations where !operation.pathParameters.isEmpty {
            if operation.isPublic {
                #expect(Self.forEverybody[operation.path] != nil, "\(operation.name): may everybody see all of these?")
            } else if operation.isForOwners {
                let names = operation.pathParameters.map(\.component)
                let isKnown = names.allSatisfy { world.objects[$0] != nil && Neighbours.missing[$0] != nil }
                guard isKnown else {
                    Issue.record("\(operation.name): there is no foreign object for \(names)")
                    continue
                }
                questions.append(Question(operation: operation, asker: world.stranger))
                if Neighbours.shared.isDisjoint(with: names) {
                    questions.append(Question(operation: operation, asker: world.worker))
                }
            }
        }
        return questions
    }

    @Test func `What a path names of others is answered like what is not there, and its owner finds it`() throws {
        let world = try Neighbours()
        defer { world.town.remove() }
        let questions = questions(try ServedContract(of: world.client), world)
        func ask(_ operation: ServedContract.Operation, _ objects: [String: String], _ key: String) throws
            -> TestClient.Answer
        {
            let body = operation.method == "PATCH" ? #"{"quantity_lots":1}"# : operation.body
            return try world.client.call(operation.method, operation.path(with: objects), key: key, body)
        }
        for question in questions {
            let name = question.operation.name
            let foreign = try ask(question.operation, world.objects, question.asker.key)
            let missing = try ask(question.operation, Neighbours.missing, question.asker.key)
            #expect([403, 404].contains(foreign.status), "\(name): \(foreign.text)")
            #expect(
                foreign.status == missing.status && foreign.code == missing.code,
                "\(name): \(foreign.text), of nothing: \(missing.text)"
            )
        }
        // It is the stranger that is refused, not the request. What ends an object comes last.
        let operations = questions.filter { $0.asker.account == world.stranger.account }.map(\.operation)
        let ending = operations.filter { $0.method == "DELETE" }
        for operation in operations.filter({ $0.method != "DELETE" }) + ending {
            let own = try ask(operation, world.objects, world.app.key)
            #expect(![403, 404].contains(own.status) && own.status < 500, "\(operation.name): \(own.text)")
            if operation.method == "GET" { #expect(own.status == 200, "\(operation.name): \(own.text)") }
        }
        #expect(questions.count >= 20, "\(questions.count) questions")
    }

    @Test func `No list shows what is another's, and its owner's does`() throws {
        let world = try Neighbours()
        defer { world.town.remove() }
        let client = world.client
        var unseen = Set(world.marks.keys)
        for operation in try ServedContract(of: client).operations
        where operation.method == "GET" && operation.pathParameters.isEmpty && operation.isForOwners {
            if operation.takes("Account"), !operation.isStream { try expectOwnAccountOnly(operation, world) }
            if operation.takes("All") {
                let foreign = try client.call("GET", operation.path + "?all=true", key: world.stranger.key)
                #expect(foreign.status == 403, "\(operation.name)?all=true: \(foreign.status) \(foreign.text)")
            }
            // A stream does not end; StreamCoreTests compare what each account hears with what it has.
            if operation.isStream || Self.forOwners[operation.path] != nil { continue }
            let path = try operation.query(with: world.objects) + (operation.isPartlyPublic ? "?mine=true" : "")
            let mark = try #require(world.marks[operation.path], "\(operation.name): what does it show of an owner?")
            unseen.remove(operation.path)
            let own = try client.call("GET", path, key: world.app.key)
            #expect(own.status == 200 && own.text.contains(mark), "\(operation.name) hides \(mark): \(own.text)")
            let foreign = try client.call("GET", path, key: world.stranger.key)
            #expect(foreign.status == 200, "\(operation.name): \(foreign.text)")
            for secret in world.secrets {
                #expect(!foreign.text.contains(secret), "\(operation.name) shows \(secret): \(foreign.text)")
            }
        }
        #expect(unseen.isEmpty, "\(unseen) are not in the contract")
    }

    /// Of another account nobody learns anything but who sees all.
    private func expectOwnAccountOnly(_ operation: ServedContract.Operation, _ world: Neighbours) throws {
        let query = operation.path + "?account=" + world.app.account + (operation.isPartlyPublic ? "&mine=true" : "")
        let foreign = try world.client.call("GET", query, key: world.stranger.key)
        #expect(foreign.status == 403, "GET \(query): \(foreign.status) \(foreign.text)")
        let shown = try world.client.call("GET", query, key: world.operatorKey)
        #expect(shown.status == 200, "GET \(query) by the operator: \(shown.text)")
    }
}
