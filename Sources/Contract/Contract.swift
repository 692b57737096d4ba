/// The contract, `openapi.yaml`. A target of its own, because its many bytes take long to compile, and change seldom.
package enum Contract {
    /// YAML, as it lies in the repository.
    package static let yaml: [UInt8] = PackageResources.openapi_yaml
}
