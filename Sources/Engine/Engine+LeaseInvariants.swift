import Exchange
import Ledger
import Units

/// What holds of leases and bonds after every command, beside what every lease keeps (``LeaseRecord/isConsistent``).
extension Engine {
    func checkDeliveries() throws(InvariantViolation) {
        var leased = ContiguousArray(repeating: Int64(0), count: registry.accounts.count)
        var pending = ContiguousArray(repeating: Int128(0), count: registry.accounts.count)
        var uses: [[Int64]: Int64] = [:]
        var earliest = LogicalTime.never
        for lease in leases.sorted {
            guard lease.isConsistent else { throw .delivery(lease.id) }
            leased[Int(lease.worker.rawValue) - 1] += lease.lots.count
            earliest = min(earliest, lease.due)
            guard let delivery = lease.terms?.delivery else { continue }
            uses[[lease.buyer.rawValue, delivery.buyerProfile], default: 0] += 1
            uses[[lease.worker.rawValue, delivery.workerProfile], default: 0] += 1
        }
        for slash in slashes.values {
            pending[Int(slash.worker.rawValue) - 1] += Int128(slash.amount.count)
            earliest = min(earliest, slash.due)
        }
        guard leaseDeadlines.first?.at ?? .never == earliest else { throw .leaseDeadline }
        for (index, account) in registry.accounts.enumerated() {
            let id = account.record.id
            guard account.leasedLots == leased[index], account.pendingSlashes == pending[index] else {
                throw .commitments(id)
            }
            for profile in account.profileVersions where profile.record.version > 1 {
                guard profile.uses == uses[[id.rawValue, profile.record.version]] ?? 0 else { throw .commitments(id) }
            }
        }
    }
}
