//! Ids and names: what is read, printed and refused.

use proptest::test_runner::{Config, RngSeed};

use super::*;

#[test]
fn an_id_is_read_and_printed_as_aws_writes_it() {
    let id: SubnetId = "subnet-0123456789abcdef0".parse().unwrap();
    assert_eq!(id.to_string(), "subnet-0123456789abcdef0");
    assert_eq!(ResourceId::from(&id).as_str(), id.as_str());
}

#[test]
fn an_id_of_another_kind_is_refused() {
    let error = "vpc-1".parse::<SubnetId>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`vpc-1` is not of this kind, expected the id of a subnet, `subnet-...`"
    );
    assert!("subnet-".parse::<SubnetId>().is_err());
}

#[test]
fn blanks_control_characters_and_long_texts_are_no_ids() {
    assert!("vpc-a b".parse::<VpcId>().is_err());
    assert!("vpc-a\n".parse::<VpcId>().is_err());
    assert!("vpc-é".parse::<VpcId>().is_err());
    assert!(
        format!("vpc-{}", "a".repeat(MAX_ID_BYTES))
            .parse::<VpcId>()
            .is_err()
    );
}

#[test]
fn accounts_are_twelve_digits_or_aws_itself() {
    assert!("111111111111".parse::<AccountId>().is_ok());
    assert!("amazon".parse::<AccountId>().is_ok());
    assert!("11111111111".parse::<AccountId>().is_err());
    assert!("11111111111a".parse::<AccountId>().is_err());
}

#[test]
fn dns_names_are_lowered_and_lose_their_final_dot() {
    assert_eq!(
        DnsName::from_any_case("SQS.eu-west-1.amazonaws.com.")
            .unwrap()
            .as_str(),
        "sqs.eu-west-1.amazonaws.com"
    );
    assert!(DnsName::from_any_case("a..b").is_err());
    assert!(DnsName::from_any_case("*.dkr.ecr.eu-west-1.amazonaws.com").is_ok());
    assert!(DnsName::from_any_case(&"a".repeat(64)).is_err());
}

#[test]
fn names_with_dots_are_not_taken_for_ids() {
    assert!(looks_like_resource_id("vpce-0abc"));
    assert!(looks_like_resource_id(
        "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/a/b"
    ));
    assert!(looks_like_resource_id(
        "5f294f92-bafb-4011-916d-9b0bec123456"
    ));
    assert!(!looks_like_resource_id(
        "5f294f92-bafb-4011-916d-9b0bec12345g"
    ));
    assert!(!looks_like_resource_id(
        "vpce-0abc-123.sqs.eu-west-1.vpce.amazonaws.com"
    ));
    assert!(!looks_like_resource_id("i-"));
    assert!(!looks_like_resource_id("10.0.0.1"));
}

proptest::proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(1), ..Config::default() })]

    #[test]
    fn every_id_that_is_read_is_printed_as_it_was(text in "(vpc|subnet|rtb|tgw-rtb|vpce-svc)-[!-~]{1,40}") {
        let id: ResourceId = text.parse().unwrap();
        proptest::prop_assert_eq!(&id.to_string(), &text);
        if let Ok(id) = text.parse::<VpcId>() {
            proptest::prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_reading_an_id_or_a_name_fail_otherwise_than_with_an_error(text in "\\PC*") {
        let _ = text.parse::<ResourceId>();
        let _ = DnsName::from_any_case(&text);
        let _ = text.parse::<crate::flow::FlowEnd>();
    }
}
