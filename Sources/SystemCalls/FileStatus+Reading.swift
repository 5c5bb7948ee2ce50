public import SystemPackage

extension FileDescriptor {
    /// The next bytes of an open file: at least one and at most `maximum`; empty at its end.
    /// - Throws: `Errno`, as `read(2)` says.
    public func bytes(upTo maximum: Int) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: maximum) { space, count in
            count = try unsafe read(into: UnsafeMutableRawBufferPointer(space))
        }
    }
}
