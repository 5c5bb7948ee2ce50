import DockerfileChecks
import Testing

/// The rules of a live machine beyond the examples of their pages: what they see through, and what they leave alone.
@Suite struct MachineRuleTests {
    @Test(arguments: [
        // Access
        ("RUN curl -o /bin/systemctl https://example.org/s", ["SystemctlReplaced 2"]),
        ("RUN ln -sf /x /usr/bin/systemctl", ["SystemctlReplaced 2"]),
        ("COPY bin/systemctl /usr/bin/", ["SystemctlReplaced 2"]),
        ("COPY systemctl /opt/tools/", []),
        ("RUN chmod +x /usr/bin/systemctl", []),
        ("RUN rm -rf /etc/ssh /boot/*", ["AccessDisabled 2", "AccessDisabled 2"]),
        ("RUN rm -f /etc/ssh/ssh_host_rsa_key", []),
        ("RUN sudo systemctl disable --now ssh.service", ["AccessDisabled 2", "ServiceStartedByHand 2"]),
        ("RUN userdel root", ["AccessDisabled 2"]),
        ("RUN true; shutdown -r now; true", ["RebootNotLast 2"]),
        ("RUN apt-get update && reboot", []),
        ("RUN poweroff", ["RebootNotLast 2"]),
        // Packages
        ("RUN dpkg --purge openssh-server nano", ["EssentialPackageRemoved 2"]),
        ("RUN apt-get remove -y 'linux-image-*' python3.11", ["EssentialPackageRemoved 2"]),
        ("RUN apt-get remove -y 'cloud*'", ["EssentialPackageRemoved 2"]),
        ("RUN apt-get install -y openssh-server python3", []),
        ("RUN bash -c 'apt-get -y autoremove'", ["AutoremoveOnMachine 2"]),
        ("RUN dnf install -y x", ["ForeignPackageManager 2"]),
        ("RUN echo exit 0 > /usr/sbin/policy-rc.d", ["ContainerPackageSettings 2"]),
        // Identifiers
        ("ARG ID=1000\nRUN groupadd -g $ID app && useradd -u${ID} -g app app", ["IdentifierTaken 3"]),
        ("RUN useradd --system app", []),
        ("USER 1000:1000", ["IdentifierTaken 2"]),
        ("USER 10001", []),
        ("COPY --chown=999:0 a /b", ["IdentifierTaken 2"]),
        ("RUN adduser --uid=999 --disabled-password app", ["IdentifierTaken 2"]),
        // Paths
        ("COPY a.deb /tmp/\nRUN dpkg -i /tmp/a.deb", []),
        ("COPY a.deb /tmp/", ["VanishingPath 2"]),
        ("WORKDIR /run/app", ["VanishingPath 2"]),
        ("VOLUME /var/run/app", ["VanishingPath 2"]),
        ("RUN mkdir -p /var/run/sshd /srv", ["VanishingPath 2"]),
        ("RUN touch /run/x && ls && rm /run/x", []),
        ("RUN date > /tmp/x", []),
        ("RUN echo a >> /etc/resolv.conf", ["NetworkFileWritten 2"]),
        ("RUN sed -i 's/a/b/' /etc/hosts", ["NetworkFileWritten 2"]),
        ("COPY rootfs/ /", ["MachineFileReplaced 2"]),
        ("COPY fstab /etc/", ["MachineFileReplaced 2"]),
        ("RUN cat /etc/passwd", []),
        // Services
        ("RUN service postgresql start && psql -c 'select 1'", []),
        ("RUN /etc/init.d/nginx start", ["ServiceStartedByHand 2"]),
        ("RUN systemctl start nginx || true", ["ServiceStartedByHand 2"]),
        ("RUN nohup ./server &", ["ServiceStartedByHand 2"]),
        ("RUN ./server & sleep 1; curl localhost", []),
        // Surroundings
        ("RUN grep -q docker /proc/1/cgroup", ["ContainerProbe 2"]),
        ("RUN modprobe overlay", ["KernelStateChanged 2"]),
        ("RUN mount", []),
        ("RUN echo 1 > /proc/sys/net/ipv4/ip_forward", ["KernelStateChanged 2"]),
        ("RUN <<EOF\nset -e\nhostname web\nEOF", ["KernelStateChanged 2-5"]),
        ("RUN <<EOF\n#!/bin/bash\nswapoff -a\nEOF", ["KernelStateChanged 2-5"]),
        ("RUN <<EOF\n#!/usr/bin/python3\nmodprobe = 1\nEOF", []),
        (#"CMD ["x", "--log", "/dev/stdout"]"#, ["OutputDeviceOpened 2"]),
        ("RUN cat <<EOF > /etc/x\nmodprobe x\nEOF", []),
        ("RUN echo \"modprobe x\" # modprobe y", []),
        ("RUN X=$(hostname web) true", ["KernelStateChanged 2"]),
        // Values
        ("ENV A=1\nARG A", []),
        ("ENV A=1\nARG A=2", ["ArgShadowsEnv 3"]),
        ("LABEL key=ghp_0123456789abcdefghij0123456789abcdef", ["SecretValue 2"]),
        ("ADD https://u:${PASS}@example.org/x /x", ["UndefinedVar 2"]),
        // Comments turn rules off.
        ("# check=skip=KernelStateChanged\nRUN modprobe overlay", []),
    ]) func finds(_ lines: String, _ expected: [String]) {
        #expect(rules("FROM debian:12\n\(lines)\n") == expected)
    }

    @Test func stagesThatDoNotRunOnTheMachineAreLeftAlone() {
        let text = "FROM debian:12 AS other\nRUN modprobe x\nFROM debian:12\nRUN true\n"
        #expect(rules(text) == [])
    }

    @Test func brokenFilesHaveFindingsToo() {
        #expect(rules("") == ["InvalidDockerfile"])
        #expect(rules("FROM debian:12\nCOPY --from=3 a /b\nRUN modprobe x\n").contains("InvalidDockerfile 2"))
        let text = "FROM debian:12\nSTOPSIGNAL nonsense\nRUN modprobe x\nRUN --network=none true\nEXPOSE 99999999\n"
        #expect(
            rules(text) == ["InvalidDockerfile 2", "KernelStateChanged 3", "NotReplayable 4", "InvalidDockerfile 5"])
    }

    @Test func aWarningCanBeMadeAnError() {
        let text = "# check=error=true\nFROM debian:12\nMAINTAINER x\nRUN modprobe x\n"
        #expect(check(text).findings.allSatisfy { $0.severity == .error })
        #expect(rules(text) == ["MaintainerDeprecated 3", "KernelStateChanged 4"])
    }

    @Test func secretsAreNotShown() throws {
        var report = CheckReport()
        let token = "ghp_0123456789abcdefghij0123456789abcdef"
        let text = """
            FROM debian:12
            ENV API_TOKEN=swordfish-4711
            RUN echo \(token) && curl https://me:opensesame@example.org && curl -u me:sesameopen https://example.org
            RUN <<EOF
            -----BEGIN RSA PRIVATE KEY-----
            c2VjcmV0
            -----END RSA PRIVATE KEY-----
            EOF
            """
        report.files = [("Dockerfile", check(text))]
        for format in CheckReport.Format.allCases {
            let told = try report.text(as: format, version: "1")
            for secret in ["swordfish", token, "opensesame", "sesameopen", "c2VjcmV0"] {
                #expect(!told.contains(secret), "\(told)")
            }
        }
        #expect(try report.text(as: .text, version: "1").contains("ENV API_TOKEN=***"))
    }
}
