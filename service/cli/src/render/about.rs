//! What the way of an answer is like, and what it costs.

use std::io::{self, Write};

use causeway_client::v1;

use crate::error::clean;
use crate::table::Columns;
use crate::words;

/// Prints what is to be said of the way beside its hops; nothing if no way is told.
///
/// # Errors
/// Those of the writer.
pub(crate) fn about(answer: &v1::PathAnswer, out: &mut dyn Write) -> io::Result<()> {
    if let Some(qualities) = &answer.qualities {
        writeln!(out, "\nwhat the way is like")?;
        writeln!(out, "  {}", clean(&like(qualities)))?;
    }
    match &answer.cost {
        Some(price) if !price.components.is_empty() => cost(price, out),
        Some(_) => writeln!(out, "\nwhat it costs\n  nothing"),
        None => Ok(()),
    }
}

fn like(qualities: &v1::Qualities) -> String {
    let addresses = if qualities.uses_public_addresses {
        "uses public addresses"
    } else {
        "private addresses alone"
    };
    let network = if qualities.leaves_aws_network {
        "leaves the Amazon network"
    } else {
        "stays in the Amazon network"
    };
    let places = [&qualities.regions, &qualities.zones];
    let places = places.iter().filter(|names| !names.is_empty());
    let places = places.map(|names| format!("; {}", names.join(" > ")));
    format!("{addresses}; {network}{}", places.collect::<String>())
}

fn cost(cost: &v1::Cost, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nwhat it costs, in {}", clean(&cost.currency))?;
    let mut columns = Columns::new("  ");
    columns.row(["", "an hour", "a GB there", "a GB back", ""]);
    for component in &cost.components {
        let item = words::cost_item(component.item());
        let named = words::named(&component.resource_id, &component.name);
        let place = if named.is_empty() {
            component.region.clone()
        } else {
            named
        };
        columns.row([
            [item, place].join(" ").trim(),
            &amount(component.per_hour),
            &amount(component.per_gb_forward),
            &amount(component.per_gb_return),
            &component.basis,
        ]);
    }
    let all = if cost.complete {
        "in all"
    } else {
        "in all, at least"
    };
    columns.row([
        all,
        &amount(Some(cost.per_hour)),
        &amount(Some(cost.per_gb_forward)),
        &amount(Some(cost.per_gb_return)),
        "",
    ]);
    columns.print(out)
}

fn amount(amount: Option<f64>) -> String {
    amount.map_or_else(|| "not known".to_owned(), |amount| amount.to_string())
}
