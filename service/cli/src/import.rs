//! `causeway import`: a whole estate from a tree of AWS JSON, as one revision. Whatever was not taken as it stands is told.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use causeway_aws_import::Import;
use causeway_client::{Client, ClientError, v1};
use v1::ErrorReason;

use crate::connect::{Author, ConnectArgs, Format, WRITE_SECONDS};
use crate::error::clean;
use crate::table::Columns;
use crate::{CliError, Io, words};

/// What can be imported.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportCommand {
    /// Import what the AWS CLI or boto3 printed
    Aws(AwsArgs),
}

/// What `import aws` is asked.
#[derive(Debug, Clone, Args)]
pub struct AwsArgs {
    /// Any tree of AWS JSON, known by its top-level keys
    pub dir: PathBuf,
    /// The topology; made if there is none of this name
    #[arg(long, value_name = "NAME")]
    pub topology: String,
    /// Import only if the newest revision is this one
    #[arg(long, value_name = "N")]
    pub expect_revision: Option<u64>,
    /// Who changes, and why
    #[command(flatten)]
    pub author: Author,
    /// Where the service is, and how to print
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// What became of an import.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Whether the topology was made for it.
    pub created_topology: bool,
    /// What the service answered.
    pub answer: v1::ImportResourcesResponse,
}

/// Sends an import, from files or from memory, to a topology, which is made if there is none of this name, and deleted again if the import fails.
///
/// # Errors
/// [`CliError::Client`] if the service refuses; [`CliError::LeftBehind`] if it also does not delete what was made.
pub async fn send(
    client: &Client,
    topology: &str,
    import: Import,
    author: &Author,
    expected_revision: Option<u64>,
) -> Result<Imported, CliError> {
    let created_topology = ensure_topology(client, topology).await?;
    let mut request = client
        .import(topology)
        .scopes(import.scopes)
        .author(author.author.as_str())
        .message(author.message.as_deref().unwrap_or_default());
    if let Some(revision) = expected_revision {
        request = request.expected_revision(revision);
    }
    match request.send(import.resources).await {
        Ok(answer) => Ok(Imported {
            created_topology,
            answer,
        }),
        Err(source) if created_topology && remove_empty(client, topology).await.is_err() => {
            Err(CliError::LeftBehind {
                topology: topology.to_owned(),
                source,
            })
        }
        Err(source) => Err(source.into()),
    }
}

pub(crate) async fn run(command: ImportCommand, io: &mut Io<'_>) -> Result<(), CliError> {
    let ImportCommand::Aws(args) = command;
    let dir = args.dir.display().to_string();
    let import = causeway_aws_import::read_dir(&args.dir).map_err(|source| CliError::Import {
        dir: dir.clone(),
        source,
    })?;
    if import.resources.is_empty() && import.scopes.is_empty() {
        told_aside(&import, io.err).map_err(CliError::Output)?;
        return Err(CliError::NothingToImport { dir });
    }
    let report = Report::of(&import);
    let client = args.connect.client(WRITE_SECONDS).await?;
    let text = args.connect.format == Format::Text;
    if text {
        // Before it is sent: a fault that the service finds is easier to understand with the warnings above it.
        told_aside(&import, io.err).map_err(CliError::Output)?;
    }
    if io.progress {
        let count = import.resources.len();
        writeln!(io.err, "sending {count} resources").map_err(CliError::Output)?;
    }
    let imported = send(
        &client,
        &args.topology,
        import,
        &args.author,
        args.expect_revision,
    )
    .await?;
    if text {
        return report
            .print(&args.topology, &imported, io.out)
            .map_err(CliError::Output);
    }
    let value = report.json(&imported)?;
    writeln!(io.out, "{value:#}").map_err(CliError::Output)
}

/// Deletes a topology that nothing was done to: a lost connection may hide an import that took effect, and others may have come to use the topology.
async fn remove_empty(client: &Client, name: &str) -> Result<(), ClientError> {
    if client.get_topology(name).await?.revision == 0 {
        client.delete_topology(name).await?;
    }
    Ok(())
}

