//! The contract of Causeway: the code generated from `causeway/v1/*.proto`, and nothing else.

/// Messages, clients and servers of package `causeway.v1`.
#[allow(
    clippy::all,
    reason = "the code is generated: its generators answer for its form"
)]
pub mod v1 {
    tonic::include_proto!("causeway.v1");
}

/// The contract as an encoded `google.protobuf.FileDescriptorSet`, for reflection and JSON.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/causeway.bin"));
