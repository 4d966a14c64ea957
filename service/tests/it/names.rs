//! Names of the example estate that its questions do not ask for.

use std::path::Path;

use causeway_client::{consistency, flow};

use crate::harness::Served;

/// The name of an internal load balancer is the addresses of its interfaces, which AWS describes as its own.
#[tokio::test]
async fn the_name_of_a_load_balancer_leads_to_its_interfaces() {
    let served = Served::start().await;
    let estate = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/acme"));
    let estate = causeway_aws_import::read_dir(estate).unwrap();
    let import = served.client.import("t").scopes(estate.scopes);
    import.send(estate.resources).await.unwrap();
    let name = "payments-nlb-1.eu-west-1.elb.amazonaws.com";
    let asked = flow::tcp("i-3bb39116aaef48b05", name, 443);
    let answer = served.client.resolve("t", asked, consistency::newest());
    let answer = answer.await.unwrap();
    let told = answer.alternatives.iter().map(|way| &way.forward);
    let told = told.chain([&answer.forward]).flatten();
    let first = told.filter_map(|way| way.hops.first()?.steps.first()?.before.as_ref());
    let mut addresses: Vec<&str> = first.map(|header| header.destination.as_str()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses, ["10.20.1.100", "10.20.2.100"]);
}
