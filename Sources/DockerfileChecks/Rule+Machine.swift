extension Rule {
    static let systemctlReplaced = Rule(
        "SystemctlReplaced", .machine, .error, "systemctl is the machine's own.",
        hint: "Leave it out: the machine runs systemd, and systemctl enable works in a RUN.")
    static let essentialPackageRemoved = Rule(
        "EssentialPackageRemoved", .machine, .error, "Packages that boot the machine or let replay in are kept.",
        hint: "Keep the package: a container does not need it, the machine does.")
    static let accessDisabled = Rule(
        "AccessDisabled", .machine, .error, "SSH, network, cloud-init and boot files stay as they are.",
        hint: "Leave it: without it the machine cannot be reached, or does not boot.")
    static let rebootNotLast = Rule(
        "RebootNotLast", .machine, .error, "A reboot is the last command of a RUN.",
        hint: "Put what comes after it into a RUN of its own.")
    static let autoremoveOnMachine = Rule(
        "AutoremoveOnMachine", .machine, "Packages are not removed because nothing depends on them.",
        hint: "Name the packages to remove: on a machine this may take kernels and tools of the boot along.")
    static let identifierTaken = Rule(
        "IdentifierTaken", .machine, "Users and groups have numbers that a machine does not use itself.",
        hint: "Use a number from 10000 to 59999, or leave it to the machine and go by the name.")
    static let vanishingPath = Rule(
        "VanishingPath", .machine, "Nothing is put where a machine forgets it.",
        hint: "Put files elsewhere; for directories in /run use a file in /etc/tmpfiles.d or RuntimeDirectory=.")
    static let serviceStartedByHand = Rule(
        "ServiceStartedByHand", .machine, "Services are enabled, not started.",
        hint: "Use systemctl enable: the service then starts when a copy of the template boots.")
    static let secretValue = Rule(
        "SecretValue", .machine, "The Dockerfile holds no credentials.",
        hint: "Revoke it and take it out: the Dockerfile's text is kept with the template.")
    static let containerPackageSettings = Rule(
        "ContainerPackageSettings", .machine, "Nothing relies on settings that only container images have.",
        hint: "Leave it out, or use rm -f: a cloud image does not have these files.", isFixable: true)
    static let containerProbe = Rule(
        "ContainerProbe", .machine, "Nothing depends on being in a container.",
        hint: "On a machine the answer is no: check that the other branch is right.")
    static let networkFileWritten = Rule(
        "NetworkFileWritten", .machine, "Names and resolvers are left to the machine.",
        hint: "Give it to each machine at boot: here it stays in every copy, or is overwritten at boot.")
    static let kernelStateChanged = Rule(
        "KernelStateChanged", .machine, "Kernel settings are made in files that are read at boot.",
        hint: "Write it to /etc/sysctl.d, /etc/modules-load.d, /etc/fstab or the like.")
    static let machineFileReplaced = Rule(
        "MachineFileReplaced", .machine, "Files that the machine needs are changed, not replaced.",
        hint: "Add a file to the directory beside it (sshd_config.d, sudoers.d …), or use the tool for it.")
    static let outputDeviceOpened = Rule(
        "OutputDeviceOpened", .machine, "Services do not open /dev/stdout by its path.",
        hint:
            "Let the program log to syslog or to its own standard output: the service's output is the journal's socket."
    )
    static let argShadowsEnv = Rule(
        "ArgShadowsEnv", .machine, "ARG and ENV do not share a name.",
        hint: "Rename one: the last one in the file wins in the steps, but the machine keeps the one of ENV.")
    static let foreignPackageManager = Rule(
        "ForeignPackageManager", .machine, "The package manager is the distribution's.",
        hint: "Use the distribution's own, or another base.")

    /// The rules that only a live machine needs.
    static let machines: [Rule] = [
        systemctlReplaced, essentialPackageRemoved, accessDisabled, rebootNotLast, autoremoveOnMachine,
        identifierTaken, vanishingPath, serviceStartedByHand, secretValue, containerPackageSettings, containerProbe,
        networkFileWritten, kernelStateChanged, machineFileReplaced, outputDeviceOpened, argShadowsEnv,
        foreignPackageManager,
    ]
}
