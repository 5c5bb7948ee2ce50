import Clouds
import Foundation
import Testing

@Suite("The seed that cloud-init reads")
struct CloudConfigTests {
    static let access = GuestAccess(
        hostPrivateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n",
        hostPublicKey: "ssh-ed25519 AAAAhost \"quoted\" é", userPublicKeys: ["ssh-ed25519 AAAAuser one: # two"])
    let build = BuildID.random()

    private func parsed(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func theFirstLineIsTheOneThatCloudInitLooksFor() {
        let seed = CloudConfig.build(build, access: Self.access)
        #expect(seed.userData.hasPrefix("#cloud-config\n"))
    }

    @Test func theHostKeyIsPinnedAndTheOnlyOne() throws {
        let access = Self.access
        for seed in [
            CloudConfig.build(build, access: access), CloudConfig.template(build, access: access, hostName: "web"),
        ] {
            let config = try parsed(String(seed.userData.dropFirst("#cloud-config\n".count)))
            let keys = try #require(config["ssh_keys"] as? [String: String])
            #expect(keys == ["ed25519_private": access.hostPrivateKey, "ed25519_public": access.hostPublicKey])
            #expect(config["ssh_deletekeys"] as? Bool == true)
            #expect(config["ssh_genkeytypes"] as? [String] == ["ed25519"])
            #expect(config["ssh_pwauth"] == nil)
        }
    }

    @Test func theBuildUserHasItsNumberItsKeyAndSudoAndNoPassword() throws {
        let seed = CloudConfig.build(build, access: Self.access)
        let config = try parsed(String(seed.userData.dropFirst("#cloud-config\n".count)))
        let users = try #require(config["users"] as? [[String: Any]])
        let user = try #require(users.first)
        #expect(users.count == 1)
        #expect(user["name"] as? String == "replay-build")
        #expect((60706...61183).contains(try #require(user["uid"] as? Int)))
        #expect(user["no_user_group"] as? Bool == true)
        #expect(user["lock_passwd"] as? Bool == true)
        #expect(user["sudo"] as? String == "ALL=(ALL) NOPASSWD:ALL")
        #expect(user["ssh_authorized_keys"] as? [String] == Self.access.userPublicKeys)
        #expect(config["disable_root"] as? Bool == true)
    }

    @Test func aTemplateAdmitsRootAndMakesNoUser() throws {
        let seed = CloudConfig.template(build, access: Self.access, hostName: "web")
        let config = try parsed(String(seed.userData.dropFirst("#cloud-config\n".count)))
        let users = try #require(config["users"] as? [[String: Any]])
        #expect(users.map { $0["name"] as? String } == ["root"])
        #expect(users.first?["ssh_authorized_keys"] as? [String] == Self.access.userPublicKeys)
        #expect(config["disable_root"] as? Bool == false)
        #expect(config["cloud_final_modules"] == nil)
        let meta = try parsed(seed.metaData)
        #expect(meta["local-hostname"] as? String == "web")
    }

    @Test func eachMachineIsAnotherInstance() throws {
        let one = try parsed(CloudConfig.build(build, access: Self.access).metaData)
        let two = try parsed(CloudConfig.build(.random(), access: Self.access).metaData)
        #expect(one["instance-id"] as? String == "replay-\(build)")
        #expect(one["instance-id"] as? String != two["instance-id"] as? String)
    }

    @Test(.enabled(if: YAMLReader.isThere, "needs python3 with yaml")) func itIsYAMLThatSaysTheSame() throws {
        for seed in [
            CloudConfig.build(build, access: Self.access),
            CloudConfig.template(build, access: Self.access, hostName: "web"),
        ] {
            for text in [seed.userData, seed.metaData] {
                let json = try YAMLReader.json(of: text)
                let direct = try parsed(String(text.drop { $0 != "{" }))
                #expect(try parsed(json) as NSDictionary == direct as NSDictionary)
            }
        }
    }
}

/// Reads YAML with another program than ours.
private enum YAMLReader {
    static let isThere = (try? json(of: "a: 1")) != nil

    static func json(of yaml: String) throws -> String {
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = [
            "python3", "-c", "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)",
        ]
        let (input, output) = (Pipe(), Pipe())
        python.standardInput = input
        python.standardOutput = output
        python.standardError = FileHandle.nullDevice
        try python.run()
        input.fileHandleForWriting.write(Data(yaml.utf8))
        try input.fileHandleForWriting.close()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        python.waitUntilExit()
        guard python.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
