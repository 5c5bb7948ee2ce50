import ReplayCommands

@main
enum Main {
    static func main() async {
        await ReplayProgram.main()
    }
}
