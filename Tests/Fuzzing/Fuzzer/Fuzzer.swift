import CFuzzer
import FuzzDrivers
import Glibc

/// The program that invents inputs: `bombyx-fuzz --target=json CORPUS -max_total_time=60`, with libFuzzer's options.
///
/// libFuzzer passes over what begins with two hyphens, and gives all arguments to the processes that it starts itself.
@main enum Fuzzer {
    static func main() {
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--write-seeds" {
            exit(writeSeeds(under: CommandLine.arguments[2]) ? 0 : 1)
        }
        guard target != nil else {
            complain("usage: bombyx-fuzz --target=NAME [CORPUS] [libFuzzer's options] | --write-seeds FOLDER\n")
            exit(64)
        }
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
        let status = unsafe withUnsafeMutablePointer(to: &arguments) { pointer in
            unsafe LLVMFuzzerRunDriver(&count, pointer) { bytes, size in
                unsafe Fuzzer.run(UnsafeBufferPointer(start: bytes, count: size))
                return 0
            }
        }
        exit(status)
    }

    /// What the argument `--target=NAME` names.
    static let target: FuzzTarget? = {
        let option = "--target="
        let name = CommandLine.arguments.first { $0.hasPrefix(option) }?.dropFirst(option.count)
        return name.flatMap { FuzzTarget(rawValue: String($0)) }
    }()

    private static func run(_ bytes: UnsafeBufferPointer<UInt8>) {
        do {
            try unsafe target?.run(Array(bytes))
        } catch {
            complain("bombyx-fuzz: \(error)\n")
            // libFuzzer keeps the input of a program that ends so.
            abort()
        }
    }

    private static func complain(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe write(2, bytes, bytes.count)
    }

    /// Writes the seeds of every target into a folder of its name, which must exist.
    private static func writeSeeds(under folder: String) -> Bool {
        for target in FuzzTarget.allCases {
            for (number, seed) in target.seeds.enumerated() {
                let file = unsafe fopen("\(folder)/\(target.rawValue)/seed-\(number)", "w")
                guard let file = unsafe file else { return false }
                _ = unsafe fwrite(seed, 1, seed.count, file)
                guard unsafe fclose(file) == 0 else { return false }
            }
        }
        return true
    }
}
