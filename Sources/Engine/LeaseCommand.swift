package import Units

/// What is to be done with leases and what they are delivered under.
package enum LeaseCommand: Hashable, Sendable {
    /// The giver's profile from now on.
    case setProfile(ProfileTerms)
    case recordReceipt(ReceiptTerms)
    case proveEquivocation(EquivocationTerms)
    /// The giver, its app, does not accept the pending claim of a lease.
    case disputeClaim(LeaseID)
    /// The giver, a party, is done with a lease.
    case closeLease(LeaseID)
    /// Moves the giver's available money into its bond.
    case lockBond(NanoTON)
    /// Moves money of the giver's bond back.
    case releaseBond(NanoTON)
    case setPolicy(LeasePolicyTerms)
    /// Takes back a strike and what it would cost, by the lease for which it was given.
    case pardon(LeaseID)
    /// How workers are measured from now on.
    case setMeasurementPolicy(MeasurementPolicyTerms)
    /// The exchange signs what is new with a key from a time on; one that is known changes nothing.
    case recordSigningKey(SigningKeyTerms)
}
