extension RawSpan {
    /// The bytes, in an array of their own.
    public var copied: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}
