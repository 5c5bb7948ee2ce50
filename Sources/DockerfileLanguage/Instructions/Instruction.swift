/// An instruction of a Dockerfile, checked. Words are not expanded yet: that needs the environment.
public enum Instruction: Sendable, Hashable {
    /// ADD
    case add(AddInstruction)
    /// ARG
    case arg(ArgInstruction)
    /// CMD
    case cmd(CmdInstruction)
    /// COPY
    case copy(CopyInstruction)
    /// ENTRYPOINT
    case entrypoint(EntrypointInstruction)
    /// ENV
    case env(EnvInstruction)
    /// EXPOSE
    case expose(ExposeInstruction)
    /// FROM. It begins a stage and is in ``Stage/from``, never among a stage's instructions.
    case from(FromInstruction)
    /// HEALTHCHECK
    case healthcheck(HealthcheckInstruction)
    /// LABEL
    case label(LabelInstruction)
    /// MAINTAINER
    case maintainer(MaintainerInstruction)
    /// ONBUILD
    case onbuild(OnBuildInstruction)
    /// RUN
    case run(RunInstruction)
    /// SHELL
    case shell(ShellInstruction)
    /// STOPSIGNAL
    case stopSignal(StopSignalInstruction)
    /// USER
    case user(UserInstruction)
    /// VOLUME
    case volume(VolumeInstruction)
    /// WORKDIR
    case workdir(WorkdirInstruction)

    /// Name, place, text and comment.
    public var syntax: InstructionSyntax {
        switch self {
        case .add(let instruction): instruction.syntax
        case .arg(let instruction): instruction.syntax
        case .cmd(let instruction): instruction.syntax
        case .copy(let instruction): instruction.syntax
        case .entrypoint(let instruction): instruction.syntax
        case .env(let instruction): instruction.syntax
        case .expose(let instruction): instruction.syntax
        case .from(let instruction): instruction.syntax
        case .healthcheck(let instruction): instruction.syntax
        case .label(let instruction): instruction.syntax
        case .maintainer(let instruction): instruction.syntax
        case .onbuild(let instruction): instruction.syntax
        case .run(let instruction): instruction.syntax
        case .shell(let instruction): instruction.syntax
        case .stopSignal(let instruction): instruction.syntax
        case .user(let instruction): instruction.syntax
        case .volume(let instruction): instruction.syntax
        case .workdir(let instruction): instruction.syntax
        }
    }

    /// The lines where it stands.
    public var lines: SourceRange { syntax.lines }
}
