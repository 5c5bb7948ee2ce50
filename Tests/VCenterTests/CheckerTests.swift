import ReplayTestSupport
import Testing

/// The checker refuses what a vCenter would: each request here but the first is wrong in one thing.
@Suite("The checker of SOAP requests", .enabled(if: SOAPChecker.obstacle == nil, "\(SOAPChecker.obstacle ?? "")"))
struct CheckerTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var content: String
        var problem: String?
        var action = "\"urn:vim25/6.7\""
        var testDescription: String { problem ?? "right" }
    }

    private static let this = #"<_this type="VirtualMachine">vm-1</_this>"#
    private static func clone(_ spec: String, name: String = "<name>a</name>") -> String {
        "<CloneVM_Task xmlns=\"urn:vim25\">\(this)<folder type=\"Folder\">group-v3</folder>\(name)<spec>\(spec)</spec></CloneVM_Task>"
    }
    private static let location =
        #"<location><datastore type="Datastore">d-1</datastore><diskMoveType>moveAllDiskBackingsAndAllowSharing</diskMoveType><pool type="ResourcePool">p-1</pool></location>"#
    private static func reconfigure(_ spec: String) -> String {
        "<ReconfigVM_Task xmlns=\"urn:vim25\">\(this)<spec>\(spec)</spec></ReconfigVM_Task>"
    }
    private static let disk = """
        <deviceChange><operation>edit</operation><device xsi:type="VirtualDisk"><key>2000</key>\
        <capacityInKB>8388608</capacityInKB></device></deviceChange>
        """
    private static func option(_ value: String) -> String {
        "<extraConfig><key>guestinfo.metadata</key>\(value)</extraConfig>"
    }

    static let samples: [Sample] = [
        Sample(content: clone(location + "<template>false</template><powerOn>false</powerOn>")),
        Sample(content: reconfigure("<numCPUs>2</numCPUs><memoryMB>2048</memoryMB>" + disk)),
        Sample(
            content: reconfigure(
                #"<extraConfig xsi:type="OptionValue"><key>a</key><value xsi:type="xsd:string">b</value></extraConfig>"#
            )),
        Sample(
            content: clone("<template>false</template>" + location + "<powerOn>false</powerOn>"),
            problem: "CloneVM_Task/spec/location: the element comes after template"),
        Sample(
            content: clone(location + "<powerOn>false</powerOn>"),
            problem: "CloneVM_Task/spec: template is missing"),
        Sample(
            content: clone(location + "<template>no</template><powerOn>false</powerOn>"),
            problem: "CloneVM_Task/spec/template: 'no' is no truth value"),
        Sample(
            content: clone(location + "<template>false</template><powerOn>false</powerOn>", name: ""),
            problem: "CloneVM_Task: name is missing"),
        Sample(
            content: clone(
                location.replacing(#"<pool type="ResourcePool">"#, with: #"<pool type="Folder">"#)
                    + "<template>false</template><powerOn>false</powerOn>"),
            problem: "CloneVM_Task/spec/location/pool: a reference to a Folder"),
        Sample(
            content: clone(
                location.replacing(#"<pool type="ResourcePool">"#, with: "<pool>")
                    + "<template>false</template><powerOn>false</powerOn>"),
            problem: "CloneVM_Task/spec/location/pool: a reference with the type None"),
        Sample(
            content: reconfigure("<memoryMB>2048</memoryMB><numCPUs>2</numCPUs>"),
            problem: "ReconfigVM_Task/spec/numCPUs: the element comes after memoryMB"),
        Sample(content: reconfigure("<numCPUs>two</numCPUs>"), problem: "'two' is no int"),
        Sample(content: reconfigure("<numCpus>2</numCpus>"), problem: "numCpus: the element is unknown here"),
        Sample(
            content: reconfigure("<numCPUs>2</numCPUs><numCPUs>2</numCPUs>"),
            problem: "numCPUs: the element is there twice"),
        Sample(
            content: reconfigure(option("<value>x</value>")), problem: "value: a value of any type needs xsi:type"),
        Sample(
            content: reconfigure(disk.replacing("VirtualDisk", with: "OptionValue")),
            problem: "device: a vim.option.OptionValue where a vim.vm.device.VirtualDevice belongs"),
        Sample(
            content: reconfigure(disk.replacing("edit", with: "change")), problem: "operation: 'change' is no"),
        Sample(
            content: reconfigure(disk.replacing("xsi:type=\"VirtualDisk\"", with: "type=\"VirtualDisk\"")),
            problem: "device: the attribute type is unknown"),
        Sample(content: "<PowerOn_Task xmlns=\"urn:vim25\">\(this)</PowerOn_Task>", problem: "no such method"),
        Sample(content: "<PowerOnVM_Task xmlns=\"urn:vim25\"/>", problem: "the first element is not _this"),
        Sample(content: "<PowerOnVM_Task>\(this)</PowerOnVM_Task>", problem: "the request is PowerOnVM_Task"),
        Sample(
            content: "<PowerOnVM_Task xmlns=\"urn:vim25\">\(this)</PowerOnVM_Task>", problem: "SOAPAction",
            action: "PowerOn"),
    ]

    @Test(arguments: samples)
    func refuses(sample: Sample) async throws {
        let envelope = """
            <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">\
            <soapenv:Body>\(sample.content)</soapenv:Body></soapenv:Envelope>
            """
        let request = VCenterSimulator.Request(method: "", body: envelope, action: sample.action, session: true)
        let problems = try await SOAPChecker.problems(in: [request])[0]
        if let problem = sample.problem {
            #expect(problems.contains { $0.contains(problem) }, "\(problems)")
        } else {
            #expect(problems == [])
        }
    }
}
