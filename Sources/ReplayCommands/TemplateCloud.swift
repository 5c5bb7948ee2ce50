import ArgumentParser
import Clouds
import Templates

/// Which cloud a template is in: its record says so.
struct TemplateCloud: ParsableArguments {
    @Option(help: "The cloud of the template; it is known, so this only makes sure.")
    var cloud: String?

    @OptionGroup var places: CloudOptions

    /// The store, with the cloud of a template.
    func workshop(for name: String) async throws -> Workshop {
        let workshop = try Workshop(flags: places.flags)
        let template = try await TemplateLibrary(workshop.store).find(name)
        if let cloud, cloud != template.image.cloud {
            throw UsageError(
                "The template \(template.reference) is in the cloud '\(template.image.cloud)', not in '\(cloud)'.")
        }
        return try workshop.workshop(for: template)
    }
}
