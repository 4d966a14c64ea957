//! Peering connections, endpoints, the services behind them, and what decides about names.

use std::collections::BTreeMap;

use causeway_model::ids::{DnsName, Region, VpcId};
use causeway_model::resource::Body;
use causeway_model::resources::dns::ResolverRuleType;
use causeway_model::resources::endpoints::{
    DnsEntry, DnsNameState, ServiceState, ServiceType, VpcEndpointConnection, VpcEndpointState,
    VpcEndpointType,
};
use causeway_model::resources::transit::{VpcPeeringConnectionState, VpcPeeringConnectionVpcInfo};
use causeway_model::resources::{
    DhcpOptions, HostedZone, ResolverRule, VpcEndpoint, VpcEndpointService, VpcPeeringConnection,
};

use super::super::Places;
use super::super::line::{Line, read, read_all, read_ids};
use super::{name, names};

pub(super) fn resource(kind: &str, line: &mut Line<'_>, places: &Places) -> Result<Body, String> {
    match kind {
        "pcx" => peering(line, places),
        "endpoint" => endpoint(line),
        "service" => service(line),
        "dhcp" => dhcp_options(line),
        "zone" => hosted_zone(line),
        "rule" => resolver_rule(line),
        _ => Err(format!("no kind `{kind}`")),
    }
}

/// `pcx NAME VPC VPC [state=STATE] [dns=first|second|both] [peer-region=REGION] [peer-cidrs=CIDR,CIDR]`, the latter where the topology does not hold
/// the second VPC; `dns` names who lets the other ask for its names
fn peering(line: &mut Line<'_>, places: &Places) -> Result<Body, String> {
    let own = line.word("the name")?;
    let (requester, accepter) = (line.word("a VPC")?, line.word("another VPC")?);
    let mut accepter = side(&places.vpcs, accepter)?;
    if let Some(region) = line.get::<Region>("peer-region")? {
        accepter.region = Some(region);
    }
    if let Some(blocks) = line.option("peer-cidrs") {
        accepter.cidr_blocks = read_all(blocks)?;
    }
    let mut requester = side(&places.vpcs, requester)?;
    let dns = line.list("dns");
    requester.allow_dns_resolution_from_remote_vpc = ["first", "both"].contains(&dns);
    accepter.allow_dns_resolution_from_remote_vpc = ["second", "both"].contains(&dns);
    Ok(VpcPeeringConnection {
        vpc_peering_connection_id: read(&format!("pcx-{own}"))?,
        requester_vpc_info: requester,
        accepter_vpc_info: accepter,
        status: name(line.option("state"), VpcPeeringConnectionState::Active)?,
    }
    .into())
}

fn side(
    vpcs: &BTreeMap<String, [String; 3]>,
    vpc: &str,
) -> Result<VpcPeeringConnectionVpcInfo, String> {
    let held = vpcs.get(vpc);
    let blocks = held.map_or("", |[_, _, blocks]| blocks);
    Ok(VpcPeeringConnectionVpcInfo {
        vpc_id: read(&format!("vpc-{vpc}"))?,
        owner_id: held.map(|[account, ..]| read(account)).transpose()?,
        region: held.map(|[_, region, _]| read(region)).transpose()?,
        cidr_blocks: read_all(blocks)?,
        allow_dns_resolution_from_remote_vpc: false,
    })
}

