/// How far a client has followed what happens on a guest: enough for another process to go on at the same byte.
public struct GuestPosition: Sendable, Hashable, Codable {
    /// Bytes of the guest's output log that have been handed out.
    public var offset: UInt64
    /// The supervisor's records in these bytes: as many lines of its journal are known.
    public var records: Int

    /// Makes a position; without arguments, the beginning.
    public init(offset: UInt64 = 0, records: Int = 0) {
        self.offset = offset
        self.records = records
    }
}
