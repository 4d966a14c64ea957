//! Names of the example estate that its questions do not ask for.

use std::path::Path;

use causeway_client::{consistency, flow};
use causeway_proto::v1::Resource;
use causeway_proto::v1::resource::Kind;

use crate::harness::Served;

/// The name of an internal load balancer is the addresses of its interfaces, which AWS describes as its own.
#[tokio::test]
async fn the_name_of_a_load_balancer_leads_to_its_interfaces() {
    let name = "payments-nlb-1.eu-west-1.elb.amazonaws.com";
    let found = destinations_of(name, |_| {}).await;
    assert_eq!(found, ["10.20.1.100", "10.20.2.100"]);
}

/// AWS keeps the capital letters of a load balancer's name in its DNS name, and DNS asks in any case.
#[tokio::test]
async fn capital_letters_do_not_change_what_a_name_leads_to() {
    let capital = |resource: &mut Resource| {
        if let Some(Kind::LoadBalancer(balancer)) = &mut resource.kind {
            balancer.dns_name = balancer.dns_name.replace("payments", "Payments");
        }
    };
    let name = "payments-NLB-1.eu-west-1.elb.amazonaws.com";
    let found = destinations_of(name, capital).await;
    assert_eq!(found, ["10.20.1.100", "10.20.2.100"]);
    let zonal = format!("eu-west-1a.{name}");
    let found = destinations_of(&zonal, capital).await;
    assert_eq!(found, ["10.20.1.100"]);
}

/// The addresses that packets to a name set out for, in the example estate with each resource changed by `change`.
async fn destinations_of(name: &str, change: impl Fn(&mut Resource)) -> Vec<String> {
    let served = Served::start().await;
    let estate = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/acme"));
    let mut estate = causeway_aws_import::read_dir(estate).unwrap();
    estate.resources.iter_mut().for_each(change);
    let import = served.client.import("t").scopes(estate.scopes);
    import.send(estate.resources).await.unwrap();
    let asked = flow::tcp("i-3bb39116aaef48b05", name, 443);
    let answer = served.client.resolve("t", asked, consistency::newest());
    let answer = answer.await.unwrap();
    let told = answer.alternatives.iter().map(|way| &way.forward);
    let told = told.chain([&answer.forward]).flatten();
    let first = told.filter_map(|way| way.hops.first()?.steps.first()?.before.as_ref());
    let mut addresses: Vec<String> = first.map(|header| header.destination.clone()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}
