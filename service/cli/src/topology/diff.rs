//! `causeway topology diff`: what differs between two revisions.

use std::io::{self, Write};

use clap::Args;
use prost_types::Value;
use prost_types::value::Kind;

use causeway_client::{At, Differences, v1};

use crate::connect::{ConnectArgs, Format, READ_SECONDS};
use crate::error::clean;
use crate::path::print_json;
use crate::words;
use crate::{CliError, Io};

/// What to compare.
#[derive(Debug, Clone, Args)]
pub struct DiffArgs {
    /// The topology
    pub name: String,
    /// What to compare: a revision, a time as 2026-01-31T08:00:00Z, or a label
    #[arg(long, value_name = "REVISION|TIME|LABEL")]
    pub from: At,
    /// What to compare it with [default: the newest revision]
    #[arg(long, value_name = "REVISION|TIME|LABEL")]
    pub to: Option<At>,
    /// Which resources to compare
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Where the service is, and how to print
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// Which resources: those that meet every condition given.
#[derive(Debug, Clone, Default, Args)]
pub struct FilterArgs {
    /// Of these kinds only, as route-table,subnet
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind)]
    pub kind: Vec<v1::ResourceKind>,
    /// In this VPC, or this VPC itself, only
    #[arg(long, value_name = "ID", default_value = "")]
    pub vpc: String,
    /// Of this account only
    #[arg(long, value_name = "ACCOUNT", default_value = "")]
    pub account: String,
    /// In this Region only
    #[arg(long, value_name = "REGION", default_value = "")]
    pub region: String,
}

pub(super) async fn run(args: DiffArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    let client = args.connect.client(READ_SECONDS).await?;
    let revisions = (args.from, args.to.unwrap_or_default());
    let found = client
        .diff_revisions(&args.name, revisions, args.filter.into_filter())
        .await?;
    match args.connect.format {
        Format::Json => {
            let message = v1::DiffRevisionsResponse {
                differences: found.resources,
                next_page_token: String::new(),
                from_revision: found.from,
                to_revision: found.to,
            };
            print_json(&message, io)
        }
        Format::Text => print(&args.name, &found, io.out).map_err(CliError::Output),
    }
}

fn print(topology: &str, found: &Differences, out: &mut dyn Write) -> io::Result<()> {
    let count = |wanted: v1::DifferenceType| {
        let of_type = |one: &&v1::ResourceDifference| one.r#type() == wanted;
        found.resources.iter().filter(of_type).count()
    };
    writeln!(
        out,
        "`{topology}` from revision {} to {}: {} created, {} deleted, {} changed",
        found.from,
        found.to,
        count(v1::DifferenceType::Created),
        count(v1::DifferenceType::Deleted),
        count(v1::DifferenceType::Changed)
    )?;
    for resource in &found.resources {
        print_resource(resource, out)?;
    }
    Ok(())
}

fn print_resource(resource: &v1::ResourceDifference, out: &mut dyn Write) -> io::Result<()> {
    let mark = match resource.r#type() {
        v1::DifferenceType::Created => '+',
        v1::DifferenceType::Deleted => '-',
        v1::DifferenceType::Changed | v1::DifferenceType::Unspecified => '~',
    };
    let kind = words::kind(resource.resource_kind());
    let named = words::named(&resource.resource_id, &resource.name);
    writeln!(out, "{mark} {kind} {}", clean(&named))?;
    for field in &resource.fields {
        let (mark, values) = match (&field.old_value, &field.new_value) {
            (None, Some(new)) => ('+', text(new)),
            (Some(old), None) => ('-', text(old)),
            (old, new) => {
                let [old, new] =
                    [old, new].map(|value| value.as_ref().map_or_else(String::new, text));
                ('~', format!("{old} -> {new}"))
            }
        };
        writeln!(out, "    {mark} {}: {}", clean(&field.path), clean(&values))?;
    }
    Ok(())
}

/// A value on one line: texts without quotes, messages as `field=value`.
fn text(value: &Value) -> String {
    let listed = |items: Vec<String>, marks: (&str, &str)| {
        format!("{}{}{}", marks.0, items.join(", "), marks.1)
    };
    match &value.kind {
        None | Some(Kind::NullValue(_)) => String::new(),
        Some(Kind::BoolValue(flag)) => flag.to_string(),
        Some(Kind::NumberValue(number)) => number.to_string(),
        Some(Kind::StringValue(text)) => text.clone(),
        Some(Kind::ListValue(list)) => listed(list.values.iter().map(text).collect(), ("[", "]")),
        Some(Kind::StructValue(fields)) => {
            let fields = fields.fields.iter();
            let fields = fields.map(|(name, value)| format!("{name}={}", text(value)));
            listed(fields.collect(), ("{", "}"))
        }
    }
}

// === impl FilterArgs ===

impl FilterArgs {
    fn into_filter(self) -> v1::ResourceFilter {
        v1::ResourceFilter {
            kinds: self.kind.into_iter().map(i32::from).collect(),
            vpc_id: self.vpc,
            owner_id: self.account,
            region: self.region,
            tags: Vec::new(),
        }
    }
}

/// A kind as people write it: `route-table`, `route_table` or `ROUTE_TABLE`.
fn kind(text: &str) -> Result<v1::ResourceKind, String> {
    let name = text.to_ascii_uppercase().replace('-', "_");
    v1::ResourceKind::from_str_name(&format!("RESOURCE_KIND_{name}"))
        .filter(|kind| *kind != v1::ResourceKind::Unspecified)
        .ok_or_else(|| {
            "there is no such kind of resource, expected one as `route-table`".to_owned()
        })
}
