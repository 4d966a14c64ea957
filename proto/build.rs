//! Compiles the contract with protox, so that no system protoc is needed.

use std::path::PathBuf;

use prost::Message;

const FILES: [&str; 5] = [
    "causeway/v1/backup_service.proto",
    "causeway/v1/errors.proto",
    "causeway/v1/path_service.proto",
    "causeway/v1/resources.proto",
    "causeway/v1/topology_service.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("causeway.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .extern_path(".google.rpc.Status", "::tonic_types::Status")
        .compile_fds(descriptors)?;
    Ok(())
}
