import Foundation
import Store
import Testing

@Suite struct TemplateReferenceTests {
    @Test(arguments: [
        ("web", "web:latest"), ("web:1", "web:1"), ("a/b.c_d__e---f:V1.2_x-", "a/b.c_d__e---f:V1.2_x-"), ("0:_", "0:_"),
    ])
    func `a name is read`(text: String, expected: String) throws {
        #expect(try TemplateReference(text).description == expected)
    }

    @Test(arguments: [
        "", ":", "web:", "Web", "we b", "-web", "web-", "a//b", "/a", "a/", "a..b", "a___b", "../x", "web:.1", "web:-1",
        "web:a b", "web:1:2", "host:5000/web", "wéb", "web:é", "web:" + String(repeating: "x", count: 129),
    ])
    func `what is no name is refused`(text: String) {
        let error = #expect(throws: StoreError.self) { try TemplateReference(text) }
        #expect(error?.code == .invalidName)
    }

    @Test(arguments: [
        ("nginx", "nginx"), ("My App (2)", "my-app-2"), ("..", "template"), ("", "template"), ("été", "t"),
        ("a_b.c", "a-b-c"),
    ])
    func `a directory's name is made fit`(directory: String, expected: String) throws {
        let reference = TemplateReference(contextDirectory: directory)
        #expect(reference.description == expected + ":latest")
        #expect(try TemplateReference(reference.description) == reference)
    }

    @Test func `it is coded as its text`() throws {
        let reference = try TemplateReference("web:1")
        let data = try JSONEncoder().encode([reference])
        #expect(String(decoding: data, as: UTF8.self) == #"["web:1"]"#)
        #expect(try JSONDecoder().decode([TemplateReference].self, from: data) == [reference])
    }
}
