//! Patches: changes of single fields, made to what the topology holds inside the commit.

use causeway_proto::v1;
use prost_types::FieldMask;
use tonic::Code;

use crate::errors::violations;
use crate::harness::{Served, apply, put, subnet, vpc};

fn patch(id: &str, paths: &[&str], resource: v1::Resource) -> v1::Change {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let patch = v1::ResourcePatch {
        resource_id: id.to_owned(),
        resource: Some(resource),
        update_mask: Some(FieldMask { paths }),
    };
    v1::Change {
        action: Some(v1::change::Action::Patch(patch)),
    }
}

fn tagged(key: &str, value: &str) -> v1::Resource {
    let tag = v1::Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    v1::Resource {
        tags: vec![tag],
        ..v1::Resource::default()
    }
}

fn vpc_with(edit: impl FnOnce(&mut v1::Vpc)) -> v1::Resource {
    let mut vpc = v1::Vpc::default();
    edit(&mut vpc);
    v1::Resource {
        kind: Some(v1::resource::Kind::Vpc(vpc)),
        ..v1::Resource::default()
    }
}

async fn served_with(resources: Vec<v1::Resource>) -> Served {
    let served = Served::start().await;
    let changes = resources.into_iter().map(put).collect();
    served
        .topologies()
        .apply_changes(apply(changes))
        .await
        .unwrap();
    served
}

#[tokio::test]
async fn a_patch_changes_its_fields_and_no_others() {
    let served = served_with(vec![vpc("vpc-1")]).await;
    let mut new = vpc_with(|vpc| {
        vpc.enable_dns_support = Some(false);
        vpc.cidr_blocks = vec!["10.9.0.0/16".to_owned()];
    });
    new.tags = tagged("Name", "main").tags;
    let change = patch("vpc-1", &["tags", "vpc.enable_dns_support"], new.clone());
    let applied = served
        .topologies()
        .apply_changes(apply(vec![change]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((applied.revision, applied.put_count), (2, 1));
    let held = served
        .client
        .get_resource("t", "vpc-1", None)
        .await
        .unwrap();
    let mut expected = vpc("vpc-1");
    expected.tags = new.tags;
    if let Some(v1::resource::Kind::Vpc(vpc)) = &mut expected.kind {
        vpc.enable_dns_support = Some(false);
    }
    assert_eq!(held, expected);
}

#[tokio::test]
async fn a_field_that_a_patch_names_and_does_not_give_is_emptied() {
    let served = served_with(vec![vpc_tagged()]).await;
    let nothing = v1::Resource::default();
    let patched = served.client.apply("t").patch("vpc-1", nothing, ["tags"]);
    patched.send().await.unwrap();
    let held = served
        .client
        .get_resource("t", "vpc-1", None)
        .await
        .unwrap();
    assert_eq!(held, vpc("vpc-1"));
}

fn vpc_tagged() -> v1::Resource {
    v1::Resource {
        tags: tagged("Name", "main").tags,
        ..vpc("vpc-1")
    }
}

#[tokio::test]
async fn a_patch_that_changes_nothing_makes_no_revision() {
    let served = served_with(vec![vpc_tagged()]).await;
    let change = patch("vpc-1", &["tags"], tagged("Name", "main"));
    let applied = served
        .topologies()
        .apply_changes(apply(vec![change]))
        .await
        .unwrap();
    assert_eq!(applied.into_inner().revision, 1);
}

/// Two that each read, change and put the whole would lose one of the changes.
#[tokio::test]
async fn patches_of_different_fields_at_once_are_all_kept() {
    let served = served_with(vec![vpc("vpc-1")]).await;
    let block = vpc_with(|vpc| vpc.cidr_blocks = vec!["10.8.0.0/16".to_owned()]);
    let hostnames = vpc_with(|vpc| vpc.enable_dns_hostnames = Some(true));
    let changes = [
        patch("vpc-1", &["vpc.cidr_blocks"], block),
        patch("vpc-1", &["vpc.enable_dns_hostnames"], hostnames),
        patch("vpc-1", &["tags"], tagged("Name", "main")),
    ];
    let tasks = changes.map(|change| {
        let mut topologies = served.topologies();
        tokio::spawn(async move { topologies.apply_changes(apply(vec![change])).await })
    });
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let held = served
        .client
        .get_resource("t", "vpc-1", None)
        .await
        .unwrap();
    let Some(v1::resource::Kind::Vpc(vpc)) = held.kind else {
        panic!("no VPC");
    };
    let fields = (vpc.cidr_blocks, vpc.enable_dns_hostnames, held.tags.len());
    assert_eq!(fields, (vec!["10.8.0.0/16".to_owned()], Some(true), 1));
}

#[tokio::test]
async fn a_patch_that_cannot_be_read_names_each_path() {
    let served = served_with(vec![vpc("vpc-1")]).await;
    let paths = ["vpc", "vpc.colour", "vpc.cidr_blocks.first", "tags", ""];
    let changes = vec![
        patch("vpc-1", &paths, v1::Resource::default()),
        patch("", &[], v1::Resource::default()),
    ];
    let status = served
        .topologies()
        .apply_changes(apply(changes))
        .await
        .unwrap_err();
    let found = violations(&status);
    let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "changes[0].patch.update_mask[0]",
            "changes[0].patch.update_mask[1]",
            "changes[0].patch.update_mask[2]",
            "changes[0].patch.update_mask[4]",
            "changes[1].patch.resource_id",
            "changes[1].patch.update_mask"
        ]
    );
}

#[tokio::test]
async fn a_patch_that_does_not_fit_is_refused_with_its_field_and_nothing_is_changed() {
    let served = served_with(vec![vpc("vpc-1"), subnet("subnet-1", "vpc-1")]).await;
    let blocks = |block: &str| {
        let block = block.to_owned();
        vpc_with(|vpc| vpc.cidr_blocks = vec![block])
    };
    let other_id = vpc_with(|vpc| vpc.vpc_id = "vpc-2".to_owned());
    let cases = [
        (
            patch("vpc-9", &["tags"], tagged("a", "b")),
            "changes[1].patch.resource_id",
        ),
        (
            patch("subnet-1", &["vpc.cidr_blocks"], blocks("10.0.0.0/16")),
            "changes[1].patch.resource.vpc.cidr_blocks",
        ),
        (
            patch("vpc-1", &["vpc.vpc_id"], other_id),
            "changes[1].patch",
        ),
        (
            patch("vpc-1", &["vpc.cidr_blocks"], blocks("nonsense")),
            "changes[1].patch.resource.vpc.cidr_blocks[0]",
        ),
        (
            patch("vpc-1", &["vpc.cidr_blocks"], blocks("10.7.0.0/16")),
            "changes[1]",
        ),
    ];
    for (change, field) in cases {
        let changes = vec![put(vpc("vpc-3")), change];
        let status = served
            .topologies()
            .apply_changes(apply(changes))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        let found = violations(&status);
        assert_eq!(
            found.first().map(|(field, _)| field.as_str()),
            Some(field),
            "{found:?}"
        );
    }
    assert_eq!(served.client.get_topology("t").await.unwrap().revision, 1);
}
