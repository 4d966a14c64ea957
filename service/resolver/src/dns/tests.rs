//! Names of AWS services, both ways.
use super::*;

fn public(name: &str) -> Option<String> {
    service_of_public_name(&name.parse().unwrap())
        .map(|service| format!("{}@{}", service.service, service.region))
}

#[test]
fn public_names_of_services_carry_their_region() {
    assert_eq!(
        public("sqs.eu-west-1.amazonaws.com").as_deref(),
        Some("sqs@eu-west-1")
    );
    assert_eq!(
        public("bucket.s3.us-gov-east-1.amazonaws.com").as_deref(),
        Some("s3@us-gov-east-1")
    );
    assert_eq!(
        public("111111111111.dkr.ecr.eu-west-1.amazonaws.com").as_deref(),
        Some("ecr.dkr@eu-west-1")
    );
}

#[test]
fn names_that_only_look_like_services_are_not_taken_for_them() {
    assert_eq!(public("ec2-1-2-3-4.eu-west-1.compute.amazonaws.com"), None);
    assert_eq!(public("lb-1.elb.eu-west-1.amazonaws.com"), None);
    assert_eq!(public("s3.amazonaws.com"), None);
    assert_eq!(public("sqs.eu-west-1.example.com"), None);
}

#[test]
fn services_of_customers_are_not_aws_services() {
    assert!(service_of_name("com.amazonaws.vpce.eu-west-1.vpce-svc-1").is_none());
    let service = service_of_name("com.amazonaws.eu-west-1.ecr.api").unwrap();
    assert_eq!(
        (service.service.as_str(), service.region.as_str()),
        ("ecr.api", "eu-west-1")
    );
}
