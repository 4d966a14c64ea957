//! JSON of the contract, both ways.

use std::error::Error;

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

type Outcome = Result<(), Box<dyn Error>>;

#[track_caller]
fn refused<M: Contract>(value: &Value, expected: &Expect) {
    let error = from_value::<M>(value).err().map(|error| error.to_string());
    expected.assert_eq(&error.unwrap_or_else(|| "accepted".to_owned()));
}

fn vpc() -> v1::Resource {
    v1::Resource {
        owner_id: "111111111111".to_owned(),
        region: "eu-west-1".to_owned(),
        tags: Vec::new(),
        kind: Some(v1::resource::Kind::Vpc(v1::Vpc {
            vpc_id: "vpc-1".to_owned(),
            cidr_blocks: vec!["10.0.0.0/16".to_owned()],
            enable_dns_support: Some(false),
            ..v1::Vpc::default()
        })),
    }
}

#[test]
fn a_message_is_written_in_camel_case_with_short_enums_and_plain_numbers() -> Outcome {
    let answer = v1::PathAnswer {
        verdict: v1::Verdict::Unreachable.into(),
        revision: u64::MAX,
        forward: Some(v1::Trace {
            hops: vec![v1::Hop {
                resource_id: "rtb-1".to_owned(),
                resource_kind: v1::ResourceKind::RouteTable.into(),
                ..v1::Hop::default()
            }],
            disposition: v1::Disposition::NoNextHop.into(),
        }),
        explanations: vec![v1::Explanation {
            code: v1::ExplanationCode::NoRouteToDestination.into(),
            resource_id: "rtb-1".to_owned(),
            ..v1::Explanation::default()
        }],
        ..v1::PathAnswer::default()
    };
    expect![[r#"
        {
          "verdict": "UNREACHABLE",
          "revision": 18446744073709551615,
          "forward": {
            "hops": [
              {
                "resourceId": "rtb-1",
                "resourceKind": "ROUTE_TABLE",
                "name": "",
                "steps": [],
                "account": ""
              }
            ],
            "disposition": "NO_NEXT_HOP"
          },
          "explanations": [
            {
              "code": "NO_ROUTE_TO_DESTINATION",
              "resourceId": "rtb-1",
              "resourceKind": "UNSPECIFIED",
              "name": "",
              "direction": "UNSPECIFIED",
              "detail": ""
            }
          ],
          "alternatives": [],
          "alternativesTruncated": false,
          "assumptions": []
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&to_value(&answer)?)?);
    Ok(())
}

#[test]
fn optional_fields_are_written_only_when_given() -> Outcome {
    expect![[r#"{"ownerId":"111111111111","region":"eu-west-1","tags":[],"vpc":{"vpcId":"vpc-1","cidrBlocks":["10.0.0.0/16"],"dhcpOptionsId":"","isDefault":false,"enableDnsSupport":false}}"#]].assert_eq(&to_value(&vpc())?.to_string());
    Ok(())
}

#[test]
fn times_are_written_as_rfc_3339() -> Outcome {
    let value = to_value(&v1::Topology {
        create_time: Some(v1_time(1_700_000_000)),
        ..v1::Topology::default()
    })?;
    assert_eq!(
        value.get("createTime"),
        Some(&json!("2023-11-14T22:13:20Z"))
    );
    let back: v1::Topology = from_value(&value)?;
    assert_eq!(back.create_time, Some(v1_time(1_700_000_000)));
    Ok(())
}

fn v1_time(seconds: i64) -> prost_reflect::prost_types::Timestamp {
    prost_reflect::prost_types::Timestamp { seconds, nanos: 0 }
}

#[test]
fn what_is_written_reads_back_equal() -> Outcome {
    let back: v1::Resource = from_value(&to_value(&vpc())?)?;
    assert_eq!(back, vpc());
    Ok(())
}

#[test]
fn snake_case_prefixes_numbers_as_text_and_nulls_are_read_too() -> Outcome {
    let plain: v1::PathAnswer = from_value(&json!({
        "verdict": "REACHABLE", "revision": 7, "alternativesTruncated": true,
    }))?;
    let other: v1::PathAnswer = from_value(&json!({
        "verdict": "VERDICT_REACHABLE", "revision": "7", "alternatives_truncated": true, "forward": null,
    }))?;
    assert_eq!(plain, other);
    assert_eq!(plain.verdict(), v1::Verdict::Reachable);
    assert_eq!(plain.revision, 7);
    Ok(())
}

#[test]
fn an_unknown_field_names_its_path_and_what_there_is() {
    refused::<v1::ApplyChangesRequest>(
        &json!({"changes": [{"deleteResourceId": "vpc-1"}, {"put": {"vpc": {"cidrBlock": "10.0.0.0/8"}}}]}),
        &expect![
            "`changes[1].put.vpc.cidrBlock`: there is no such field in Vpc; it has `cidrBlocks`, `vpcId`, `isDefault`, `enableDnsSupport`, `enableDnsHostnames`, `dhcpOptionsId`"
        ],
    );
}

#[test]
fn a_value_of_another_type_names_its_path() {
    refused::<v1::ApplyChangesRequest>(
        &json!({"changes": [{"put": {"vpc": {"cidrBlocks": ["10.0.0.0/8", 5]}}}]}),
        &expect!["`changes[0].put.vpc.cidrBlocks[1]`: expected text, found `5`"],
    );
    refused::<v1::ApplyChangesRequest>(
        &json!({"changes": {}}),
        &expect!["`changes`: expected a list, found an empty object"],
    );
    refused::<v1::ApplyChangesRequest>(
        &json!([]),
        &expect!["expected an object (ApplyChangesRequest), found a list"],
    );
    refused::<v1::ApplyChangesRequest>(
        &json!({"expectedRevision": -1}),
        &expect!["`expectedRevision`: expected a whole number, 0 or more, found `-1`"],
    );
    refused::<v1::Topology>(
        &json!({"createTime": "yesterday"}),
        &expect!["`createTime`: invalid rfc3339 timestamp: invalid date"],
    );
}

#[test]
fn an_unknown_enum_value_lists_the_known_ones() {
    refused::<v1::PathAnswer>(
        &json!({"verdict": "MAYBE"}),
        &expect![
            "`verdict`: `MAYBE` is none of `REACHABLE`, `AMBIGUOUS`, `UNDETERMINED`, `UNREACHABLE`"
        ],
    );
}

#[test]
fn of_a_oneof_only_one_may_be_given() {
    refused::<v1::ApplyChangesRequest>(
        &json!({"changes": [{"deleteResourceId": "vpc-1", "put": {"ownerId": "1"}}]}),
        &expect![
            "`changes[0].put`: stands beside `deleteResourceId`; only one of them may be given"
        ],
    );
    refused::<v1::Topology>(
        &json!({"resourceCount": 1, "resource_count": 1}),
        &expect!["`resource_count`: stands beside `resourceCount`; only one of them may be given"],
    );
}
