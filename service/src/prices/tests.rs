//! Price files, good and bad.

use std::path::Path;

use causeway_model::price::{CostItem, Price};

use super::{book, read};

fn fault(text: &str) -> String {
    let error = book(Path::new("prices.toml"), text).unwrap_err();
    with_causes(&error)
}

/// An error with its causes, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        words.push_str(": ");
        words.push_str(&next.to_string());
        cause = next.source();
    }
    words
}

#[test]
fn the_standard_prices_are_those_of_the_file_that_is_shipped() {
    let book = read(None).unwrap();
    let north = "us-east-1".parse().unwrap();
    let nat = book.rate(Some(&north), CostItem::NatGateway).unwrap();
    assert_eq!(
        (nat.hour, nat.first_gb()),
        (Some(Price(45_000_000)), Some(Price(45_000_000)))
    );
    let egress = book.rate(Some(&north), CostItem::InternetEgress).unwrap();
    assert_eq!(
        (egress.gb.len(), egress.first_gb()),
        (5, Some(Price(90_000_000)))
    );
}

#[test]
fn a_region_without_a_price_has_that_of_all_regions_or_none() {
    let book = read(None).unwrap();
    let west = "eu-west-1".parse().unwrap();
    assert!(
        book.rate(Some(&west), CostItem::PublicIpv4Address)
            .is_some()
    );
    assert!(book.rate(Some(&west), CostItem::NatGateway).is_none());
    assert!(book.rate(None, CostItem::NatGateway).is_none());
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let wrong = [
        ("[everywhere]\n", "missing field `currency`"),
        (
            "currency = \"dollars\"\n",
            "currency is `dollars`, expected three capital letters",
        ),
        (
            "currency = \"USD\"\n[regions.\"us east\"]\n",
            "[regions.us east] ",
        ),
        (
            "currency = \"USD\"\n[everywhere]\nnat = { hour = 1 }\n",
            "[everywhere] nat: is no item, expected interface_endpoint, ",
        ),
        (
            "currency = \"USD\"\n[everywhere]\nnat_gateway = { hour = -1 }\n",
            "[everywhere] nat_gateway: -1 is no price",
        ),
        (
            "currency = \"USD\"\n[everywhere]\nnat_gateway = { hour = nan }\n",
            "[everywhere] nat_gateway: NaN is no price",
        ),
        (
            "currency = \"USD\"\n[everywhere]\nnat_gateway = { hours = 1 }\n",
            "unknown field `hours`",
        ),
        (
            "currency = \"USD\"\n[everywhere]\nnat_gateway = { gb = 1, tiers = [] }\n",
            "has both `gb` and `tiers`",
        ),
        (
            "currency = \"USD\"\n[everywhere]\nnat_gateway = { tiers = [] }\n",
            "the last tier must have no `up_to_gb`",
        ),
        (
            "currency = \"USD\"\n[everywhere]\nnat_gateway = { tiers = [{ up_to_gb = 5, price = 1 }, { up_to_gb = 5, price = 2 }, { price = 1 }] }\n",
            "must grow",
        ),
    ];
    for (text, expected) in wrong {
        let found = fault(text);
        assert!(
            found.starts_with("the prices `prices.toml` are wrong"),
            "{found}"
        );
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read(Some(Path::new("/nowhere/prices.toml"))).unwrap_err();
    assert!(
        error.to_string().contains("`/nowhere/prices.toml`"),
        "{error}"
    );
}
