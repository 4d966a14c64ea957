//! What is incomplete, broken or not understood.

use causeway_proto::v1;

use super::*;
use crate::{ImportError, Warning, read_dir};

#[test]
fn more_routes_than_aws_shows_leave_the_routes_unknown() {
    let document = r#"{"TransitGatewayRouteTableId": "tgw-rtb-1", "AdditionalRoutesAvailable": true,
        "Routes": [{"DestinationCidrBlock": "10.0.0.0/8", "Type": "static", "State": "active"}]}"#;
    let import = import(&[(&home("r.json"), document)]);
    let table = only(&import, table);
    assert!(!table.routes_known && table.routes.is_empty());
    assert!(
        matches!(import.warnings.as_slice(), [Warning::Incomplete { place }] if &*place.key == "Routes")
    );
}

#[test]
fn a_listing_with_a_next_token_is_no_scope_and_a_warning() {
    let first = r#"{"Subnets": [], "NextToken": "more"}"#;
    let import = import(&[
        (&home("1.json"), first),
        (&home("2.json"), r#"{"Subnets": []}"#),
        (&home("v.json"), &vpcs(VPC)),
    ]);
    let kinds: Vec<_> = import.scopes.iter().map(v1::ImportScope::kind).collect();
    assert_eq!(
        kinds,
        [v1::ResourceKind::Vpc],
        "the last page alone is not the listing either"
    );
    assert!(
        matches!(import.warnings.as_slice(), [Warning::Incomplete { place }] if *place.file == *home("1.json"))
    );
}

#[test]
fn many_keys_in_one_file_as_boto3_prints_them() {
    let document = format!(
        r#"{{"Vpcs": [{VPC}], "SecurityGroups": [{{"GroupId": "sg-1", "VpcId": "vpc-11111111", "IpPermissions": [{{"IpProtocol": "tcp",
            "FromPort": 443, "ToPort": 443, "IpRanges": [{{"CidrIp": "10.0.0.0/8"}}], "Ipv6Ranges": [{{"CidrIpv6": "2001:DB8::/32"}}]}}]}}],
            "Instances": [1, 2], "ResponseMetadata": {{"HTTPStatusCode": 200}}}}"#
    );
    let import = import(&[(&home("all.json"), &document)]);
    let group = only(&import, |kind| {
        if let Kind::SecurityGroup(it) = kind {
            Some(it)
        } else {
            None
        }
    });
    assert_eq!(
        group.ip_permissions[0].ip_ranges,
        ["10.0.0.0/8", "2001:db8::/32"]
    );
    let entry = &import.not_understood[0];
    assert_eq!(
        (
            entry.key.as_deref(),
            entry.count,
            import.not_understood.len()
        ),
        (Some("Instances"), 2, 1)
    );
}

#[test]
fn a_key_that_stands_twice_is_read_twice() {
    let document = format!(
        r#"{{"Vpcs": [{VPC}], "Vpcs": [{}]}}"#,
        VPC.replace("vpc-11111111", "vpc-22222222")
    );
    assert_eq!(import(&[(&home("a.json"), &document)]).resources.len(), 2);
}

#[test]
fn files_with_nothing_of_ours_are_listed_whole() {
    let import = import(&[
        ("list.json", "[1, 2]"),
        ("names.json", r#"{"a": "b", "c": "d"}"#),
    ]);
    let listed: Vec<_> = import
        .not_understood
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        listed,
        [
            "`list.json`: the whole file",
            "`names.json`: the whole file"
        ]
    );
}

#[test]
fn a_directory_is_read_and_its_other_files_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join(HOME);
    std::fs::create_dir_all(&folder).unwrap();
    // PowerShell writes a byte order mark.
    std::fs::write(folder.join("v.json"), format!("\u{feff}{}", vpcs(VPC))).unwrap();
    std::fs::write(folder.join("notes.txt"), "hello").unwrap();
    let import = read_dir(dir.path()).unwrap();
    assert_eq!(import.resources.len(), 1);
    assert_eq!(import.not_understood[0].file, home("notes.txt"));
    // The folder of a Region itself, given as the directory, still says where it is.
    assert_eq!(read_dir(&folder).unwrap().resources, import.resources);
}

#[test]
fn broken_json_names_file_line_and_column() {
    let text = refused(&[("a/b.json", "{\n  \"Vpcs\": [}\n")]);
    assert_eq!(text, "cannot parse `a/b.json` as JSON, line 2, column 12");
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let error = read_dir(std::path::Path::new("/nowhere/at/all")).unwrap_err();
    assert!(matches!(&error, ImportError::Unreadable { path, .. } if path == "/nowhere/at/all"));
}

#[test]
fn records_that_cannot_be_resources_are_all_named() {
    let document = r#"{"Subnets": [{"SubnetId": "subnet-1", "CidrBlock": "10.0.0.0/24"}, {"VpcId": "vpc-1"},
        {"SubnetId": "subnet-2", "VpcId": 7, "CidrBlock": "10.0.0.0/33"}]}"#;
    let error = read_documents([(home("s.json"), document)]).unwrap_err();
    let ImportError::Records { faults } = error else {
        panic!("{error}")
    };
    let mut faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    faults.sort();
    assert_eq!(
        faults,
        [
            format!("`{HOME}/s.json`: Subnets[0]: field `VpcId` is missing"),
            format!("`{HOME}/s.json`: Subnets[1]: field `SubnetId` is missing"),
            format!("`{HOME}/s.json`: Subnets[2]: field `VpcId` is not a text"),
        ]
    );
}