/// `endpoint NAME VPC TYPE SERVICE [routes=A,B] [enis=A,B] [sg=A,B] [private-dns=on] [names=A,B] [state=STATE] [resource=ARN] [: POLICY]`, the
/// policy as JSON; `-` for no service
fn endpoint(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, vpc) = (line.word("the name")?, line.word("the VPC")?);
    let r#type = line.word("the type")?;
    let names: Vec<DnsName> = read_all(line.list("names"))?;
    let entries = names.into_iter().map(|dns_name| DnsEntry {
        dns_name,
        hosted_zone_id: String::new(),
    });
    Ok(VpcEndpoint {
        vpc_endpoint_id: read(&format!("vpce-{own}"))?,
        vpc_endpoint_type: name(Some(r#type), VpcEndpointType::Interface)?,
        vpc_id: read(&format!("vpc-{vpc}"))?,
        service_name: Some(line.word("the service, or `-`")?)
            .filter(|service| *service != "-")
            .map(read)
            .transpose()?,
        state: name(line.option("state"), VpcEndpointState::Available)?,
        route_table_ids: read_ids("rtb-", line.list("routes"))?,
        subnet_ids: Vec::new(),
        network_interface_ids: read_ids("eni-", line.list("enis"))?,
        group_ids: read_ids("sg-", line.list("sg"))?,
        private_dns_enabled: line.option("private-dns") == Some("on"),
        dns_entries: entries.collect(),
        policy_document: Some(line.rest)
            .filter(|text| !text.is_empty())
            .map(read)
            .transpose()?,
        service_region: None,
        resource_configuration_arn: line.get("resource")?,
        service_network_arn: None,
        private_dns_only_for_inbound_resolver_endpoint: line.option("inbound-only") == Some("on"),
    }
    .into())
}

/// `service NAME SERVICE [names=A,B] [verified=STATE] [type=TYPE] [state=STATE] [zones=A,B] [regions=A,B] [lbs=net/A,net/B] [accept=on]
/// [allow=PRINCIPAL,...|none] [connections=ENDPOINT/STATE,...]`
fn service(line: &mut Line<'_>) -> Result<Body, String> {
    let allow = line.option("allow");
    let principals = allow.filter(|words| *words != "none").unwrap_or_default();
    let connections = line.list("connections").split(',');
    let connections = connections.filter(|words| !words.is_empty());
    let kind = line
        .option("type")
        .map(|kind| name(Some(kind), ServiceType::Interface));
    let verified = line.option("verified");
    let verified = verified.map(|state| name(Some(state), DnsNameState::Verified));
    Ok(VpcEndpointService {
        service_id: read(&format!("vpce-svc-{}", line.word("the name")?))?,
        service_name: read(line.word("the service")?)?,
        service_type: kind.transpose()?,
        service_state: name(line.option("state"), ServiceState::Available)?,
        availability_zones: read_all(line.list("zones"))?,
        acceptance_required: line.option("accept") == Some("on"),
        network_load_balancer_arns: read_ids("arn:loadbalancer/", line.list("lbs"))?,
        gateway_load_balancer_arns: Vec::new(),
        base_endpoint_dns_names: Vec::new(),
        private_dns_names: read_all(line.list("names"))?,
        private_dns_name_state: verified.transpose()?,
        supported_regions: read_all(line.list("regions"))?,
        permissions_known: allow.is_some(),
        allowed_principals: read_all(principals)?,
        connections: connections.map(connection).collect::<Result<_, String>>()?,
        vpc_endpoint_policy_supported: false,
    }
    .into())
}

fn connection(words: &str) -> Result<VpcEndpointConnection, String> {
    let (own, state) = words.split_once('/').unwrap_or((words, "available"));
    Ok(VpcEndpointConnection {
        vpc_endpoint_id: read(&format!("vpce-{own}"))?,
        vpc_endpoint_owner: None,
        vpc_endpoint_state: name(Some(state), VpcEndpointState::Available)?,
        vpc_endpoint_region: None,
    })
}

/// `dhcp NAME SERVER[,SERVER]`
fn dhcp_options(line: &mut Line<'_>) -> Result<Body, String> {
    Ok(DhcpOptions {
        dhcp_options_id: read(&format!("dopt-{}", line.word("the name")?))?,
        domain_name_servers: read_all(line.word("the servers")?)?,
        domain_name: String::new(),
    }
    .into())
}

/// `zone NAME DOMAIN vpcs=A,B [records=none]: NAME TYPE VALUE[,VALUE]; NAME TYPE alias TARGET`; without records and the option they are not known
fn hosted_zone(line: &mut Line<'_>) -> Result<Body, String> {
    let is_empty = line.option("records") == Some("none");
    Ok(HostedZone {
        hosted_zone_id: read(&format!("Z-{}", line.word("the name")?))?,
        name: read(line.word("the domain")?)?,
        vpc_ids: vpcs(line)?,
        resource_record_sets: names::records(line.rest)?,
        records_known: is_empty || !line.rest.is_empty(),
    }
    .into())
}

/// `rule NAME DOMAIN|. TYPE vpcs=A,B`
fn resolver_rule(line: &mut Line<'_>) -> Result<Body, String> {
    let own = line.word("the name")?;
    let domain = Some(line.word("the domain")?).filter(|domain| *domain != ".");
    Ok(ResolverRule {
        resolver_rule_id: read(&format!("rslvr-rr-{own}"))?,
        domain_name: domain.map(read).transpose()?,
        rule_type: name(Some(line.word("the type")?), ResolverRuleType::Forward)?,
        target_ips: Vec::new(),
        vpc_ids: vpcs(line)?,
    }
    .into())
}

fn vpcs(line: &mut Line<'_>) -> Result<Vec<VpcId>, String> {
    read_ids("vpc-", line.list("vpcs"))
}
