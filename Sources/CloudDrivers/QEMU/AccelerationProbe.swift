internal import Clouds
internal import FoundationEssentials
internal import SystemCalls
internal import SystemPackage

/// Tries whether hardware acceleration runs code, in a fraction of a second and without anybody's image.
///
/// That `/dev/kvm` opens and makes a virtual machine says little: on nested hosts the kernel may emulate each of the guest's
/// instructions, some thousand times slower than QEMU's translator would be, or QEMU aborts at the first one. So the
/// probe is a boot sector that enters 64-bit mode, counts down from a hundred million, and then says so through QEMU's
/// `isa-debug-exit` device. A processor does that in well under a second.
struct AccelerationProbe: Sendable {
    let tools: QEMUTools
    /// Where the boot sector is kept.
    let disk: FilePath
    /// How long it may take, in whole seconds.
    var patience: Duration = .seconds(5)

    /// The BIOS starts nothing from a disk that is much smaller.
    static let diskSize = 1 << 20

    /// Answers why hardware acceleration does not work; nil when it does.
    func failure() async throws -> String? {
        guard let timeout = QEMUTools.locate("timeout", searchPath: "/usr/bin:/bin") else {
            return "the program 'timeout' is missing, without which it cannot be tried"
        }
        try AtomicFile.write(
            AccelerationProbe.bootSector + [UInt8](repeating: 0, count: AccelerationProbe.diskSize - 512), to: disk)
        // timeout(1) ends the probe also when this process is killed meanwhile.
        let answer = try await LocalCommand(
            timeout,
            [
                "--signal=KILL", "\(max(1, patience.components.seconds))", tools.emulator.string, "-accel",
                Acceleration.kvm.rawValue, "-cpu", "host",
                "-m", "16", "-nodefaults", "-no-user-config", "-display", "none",
                "-drive", "if=virtio,format=raw,readonly=on,file=\(disk.string.replacing(",", with: ",,"))",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            ]
        ).run()
        switch answer.status {
        // The device ends QEMU with twice the written value, plus one.
        case 0x10 << 1 | 1: return nil
        case nil, 137: return "a guest runs too slowly under /dev/kvm"
        default: return "QEMU fails under /dev/kvm: \(answer.reason)"
        }
    }

    /// The probe's program, as GNU as makes it of this:
    ///
    ///     .code16                                 lgdt gdtr
    ///     cli                                     movl %cr0, %eax
    ///     xorw %ax, %ax                           orl $0x80000001, %eax    # paging, protection
    ///     movw %ax, %ds                           movl %eax, %cr0
    ///     movw %ax, %es                           ljmp $8, $long
    ///     movw %ax, %ss                       gdtr: .word 15
    ///     movw $0x7c00, %sp                         .long gdt
    ///     movw $0x1000, %di                         .balign 8
    ///     movw $0x1800, %cx                   gdt:  .quad 0
    ///     cld                                       .quad 0x00209a0000000000
    ///     rep stosw        # page tables:     .code64
    ///     movw $0x2003, 0x1000                long: movl $100000000, %ecx
    ///     movw $0x3003, 0x2000                1:    decl %ecx
    ///     movw $0x0083, 0x3000                      jnz 1b
    ///     movl $0x20, %eax                          movb $0x10, %al
    ///     movl %eax, %cr4  # PAE                    outb %al, $0xf4
    ///     movl $0x1000, %eax                  2:    hlt
    ///     movl %eax, %cr3                           jmp 2b
    ///     movl $0xc0000080, %ecx  # EFER      .org 510
    ///     rdmsr                               .word 0xaa55
    ///     orw $0x100, %ax  # LME
    ///     wrmsr
    static let bootSector: [UInt8] = {
        let code: [UInt8] = [
            0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xbf, 0x00, 0x10, 0xb9,
            0x00, 0x18, 0xfc, 0xf3, 0xab, 0xc7, 0x06, 0x00, 0x10, 0x03, 0x20, 0xc7, 0x06, 0x00, 0x20, 0x03,
            0x30, 0xc7, 0x06, 0x00, 0x30, 0x83, 0x00, 0x66, 0xb8, 0x20, 0x00, 0x00, 0x00, 0x0f, 0x22, 0xe0,
            0x66, 0xb8, 0x00, 0x10, 0x00, 0x00, 0x0f, 0x22, 0xd8, 0x66, 0xb9, 0x80, 0x00, 0x00, 0xc0, 0x0f,
            0x32, 0x0d, 0x00, 0x01, 0x0f, 0x30, 0x0f, 0x01, 0x16, 0x5c, 0x7c, 0x0f, 0x20, 0xc0, 0x66, 0x0d,
            0x01, 0x00, 0x00, 0x80, 0x0f, 0x22, 0xc0, 0xea, 0x78, 0x7c, 0x08, 0x00, 0x0f, 0x00, 0x68, 0x7c,
            0x00, 0x00, 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x9a, 0x20, 0x00, 0xb9, 0x00, 0xe1, 0xf5, 0x05, 0xff, 0xc9, 0x75,
            0xfc, 0xb0, 0x10, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd,
        ]
        return code + [UInt8](repeating: 0, count: 510 - code.count) + [0x55, 0xaa]
    }()
}
