import ReplayTestSupport
import Testing

/// All of them measure time or fill the machine: one after the other.
@Suite(.serialized) enum SSHTransportTests {}

let hasServer = SSHServerFixture.obstacle() == nil
let noServer: Comment = "OpenSSH's server is not installed"
