import Basemaps
import Clouds
import Foundation
import ReplayPlan
import Store
import Templates
import Testing

extension TemplateRecord {
    /// A record with something in every field.
    static func sample(_ name: String = "web:1") throws -> TemplateRecord {
        var config = ImageConfig(environment: [EnvironmentVariable("PATH", "/usr/bin:/bin")])
        config.command = ["nginx", "-g", "daemon off;"]
        config.exposedPorts = ["80/tcp"]
        let step = Step(
            number: 1, stage: "0", title: "RUN apt-get update", lines: LineRange(first: 2, last: 3),
            action: .makeDirectory(MakeDirectoryAction(path: "/srv", user: "")), digest: "sha256:aa")
        var record = TemplateRecord(
            identifier: "", name: try TemplateReference(name), build: BuildID("0123456789ab"),
            created: Date(timeIntervalSince1970: 1_763_823_600.75),
            image: ImageRecord(cloud: "qemu", reference: "disk.qcow2", digest: "sha256:bb", size: 4),
            architecture: "amd64",
            dockerfile: DockerfileRecord(
                path: "Dockerfile", digest: "sha256:cc", text: "FROM debian:12\nRUN \"a/b\"\n"),
            chain: [ChainLink(reference: "debian:12", method: "basemap", resolved: "debian:12", digest: "sha256:dd")],
            steps: [StepRecord(step, seconds: 3.2174)], config: config, buildArguments: ["B", "A"],
            warnings: [PlanWarning(rule: "MaintainerDeprecated", lines: nil, message: "MAINTAINER is deprecated")],
            versions: ["replay": "0.1.0", "qemu": "7.2.0"])
        record.service = ServiceRecord(
            unit: "replay-app.service", enabled: true, arguments: ["nginx", "-g", "daemon off;"], user: "",
            healthTimer: nil, displacedUnits: ["nginx.service"])
        record.enabledUnits = ["replay-app.service", "ssh.service"]
        record.failedUnits = []
        record.tests = ["curl -fsS http://127.0.0.1/"]
        return record
    }
}

@Suite struct TemplateRecordTests {
    @Test func `the text is as recorded, and reads back as what was written`() throws {
        let record = try TemplateRecord.sample()
        let text = try record.json()
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Goldens/template.json")
        if ProcessInfo.processInfo.environment["REPLAY_RECORD"] == "1" { try Data(text.utf8).write(to: file) }
        #expect(try text == String(contentsOf: file, encoding: .utf8), "compare with Goldens/template.json")
        #expect(try TemplateRecord(json: text) == record)
    }

    @Test func `fields of a later version are ignored`() throws {
        let record = try TemplateRecord.sample()
        let text = try record.json().replacingOccurrences(of: "{\n  \"arch", with: "{\n  \"later\" : [1],\n  \"arch")
        #expect(text.contains("later"))
        #expect(try TemplateRecord(json: text) == record)
    }

    @Test func `a record without the later fields is read`() throws {
        var record = try TemplateRecord.sample()
        record.service = nil
        record.enabledUnits = nil
        record.failedUnits = nil
        record.tests = nil
        let text = try record.json()
        #expect(!text.contains("Units"))
        #expect(try TemplateRecord(json: text) == record)
    }

    @Test(arguments: ["", "{}", "[]", "{\"schema\":1}"])
    func `what is no record is said to be none`(text: String) {
        let error = #expect(throws: TemplateError.self) { try TemplateRecord(json: text) }
        #expect(error?.code == .unreadableRecord)
    }
}
