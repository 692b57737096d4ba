import Demonstration
import Exchange
import JSON
import Testing
import Units

@Suite struct RequestsTests {
    @Test func `An offer says what the listing can do, at its price`() throws {
        let plan = try Samples.plan(count: 50, depth: Lots(25))
        let body = String(decoding: plan.offerBody(0), as: UTF8.self)
        #expect(
            body
                == #"{"model":"x/big","capability":{"context_length":131072,"#
                + #""features":["tools","structured_outputs"]},"#
                + #""price_nanoton_per_mtok":"100000000","quantity_lots":25,"time_in_force":"gtc","#
                + #""client_order_id":"listing-1"}"#
        )
    }

    @Test func `Only a twin claims an environment`() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let plan = try Samples.plan(count: 5, seed: seed)
            for (index, offer) in plan.supply.offers.enumerated() {
                let body = try JSONValue(plan.offerBody(index))
                #expect(body["capability"]?["tee"]?.string == (offer.isTwin ? "tdx" : nil))
            }
        }
    }

    @Test func `A bid demands what its requirement says and nothing else`() throws {
        let plan = try Samples.plan(count: 300)
        for (index, bid) in plan.demand.bids.enumerated() {
            let body = try JSONValue(plan.bidBody(index))
            let requirement = body["requirement"]
            #expect(requirement?["model"]?["in"]?.elements?.count ?? 0 == bid.requirement.models.count)
            #expect(requirement?["quality"]?["gte"]?.integer ?? 0 == bid.requirement.qualityAtLeast)
            #expect(requirement?["context_length"]?["gte"]?.integer ?? 0 == bid.requirement.contextLengthAtLeast)
            #expect(
                requirement?["features"]?["all"]?.elements?.compactMap(\.string) ?? [] == bid.requirement.features.names
            )
            #expect((requirement?["tee"] != nil) == (bid.kind == .attested))
            #expect(body["price_nanoton_per_mtok"]?.string == String(bid.limit.nanoTONPerMTok))
            #expect(body["quantity_lots"]?.integer == bid.lots.count)
            #expect(body["time_in_force"]?.string == (bid.isImmediate ? "ioc" : "gtc"))
            #expect(body["client_order_id"]?.string == "request-\(index + 1)")
            let named = bid.requirement.models.isEmpty ? bid.requirement.weightSet.weightSet?.name : nil
            #expect(body["weight_set"]?.string == named)
        }
    }

    @Test func `A model's quality is left out when nobody measured it`() throws {
        let plan = try Samples.plan(count: 5)
        let big = try JSONValue(plan.modelBody(0))
        #expect(big["quality"]?.integer == 41)
        #expect(big["weight_set"]?.string == "ratio-4")
        #expect(big["hugging_face_id"]?.string == "X/Big")
        let odd = try JSONValue(plan.modelBody(2))
        #expect(odd["quality"] == nil && odd["hugging_face_id"] == nil)
        #expect(odd["weight_set"]?.string == "standard")
    }

    @Test func `An account is small unless the plan needs it larger`() throws {
        #expect(try Samples.plan(count: 5).accountBody(label: "a").elementsEqual(#"{"label":"a"}"#.utf8))
        let large = try JSONValue(Samples.plan(count: 10_001).accountBody(label: "a"))
        #expect(large["open_orders_max"]?.integer == 10_001)
    }
}
