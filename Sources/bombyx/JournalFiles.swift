internal import Foundation
internal import Store

/// Exported files on disk.
enum JournalFiles {
    /// Reads a file piece by piece.
    static func reader(_ path: String) throws -> JournalFileReader {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw CommandFailure("cannot read \(path)") }
        return try JournalFileReader { count throws(StoreError) in
            do {
                return Array(try handle.read(upToCount: count) ?? Data())
            } catch {
                throw .file("\(path) cannot be read")
            }
        }
    }

    /// The batches of several files, one file after the other.
    static func source(_ paths: [String]) -> Verification.Source? {
        guard !paths.isEmpty else { return nil }
        var rest = paths[...]
        var reader: JournalFileReader?
        return { () throws(StoreError) in
            var batches: [JournalBatch] = []
            while batches.count < batchesMax {
                if reader == nil {
                    guard let path = rest.popFirst() else { break }
                    do {
                        reader = try JournalFiles.reader(path)
                    } catch let error as StoreError {
                        throw error
                    } catch {
                        throw .file("\(error)")
                    }
                }
                guard let batch = try reader?.next() else {
                    reader = nil
                    continue
                }
                batches.append(batch)
            }
            return batches
        }
    }

    private static let batchesMax = 256

    /// A file that is not there yet; what is written is on disk when the closure returns.
    static func write<Value>(
        _ path: String,
        _ body: (([UInt8]) throws(StoreError) -> Void) throws -> Value
    ) throws -> Value {
        guard !FileManager.default.fileExists(atPath: path) else { throw CommandFailure("\(path) is there already") }
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw CommandFailure("cannot write \(path)") }
        do {
            let value = try body { bytes throws(StoreError) in
                do {
                    try handle.write(contentsOf: Data(bytes))
                } catch {
                    throw .file("\(path) cannot be written")
                }
            }
            try handle.synchronize()
            try handle.close()
            return value
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }
}
