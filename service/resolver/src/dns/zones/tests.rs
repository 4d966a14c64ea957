//! What a hosted zone holds for a name.
use super::*;

fn zone(records: &[(&str, Record)]) -> Zone {
    let name: DnsName = "corp.example".parse().unwrap();
    let mut held = Records::default();
    for (own, record) in records {
        held.add(&name, &own.parse().unwrap(), vec![record.clone()]);
    }
    Zone {
        resource: ResourceIx::of(0),
        name,
        records: Some(held),
    }
}

fn found(zone: &Zone, name: &str) -> String {
    match zone.find(&name.parse().unwrap()) {
        Found::Records(records) => format!("{} records", records.len()),
        Found::Missing => "missing".to_owned(),
        Found::Unknown(why) => why.to_owned(),
    }
}

fn address(text: &str) -> Record {
    Record::Address(text.parse().unwrap())
}

#[test]
fn a_wildcard_stands_for_names_that_do_not_exist() {
    let zone = zone(&[
        ("*.corp.example", address("10.0.0.1")),
        ("db.eu.corp.example", address("10.0.0.2")),
    ]);
    assert_eq!(found(&zone, "web.corp.example"), "1 records");
    assert_eq!(found(&zone, "a.web.corp.example"), "1 records");
    assert_eq!(found(&zone, "db.eu.corp.example"), "1 records");
    // It exists for what is below it, so that the wildcard says nothing of it, nor of its other children.
    assert_eq!(found(&zone, "eu.corp.example"), "0 records");
    assert_eq!(found(&zone, "web.eu.corp.example"), "missing");
    assert_eq!(found(&zone, "corp.example"), "0 records");
}

#[test]
fn what_a_zone_delegates_is_not_its_own_to_say() {
    let zone = zone(&[
        ("corp.example", Record::Delegation),
        ("lab.corp.example", Record::Delegation),
    ]);
    assert_eq!(found(&zone, "web.corp.example"), "missing");
    assert_eq!(
        found(&zone, "web.lab.corp.example"),
        "the zone leaves it to other name servers"
    );
}
