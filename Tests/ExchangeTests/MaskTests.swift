import Exchange
import Testing
import Units

@Suite struct MaskTests {
    @Test(arguments: [1, 7, 42] as [UInt64])
    func `The masks never exclude a pair that the rule allows`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var met = 0
        var excluded = 0
        for _ in 0..<50_000 {
            let capability = random.capability()
            let requirement = random.requirement()
            let mayBeMet = GroupMasks(requirement).mayMeet(GroupMasks(capability))
            if requirement.isMet(by: capability) {
                met += 1
                #expect(mayBeMet, "seed \(seed): \(requirement) \(capability)")
            } else if !mayBeMet {
                excluded += 1
            }
        }
        // The test means something only when both happen, and the masks help only when they exclude much.
        #expect(met > 500)
        #expect(excluded > 30_000)
    }

    @Test func `A demand for the European Union is met by its members and by the union itself`() {
        let union = Region.europeanUnion
        for name in ["de", "fr", "eu", "se"] { #expect(Region(name: name.utf8)?.lies(in: union) == true) }
        for name in ["us", "gb", "ch", "no"] { #expect(Region(name: name.utf8)?.lies(in: union) == false) }
        #expect(!union.lies(in: Region(code: 0x6465)))
        #expect(!Region.unknown.lies(in: union))
    }

    @Test(arguments: [0, 1, 1_023, 1_024, 1_025, 131_072, 1 << 30] as [Int64])
    func `Context is demanded at its exact length`(length: Int64) {
        var random = SplitMix64(state: 5)
        var capability = random.capability()
        var requirement = Requirement(weightSet: capability.weightSet)
        requirement.contextLengthAtLeast = length
        capability.contextLength = length
        #expect(requirement.isMet(by: capability))
        #expect(GroupMasks(requirement).mayMeet(GroupMasks(capability)))
        capability.contextLength = length - 1
        #expect(!requirement.isMet(by: capability) || length == 0)
    }

    @Test func `A model without quality meets no demand for quality, not even for one point`() {
        var random = SplitMix64(state: 6)
        var capability = random.capability()
        var requirement = Requirement(weightSet: capability.weightSet)
        capability.quality = nil
        #expect(requirement.isMet(by: capability))
        requirement.qualityAtLeast = 1
        #expect(!requirement.isMet(by: capability))
    }
}
