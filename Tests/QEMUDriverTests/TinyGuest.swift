/// Disks whose boot sector is the whole guest: it writes `R` and a newline to the serial port within a tenth of a second.
enum TinyGuest {
    /// Powers off when its power button is pressed; until then it sleeps from one timer interrupt to the next.
    ///
    ///         mov  $0x3f8, %dx            1:  hlt
    ///         mov  $'R', %al                  mov  $0x600, %dx    # PM1 status
    ///         out  %al, %dx                   in   %dx, %ax
    ///         mov  $'\n', %al                 test $0x100, %ax    # power button
    ///         out  %al, %dx                   jz   1b
    ///         mov  $0x602, %dx  # PM1 enable  mov  $0x604, %dx    # PM1 control
    ///         mov  $0x100, %ax                mov  $0x2000, %ax   # sleep enable, S5
    ///         out  %ax, %dx                   out  %ax, %dx
    ///         sti                         2:  hlt
    ///                                         jmp  2b
    static let obedient = disk([
        0xba, 0xf8, 0x03, 0xb0, 0x52, 0xee, 0xb0, 0x0a, 0xee, 0xba, 0x02, 0x06, 0xb8, 0x00, 0x01, 0xef,
        0xfb, 0xf4, 0xba, 0x00, 0x06, 0xed, 0xa9, 0x00, 0x01, 0x74, 0xf6, 0xba, 0x04, 0x06, 0xb8, 0x00,
        0x20, 0xef, 0xf4, 0xeb, 0xfd,
    ])

    /// Powers off at once.
    static let ephemeral = disk([
        0xfa, 0xba, 0xf8, 0x03, 0xb0, 0x52, 0xee, 0xb0, 0x0a, 0xee, 0xba, 0x04, 0x06, 0xb8, 0x00, 0x20,
        0xef, 0xf4, 0xeb, 0xfd,
    ])

    /// Says nothing and halts.
    static let silent = disk([0xfa, 0xf4, 0xeb, 0xfd])

    private static func disk(_ code: [UInt8]) -> [UInt8] {
        code + [UInt8](repeating: 0, count: 510 - code.count) + [0x55, 0xaa]
            + [UInt8](repeating: 0, count: (1 << 20) - 512)
    }
}
