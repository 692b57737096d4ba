internal import Demonstration
internal import JSON

/// What `bombyx bench capacity` has measured.
struct CapacityReport {
    let orders: Int64
    let machine: MachineFacts
    let placingMicroseconds: Int64
    let catchUp: CatchUp
    let stopMicroseconds: Int64
    let stages: [CapacityRun.Stage]

    /// All orders rest, in every stage but the first.
    var isSound: Bool { stages.dropFirst().allSatisfy { $0.openOrders == orders } }

    private var bytesPerOrder: Int64 {
        guard let empty = stages.first, stages.count > 1 else { return 0 }
        return (stages[1].residentBytes - empty.residentBytes) / max(1, orders)
    }

    var lines: [String] {
        var table = TextTable("lrrrr")
        table.row("server", "resting orders", "memory", "at most", "ready after")
        for stage in stages {
            let start = stage.startMicroseconds == 0 ? "–" : Figures.duration(stage.startMicroseconds)
            let memory = (now: Figures.bytes(stage.residentBytes), peak: Figures.bytes(stage.peakBytes))
            table.row(stage.name, Figures.count(stage.openOrders), memory.now, memory.peak, start)
        }
        let rate = Int128(orders) * 1_000_000 / Int128(max(1, placingMicroseconds))
        return ["\(Figures.count(orders)) resting orders", "  " + machine.line]
            + table.lines()
            + [
                "  memory an order: \(Figures.count(bytesPerOrder)) bytes",
                "  placed in \(Figures.duration(placingMicroseconds)), \(Figures.count(rate)) a second",
                "  tables behind at the end: \(Figures.count(catchUp.lag)) commands, "
                    + "for \(Figures.duration(catchUp.microseconds))",
                "  stopped in \(Figures.duration(stopMicroseconds))",
            ] + (isSound ? [] : ["  NOT ALL ORDERS REST"])
    }

    var json: JSONValue {
        .members([
            ("orders", .integer(orders)),
            ("machine", machine.json),
            ("placing_microseconds", .integer(placingMicroseconds)),
            ("tables_behind_commands", .integer(catchUp.lag)),
            ("tables_caught_up_microseconds", .integer(catchUp.microseconds)),
            ("stop_microseconds", .integer(stopMicroseconds)),
            ("bytes_per_order", .integer(bytesPerOrder)),
            (
                "stages",
                .array(
                    stages.map { stage in
                        .members([
                            ("name", .string(stage.name)),
                            ("open_orders", .integer(stage.openOrders)),
                            ("resident_bytes", .integer(stage.residentBytes)),
                            ("peak_resident_bytes", .integer(stage.peakBytes)),
                            ("start_microseconds", .integer(stage.startMicroseconds)),
                        ])
                    }
                )
            ),
            ("sound", .boolean(isSound)),
        ])
    }
}
