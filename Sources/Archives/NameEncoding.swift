internal import Glibc

/// Runs the body while this thread's characters are UTF-8.
///
/// libarchive converts names by the locale, and a program that never calls `setlocale` is in the C locale, where no
/// name outside ASCII can be converted: the library then drops it, and even follows a null pointer.
func withUTF8Names<Value>(_ body: () throws -> Value) rethrows -> Value {
    guard let locale = unsafe UTF8Locale.shared.handle else { return try body() }
    let previous = unsafe uselocale(locale)
    defer { unsafe _ = uselocale(previous) }
    return try body()
}

@safe private struct UTF8Locale: @unchecked Sendable {
    // A locale object is immutable, and this one is never freed. `C.UTF-8` is built into glibc since 2.35.
    static let shared = unsafe UTF8Locale(handle: newlocale(1 << LC_CTYPE, "C.UTF-8", nil))
    let handle: locale_t?
}
