//! How resources are cut into messages.

use super::*;

fn vpc(id: &str) -> v1::Resource {
    v1::Resource {
        owner_id: "111111111111".to_owned(),
        kind: Some(v1::resource::Kind::Vpc(v1::Vpc {
            vpc_id: id.to_owned(),
            ..v1::Vpc::default()
        })),
        ..v1::Resource::default()
    }
}

/// Each message as its kind and encoded size.
fn messages(resources: Vec<v1::Resource>) -> Vec<(&'static str, usize, usize)> {
    let messages = Messages {
        header: Some(v1::ImportHeader::default()),
        resources: resources.into_iter().peekable(),
    };
    messages
        .map(|message| match message.part {
            Some(Part::Header(header)) => ("header", 0, header.encoded_len()),
            Some(Part::Chunk(chunk)) => ("chunk", chunk.resources.len(), chunk.encoded_len()),
            None => ("nothing", 0, 0),
        })
        .collect()
}

#[test]
fn an_import_of_nothing_is_a_header() {
    assert_eq!(messages(Vec::new()), [("header", 0, 0)]);
}

#[test]
fn chunks_are_full_but_never_too_large_and_lose_nothing() {
    let resources: Vec<_> = (0..20_000).map(|n| vpc(&format!("vpc-{n:08}"))).collect();
    let messages = messages(resources);
    let chunks = messages.get(1..).unwrap_or_default();
    assert!(chunks.len() > 2, "{chunks:?}");
    assert!(
        chunks
            .iter()
            .all(|(kind, _, bytes)| *kind == "chunk" && *bytes <= CHUNK_BYTES)
    );
    let full = chunks
        .iter()
        .filter(|(_, _, bytes)| *bytes > CHUNK_BYTES - 100);
    assert_eq!(full.count(), chunks.len() - 1);
    assert_eq!(
        chunks.iter().map(|(_, count, _)| count).sum::<usize>(),
        20_000
    );
}

#[test]
fn a_resource_larger_than_a_chunk_goes_alone() {
    let large = vpc(&"x".repeat(2 * CHUNK_BYTES));
    let counts: Vec<_> = messages(vec![vpc("vpc-1"), large, vpc("vpc-2")])
        .into_iter()
        .map(|(_, count, _)| count)
        .collect();
    assert_eq!(counts, [0, 1, 1, 1]);
}