/// Makes the topology if there is none; tells whether it did.
async fn ensure_topology(client: &Client, name: &str) -> Result<bool, CliError> {
    match client.get_topology(name).await {
        Ok(_) => return Ok(false),
        Err(error) if error.reason() == Some(ErrorReason::TopologyNotFound) => {}
        Err(error) => return Err(error.into()),
    }
    match client.create_topology(name, "").await {
        Ok(_) => Ok(true),
        // Another one made it in the meantime.
        Err(error) if error.reason() == Some(ErrorReason::TopologyAlreadyExists) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What was read, kept for the report while the resources themselves are sent.
#[derive(Debug)]
struct Report {
    /// How many resources there are of each kind.
    counts: BTreeMap<v1::ResourceKind, usize>,
    warnings: Vec<String>,
    not_understood: Vec<String>,
    assumptions: Vec<String>,
}

// === impl Report ===

impl Report {
    fn of(import: &Import) -> Self {
        let mut counts = BTreeMap::new();
        for kind in import
            .resources
            .iter()
            .filter_map(|resource| resource.kind.as_ref())
        {
            *counts.entry(kind_of(kind)).or_insert(0) += 1;
        }
        Self {
            counts,
            warnings: import.warnings.iter().map(ToString::to_string).collect(),
            not_understood: import
                .not_understood
                .iter()
                .map(ToString::to_string)
                .collect(),
            assumptions: import.assumptions.clone(),
        }
    }

    fn print(&self, topology: &str, imported: &Imported, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "resources: {}", self.counts.values().sum::<usize>())?;
        let mut columns = Columns::new("  ");
        for (kind, count) in &self.counts {
            columns.row([&words::kind(*kind), &count.to_string()]);
        }
        columns.print(out)?;
        print_list("taken for granted", &self.assumptions, out)?;
        if imported.created_topology {
            writeln!(out, "created topology `{topology}`")?;
        }
        let v1::ImportResourcesResponse {
            revision,
            changed,
            created_count,
            updated_count,
            deleted_count,
            unchanged_count,
        } = imported.answer;
        if changed {
            writeln!(
                out,
                "revision {revision} of `{topology}`: {created_count} created, {updated_count} updated, {deleted_count} deleted, {unchanged_count} unchanged"
            )
        } else {
            writeln!(out, "no change: `{topology}` is at revision {revision}")
        }
    }

    fn json(&self, imported: &Imported) -> Result<Value, CliError> {
        let mut value = crate::json::to_value(&imported.answer)?;
        let kinds = self.counts.iter();
        let kinds = kinds.map(|(kind, count)| (words::kind_name(*kind).to_owned(), json!(count)));
        let more = [
            ("createdTopology", json!(imported.created_topology)),
            ("resources", Value::Object(kinds.collect())),
            ("warnings", json!(self.warnings)),
            ("notUnderstood", json!(self.not_understood)),
            ("assumptions", json!(self.assumptions)),
        ];
        if let Value::Object(object) = &mut value {
            object.extend(more.map(|(name, value)| (name.to_owned(), value)));
        }
        Ok(value)
    }
}

/// Warnings, and what was not understood.
fn told_aside(import: &Import, err: &mut dyn Write) -> io::Result<()> {
    for warning in &import.warnings {
        writeln!(err, "warning: {}", clean(&warning.to_string()))?;
    }
    let not_understood: Vec<_> = import
        .not_understood
        .iter()
        .map(ToString::to_string)
        .collect();
    print_list("not understood, and not imported", &not_understood, err)
}

fn print_list(title: &str, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    if !lines.is_empty() {
        writeln!(out, "{title}:")?;
    }
    for line in lines {
        writeln!(out, "  {}", clean(line))?;
    }
    Ok(())
}

fn kind_of(kind: &v1::resource::Kind) -> v1::ResourceKind {
    use v1::resource::Kind as K;
    match kind {
        K::Vpc(_) => v1::ResourceKind::Vpc,
        K::Subnet(_) => v1::ResourceKind::Subnet,
        K::RouteTable(_) => v1::ResourceKind::RouteTable,
        K::InternetGateway(_) => v1::ResourceKind::InternetGateway,
        K::EgressOnlyInternetGateway(_) => v1::ResourceKind::EgressOnlyInternetGateway,
        K::NatGateway(_) => v1::ResourceKind::NatGateway,
        K::NetworkInterface(_) => v1::ResourceKind::NetworkInterface,
        K::Instance(_) => v1::ResourceKind::Instance,
        K::SecurityGroup(_) => v1::ResourceKind::SecurityGroup,
        K::NetworkAcl(_) => v1::ResourceKind::NetworkAcl,
        K::ManagedPrefixList(_) => v1::ResourceKind::ManagedPrefixList,
        K::Address(_) => v1::ResourceKind::Address,
        K::VpcEndpoint(_) => v1::ResourceKind::VpcEndpoint,
        K::VpcEndpointService(_) => v1::ResourceKind::VpcEndpointService,
        K::LoadBalancer(_) => v1::ResourceKind::LoadBalancer,
        K::TargetGroup(_) => v1::ResourceKind::TargetGroup,
        K::VpcPeeringConnection(_) => v1::ResourceKind::VpcPeeringConnection,
        K::TransitGateway(_) => v1::ResourceKind::TransitGateway,
        K::TransitGatewayAttachment(_) => v1::ResourceKind::TransitGatewayAttachment,
        K::TransitGatewayRouteTable(_) => v1::ResourceKind::TransitGatewayRouteTable,
        K::VpnGateway(_) => v1::ResourceKind::VpnGateway,
        K::CustomerGateway(_) => v1::ResourceKind::CustomerGateway,
        K::VpnConnection(_) => v1::ResourceKind::VpnConnection,
        K::DirectConnectGateway(_) => v1::ResourceKind::DirectConnectGateway,
        K::VirtualInterface(_) => v1::ResourceKind::VirtualInterface,
        K::DhcpOptions(_) => v1::ResourceKind::DhcpOptions,
        K::HostedZone(_) => v1::ResourceKind::HostedZone,
        K::ResolverRule(_) => v1::ResourceKind::ResolverRule,
        K::Firewall(_) => v1::ResourceKind::Firewall,
        K::FirewallPolicy(_) => v1::ResourceKind::FirewallPolicy,
        K::FirewallRuleGroup(_) => v1::ResourceKind::FirewallRuleGroup,
        K::VpcBlockPublicAccessOptions(_) => v1::ResourceKind::VpcBlockPublicAccessOptions,
    }
}
