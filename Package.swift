// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Warnings are errors where we build (CI sets REPLAY_STRICT); a newer compiler must not break a user's build.
let strict = ProcessInfo.processInfo.environment["REPLAY_STRICT"] != nil

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
    ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let collections: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil, resources: [Resource] = []
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, resources: resources, swiftSettings: settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: settings)
}

let package = Package(
    name: "replay",
    products: [.executable(name: "replay", targets: ["replay"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // Level 0: the C libraries.
        .systemLibrary(name: "CLibSSH2", pkgConfig: "libssh2", providers: [.apt(["libssh2-1-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),

        // Level 1: values and protocols; pure but for SystemCalls and Archives.
        module("DockerfileLanguage", [collections]),
        module("Basemaps", ["Yams"]),
        module("ReplayEvents"),
        module("RemoteHosts"),
        module("Clouds", ["Basemaps", "ReplayEvents"]),
        module("SystemCalls", [system]),
        module("Archives", ["CArchive", system]),

        // Level 2
        module("ReplayPlan", ["DockerfileLanguage", "Basemaps", collections, crypto]),
        module("SSHTransport", ["CLibSSH2", "RemoteHosts", "SystemCalls", crypto]),
        module("HTTPTransport", ["CCurl", "SystemCalls", system, crypto]),
        module("Store", ["Clouds", "SystemCalls", grdb, system]),
        module(
            "GuestSupervisor", ["RemoteHosts"],
            resources: [.embedInCode("Guest/supervisor.sh"), .embedInCode("Guest/prelude.sh")]),
        module("TerminalProgress", ["ReplayEvents", "SystemCalls"]),

        // Level 3
        module(
            "BuildContexts",
            [
                "DockerfileLanguage", "ReplayPlan", "Archives", "HTTPTransport", "SystemCalls", subprocess, system,
                crypto,
            ]),
        module(
            "ImageRegistry",
            ["Basemaps", "HTTPTransport", "Archives", "SystemCalls", subprocess, system, crypto]),
        module("BaseImages", ["Basemaps", "HTTPTransport", "ReplayEvents", "SystemCalls", subprocess, system, crypto]),

        module("TemplateAudit", ["SystemCalls", subprocess, system]),
        module(
            "MachineServices", ["Basemaps", "ReplayPlan", "GuestSupervisor"],
            resources: [
                .embedInCode("Guest/run.sh"), .embedInCode("Guest/health.sh"), .embedInCode("Guest/setup.sh"),
            ]),

        module("DockerfileChecks", ["DockerfileLanguage", "Basemaps", "ReplayPlan"]),

        // Level 4
        module(
            "Explanations", ["DockerfileLanguage", "Basemaps", "ReplayPlan", "MachineServices", "DockerfileChecks"]),
        module(
            "QEMUDriver",
            [
                "Clouds", "Basemaps", "BaseImages", "ReplayEvents", "Archives", "SystemCalls", subprocess, system,
                crypto,
            ],
            path: "Sources/CloudDrivers/QEMU"),
        module(
            "VSphereDriver",
            ["Clouds", "Basemaps", "ReplayEvents", "HTTPTransport", system],
            path: "Sources/CloudDrivers/VSphere"),
        module(
            "ReplayEngine",
            [
                "Basemaps", "ReplayPlan", "DockerfileLanguage", "ReplayEvents", "RemoteHosts", "GuestSupervisor",
                "BuildContexts", "SystemCalls", system, crypto,
            ],
            resources: [.embedInCode("Guest/files.sh")]),
        module("BaseResolution", ["Basemaps", "ImageRegistry", "Archives", system]),
        module("Capture", ["Clouds", "ReplayEvents"], resources: [.embedInCode("seal.sh")]),
        module("Templates", ["TemplateAudit", "Store", "Clouds", "ReplayPlan", "Basemaps", system]),

        // Level 5 and 6
        module(
            "ReplayCommands",
            [
                "DockerfileLanguage", "Basemaps", "ReplayEvents", "RemoteHosts", "Clouds", "SystemCalls", "ReplayPlan",
                "SSHTransport", "HTTPTransport", "Store", "GuestSupervisor", "TerminalProgress", "BuildContexts",
                "BaseImages", "ImageRegistry", "BaseResolution", "MachineServices", "TemplateAudit", "QEMUDriver",
                "VSphereDriver", "Yams",
                "ReplayEngine", "Capture", "Templates", "DockerfileChecks", "Explanations", arguments, system, crypto,
                logging,
            ]),
        .executableTarget(name: "replay", dependencies: ["ReplayCommands"], swiftSettings: settings),

        // Tests
        .target(
            name: "ReplayTestSupport",
            dependencies: [
                "RemoteHosts", "Clouds", "SSHTransport", "SystemCalls", "Store", "ReplayEvents", subprocess, system,
            ],
            path: "Tests/ReplayTestSupport", swiftSettings: settings),
        .target(
            name: "CopyVectorSupport",
            dependencies: [
                "Basemaps", "BuildContexts", "DockerfileLanguage", "GuestSupervisor", "RemoteHosts", "ReplayEngine",
                "ReplayPlan", "ReplayTestSupport", subprocess, system,
            ],
            path: "Tests/CopyVectorSupport", swiftSettings: settings),
        .executableTarget(
            name: "RemoteBenchmark",
            dependencies: [
                "Basemaps", "BuildContexts", "GuestSupervisor", "RemoteHosts", "ReplayEngine", "ReplayEvents",
                "ReplayPlan", "ReplayTestSupport", "SSHTransport", "TerminalProgress", system,
            ],
            path: "Tests/RemoteBenchmark", swiftSettings: settings),
        .executableTarget(
            name: "BuildClient",
            dependencies: [
                "BuildContexts", "GuestSupervisor", "ReplayEngine", "ReplayPlan", "SSHTransport", system,
            ],
            path: "Tests/BuildClient", swiftSettings: settings),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Archives", "Basemaps", "DockerfileChecks", "DockerfileLanguage", "Explanations", "MachineServices",
                "ReplayPlan", system,
            ],
            path: "Tests/FuzzTargets", swiftSettings: settings),
        tests("FuzzTargetsTests", ["FuzzTargets", "ReplayTestSupport"]),
        tests("DockerfileLanguageTests", ["DockerfileLanguage", "ReplayTestSupport", system]),
        tests("BasemapsTests", ["Basemaps"]),
        tests("CloudsTests", ["Clouds", "ReplayTestSupport"]),
        tests("ArchivesTests", ["Archives", "ReplayTestSupport", system, subprocess]),
        tests(
            "ReplayPlanTests", ["ReplayPlan", "DockerfileLanguage", "Basemaps", "ReplayTestSupport", crypto],
            exclude: ["Fixtures"]),
        tests(
            "SSHTransportTests",
            ["SSHTransport", "RemoteHosts", "ReplayTestSupport", "SystemCalls", subprocess, system]),
        tests("HTTPTransportTests", ["HTTPTransport", "ReplayTestSupport", system]),
        tests("StoreTests", ["Store", "Clouds", "SystemCalls", "ReplayTestSupport", grdb, system]),
        tests(
            "GuestSupervisorTests",
            ["GuestSupervisor", "RemoteHosts", "ReplayTestSupport", "SSHTransport", system, crypto]),
        tests(
            "TerminalProgressTests", ["TerminalProgress", "ReplayEvents", "SystemCalls", "ReplayTestSupport"],
            exclude: ["Goldens"]),
        tests(
            "BuildContextsTests",
            [
                "BuildContexts", "ReplayPlan", "DockerfileLanguage", "Basemaps", "Archives", "SystemCalls",
                "ReplayTestSupport", system, subprocess, crypto,
            ]),
        tests(
            "ImageRegistryTests",
            ["ImageRegistry", "Basemaps", "HTTPTransport", "ReplayTestSupport", subprocess, system, crypto]),
        tests("BaseResolutionTests", ["BaseResolution", "ImageRegistry", "Basemaps", "ReplayTestSupport", system]),
        tests(
            "BaseImagesTests",
            ["BaseImages", "Basemaps", "ReplayEvents", "ReplayTestSupport", system, crypto, subprocess]),
        tests(
            "QEMUDriverTests",
            ["QEMUDriver", "Clouds", "ReplayEvents", "ReplayTestSupport", "SystemCalls", system]),
        tests(
            "ReplayEngineTests",
            [
                "ReplayEngine", "Basemaps", "DockerfileLanguage", "ReplayPlan", "ReplayEvents", "GuestSupervisor",
                "RemoteHosts", "ReplayTestSupport", "CopyVectorSupport", "BuildContexts", "SSHTransport", "BuildClient",
                "SystemCalls", subprocess, system, crypto,
            ]),
        tests(
            "MachineServicesTests",
            [
                "MachineServices", "ReplayPlan", "DockerfileLanguage", "Basemaps", "GuestSupervisor",
                "ReplayTestSupport",
            ],
            exclude: ["Fixtures"]),
        tests(
            "DockerfileChecksTests",
            [
                "DockerfileChecks", "Explanations", "DockerfileLanguage", "Basemaps", "ReplayPlan", "MachineServices",
                "ReplayTestSupport", system,
            ],
            exclude: ["Fixtures"]),
        tests("CaptureTests", ["Capture", "ReplayTestSupport"]),
        tests(
            "TemplatesTests", ["Templates", "Store", "Clouds", "ReplayPlan", "Basemaps", "ReplayTestSupport", system],
            exclude: ["Goldens"]),
        tests("ReplayCommandsTests", ["ReplayCommands", "ReplayTestSupport", subprocess, system]),
        tests("TemplateAuditTests", ["TemplateAudit", "SystemCalls", "ReplayTestSupport", system]),
        tests("HouseTests", [subprocess, system]),
        tests(
            "VCenterTests", ["VSphereDriver", "Basemaps", "Clouds", "ReplayEvents", "ReplayTestSupport"],
            exclude: ["Goldens"]),
        tests(
            "EndToEndTests",
            ["ReplayTestSupport", "CopyVectorSupport", "Clouds", "SSHTransport", subprocess, system],
            exclude: ["Fixtures"]),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings the program's main, so this one is no ordinary product: see `make fuzz`.
if ProcessInfo.processInfo.environment["REPLAY_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzzing", dependencies: ["FuzzTargets"], path: "Tests/Fuzzing",
            swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
}

// Only `make docs` needs the plugin.
if ProcessInfo.processInfo.environment["REPLAY_DOCS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.3"))
}
