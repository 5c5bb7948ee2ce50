import Foundation
import FuzzTargets

/// libFuzzer as a library: <https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library>.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The target that `REPLAY_FUZZ_TARGET` names.
enum Chosen {
    static let target = FuzzTarget(rawValue: ProcessInfo.processInfo.environment["REPLAY_FUZZ_TARGET"] ?? "")
}

guard Chosen.target != nil else {
    print("REPLAY_FUZZ_TARGET is one of: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    exit(2)
}

var count = CommandLine.argc
var arguments = unsafe CommandLine.unsafeArgv
exit(
    unsafe runDriver(&count, &arguments) { start, count in
        Chosen.target?.run(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
        return 0
    })
