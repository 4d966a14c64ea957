//! What packets are led through on their way: Gateway Load Balancers with their endpoints, services and targets, and Network Firewalls.

use causeway_model::fields::Setting;
use causeway_model::ids::VpcEndpointId;
use causeway_model::protocol::{PortRange, ProtocolMatch};
use causeway_model::resource::Body;
use causeway_model::resources::endpoints::{
    ServiceState, ServiceType, VpcEndpointConnection, VpcEndpointState, VpcEndpointType,
};
use causeway_model::resources::firewall::{
    FirewallEndpoint, FirewallRule, FirewallRuleAction, FirewallRuleGroupReference,
};
use causeway_model::resources::load_balancers::{
    LoadBalancerScheme, LoadBalancerState, LoadBalancerType, LoadBalancerZone, Target,
    TargetHealthState, TargetType,
};
use causeway_model::resources::{
    Firewall, FirewallPolicy, FirewallRuleGroup, LoadBalancer, TargetGroup, VpcEndpoint,
    VpcEndpointService,
};

use super::super::line::{Line, read, read_all, read_ids};
use super::name;

/// The kinds of this file.
pub(super) const KINDS: [&str; 7] = [
    "gwlbe",
    "gwlb-service",
    "gwlb",
    "targets",
    "firewall",
    "fw-policy",
    "fw-rules",
];

pub(super) fn resource(kind: &str, line: &mut Line<'_>) -> Result<Body, String> {
    match kind {
        "gwlbe" => endpoint(line),
        "gwlb-service" => service(line),
        "gwlb" => load_balancer(line),
        "targets" => target_group(line),
        "firewall" => firewall(line),
        "fw-policy" => policy(line),
        "fw-rules" => rule_group(line),
        _ => Err(format!("no kind `{kind}`")),
    }
}

fn service_name(own: &str) -> String {
    format!("com.amazonaws.vpce.eu-west-1.vpce-svc-{own}")
}

/// `gwlbe NAME VPC SUBNET|- SERVICE [eni=NAME] [state=STATE]`
fn endpoint(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, vpc) = (line.word("the name")?, line.word("the VPC")?);
    let subnet = line.word("the subnet, or `-`")?;
    let subnet = Some(subnet).filter(|subnet| *subnet != "-");
    let service = line.word("the service")?;
    Ok(VpcEndpoint {
        vpc_endpoint_id: read(&format!("vpce-{own}"))?,
        vpc_endpoint_type: VpcEndpointType::GatewayLoadBalancer,
        vpc_id: read(&format!("vpc-{vpc}"))?,
        service_name: Some(read(&service_name(service))?),
        state: name(line.option("state"), VpcEndpointState::Available)?,
        route_table_ids: Vec::new(),
        subnet_ids: read_ids("subnet-", subnet.unwrap_or_default())?,
        network_interface_ids: read_ids("eni-", line.list("eni"))?,
        group_ids: Vec::new(),
        private_dns_enabled: false,
        dns_entries: Vec::new(),
        policy_document: None,
        service_region: None,
        resource_configuration_arn: None,
        service_network_arn: None,
        private_dns_only_for_inbound_resolver_endpoint: false,
    }
    .into())
}

/// `gwlb-service NAME [type=TYPE] [lbs=A,B] [state=STATE] [accept=on] [allow=PRINCIPAL,...|none] [account=ACCOUNT]: ENDPOINT STATE, ...`, the connections
fn service(line: &mut Line<'_>) -> Result<Body, String> {
    let own = line.word("the name")?;
    let connections = line.rest.split(", ").filter(|words| !words.is_empty());
    let connections = connections.map(|words| {
        let (endpoint, state) = words.split_once(' ').ok_or("a connection has a state")?;
        let vpc_endpoint_id: VpcEndpointId = read(endpoint)?;
        Ok(VpcEndpointConnection {
            vpc_endpoint_id,
            vpc_endpoint_owner: None,
            vpc_endpoint_state: name(Some(state), VpcEndpointState::Available)?,
            vpc_endpoint_region: None,
        })
    });
    let connections = connections.collect::<Result<_, String>>()?;
    let allow = line.option("allow");
    let principals = allow.filter(|words| *words != "none").unwrap_or_default();
    Ok(VpcEndpointService {
        service_id: read(&format!("vpce-svc-{own}"))?,
        service_name: read(&service_name(own))?,
        service_type: Some(name(line.option("type"), ServiceType::GatewayLoadBalancer)?),
        service_state: name(line.option("state"), ServiceState::Available)?,
        availability_zones: Vec::new(),
        acceptance_required: line.option("accept") == Some("on"),
        network_load_balancer_arns: Vec::new(),
        gateway_load_balancer_arns: read_ids("arn:lb/", line.list("lbs"))?,
        base_endpoint_dns_names: Vec::new(),
        private_dns_names: Vec::new(),
        private_dns_name_state: None,
        supported_regions: Vec::new(),
        permissions_known: allow.is_some(),
        allowed_principals: read_all(principals)?,
        connections,
        vpc_endpoint_policy_supported: false,
    }
    .into())
}

/// `gwlb NAME VPC SUBNET[@ADDRESS],SUBNET [type=TYPE] [cross-zone=on|off] [state=STATE]`
fn load_balancer(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, vpc) = (line.word("the name")?, line.word("the VPC")?);
    let zones = line.word("the subnets")?.split(',');
    let zones = zones.map(|words| {
        let (subnet, address) = words.split_once('@').unwrap_or((words, ""));
        Ok(LoadBalancerZone {
            zone_name: None,
            subnet_id: Some(read(&format!("subnet-{subnet}"))?),
            addresses: read_all(address)?,
        })
    });
    Ok(LoadBalancer {
        load_balancer_arn: read(&format!("arn:lb/{own}"))?,
        load_balancer_name: own.to_owned(),
        r#type: name(line.option("type"), LoadBalancerType::Gateway)?,
        scheme: LoadBalancerScheme::Internal,
        vpc_id: read(&format!("vpc-{vpc}"))?,
        dns_name: String::new(),
        state: name(line.option("state"), LoadBalancerState::Active)?,
        availability_zones: zones.collect::<Result<_, String>>()?,
        security_groups: Vec::new(),
        listeners: Vec::new(),
        cross_zone_enabled: name(line.option("cross-zone"), Setting::Default)?,
        enforce_security_group_inbound_rules_on_private_link_traffic: Setting::Default,
    }
    .into())
}

/// `targets NAME VPC LOAD-BALANCER [type=ip]: ID [STATE], ...`, or `: unknown`
fn target_group(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, vpc) = (line.word("the name")?, line.word("the VPC")?);
    let targets_known = line.rest != "unknown";
    let targets = if targets_known { line.rest } else { "" };
    let targets = targets.split(", ").filter(|words| !words.is_empty());
    let targets = targets.map(|words| {
        let (id, state) = words.split_once(' ').unwrap_or((words, ""));
        let state = Some(state).filter(|state| !state.is_empty());
        let read = |state| name(Some(state), TargetHealthState::Healthy);
        Ok(Target {
            id: id.to_owned(),
            port: 0,
            availability_zone: None,
            state: state.map(read).transpose()?,
        })
    });
    let targets = targets.collect::<Result<_, String>>()?;
    let balancers = read_ids("arn:lb/", line.word("the load balancer")?)?;
    Ok(TargetGroup {
        target_group_arn: read(&format!("arn:tg/{own}"))?,
        target_group_name: own.to_owned(),
        protocol: "GENEVE".to_owned(),
        port: 6081,
        vpc_id: Some(read(&format!("vpc-{vpc}"))?),
        target_type: name(line.option("type"), TargetType::Instance)?,
        load_balancer_arns: balancers,
        targets,
        targets_known,
        preserve_client_ip_enabled: Setting::Default,
    }
    .into())
}

/// `firewall NAME VPC|- POLICY [attach=NAME]: ENDPOINT SUBNET, ...`
fn firewall(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, vpc) = (line.word("the name")?, line.word("the VPC, or `-`")?);
    let vpc = (vpc != "-").then(|| format!("vpc-{vpc}"));
    let attachment = line.option("attach").map(|own| format!("tgw-attach-{own}"));
    let policy = line.word("the policy")?;
    let endpoints = line.rest.split(", ").filter(|words| !words.is_empty());
    let endpoints = endpoints.map(|words| {
        let (id, subnet) = words.split_once(' ').ok_or("an endpoint has a subnet")?;
        let subnet = Some(subnet).filter(|subnet| *subnet != "-");
        let subnet = subnet.map(|subnet| read(&format!("subnet-{subnet}")));
        Ok(FirewallEndpoint {
            availability_zone: None,
            subnet_id: subnet.transpose()?,
            endpoint_id: Some(read(&format!("vpce-{id}"))?),
        })
    });
    Ok(Firewall {
        firewall_arn: read(&format!("arn:fw/{own}"))?,
        firewall_name: own.to_owned(),
        vpc_id: vpc.as_deref().map(read).transpose()?,
        firewall_policy_arn: Some(read(&format!("arn:fw-policy/{policy}"))?),
        endpoints: endpoints.collect::<Result<_, String>>()?,
        transit_gateway_attachment_id: attachment.as_deref().map(read).transpose()?,
    }
    .into())
}

/// `fw-policy NAME DEFAULT [strict] [stateful-default=A,B] [stateless=A,B] [stateful=A,B]`, the default action for packets without `aws:`
fn policy(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, default) = (line.word("the name")?, line.word("the default action")?);
    let strict_order = line.flag("strict");
    let stateful: Vec<String> = read_all(line.list("stateful-default"))?;
    Ok(FirewallPolicy {
        firewall_policy_arn: read(&format!("arn:fw-policy/{own}"))?,
        stateless_rule_group_references: references(line.list("stateless"))?,
        stateful_rule_group_references: references(line.list("stateful"))?,
        stateless_default_actions: vec![format!("aws:{default}")],
        stateless_fragment_default_actions: vec![format!("aws:{default}")],
        stateful_default_actions: stateful
            .iter()
            .map(|action| format!("aws:{action}"))
            .collect(),
        strict_order,
    }
    .into())
}

fn references(names: &str) -> Result<Vec<FirewallRuleGroupReference>, String> {
    let arns = read_ids("arn:fw-rules/", names)?.into_iter();
    let references = (1..).zip(arns);
    Ok(references
        .map(|(priority, resource_arn)| FirewallRuleGroupReference {
            resource_arn,
            priority,
        })
        .collect())
}

/// `fw-rules NAME stateful|stateless [others]: ACTION PROTOCOL SOURCE[:PORTS] ->|<> DESTINATION[:PORTS] [options]; ...`, with `any` for all
fn rule_group(line: &mut Line<'_>) -> Result<Body, String> {
    let own = line.word("the name")?;
    let stateful = line.word("`stateful` or `stateless`")? == "stateful";
    let has_other_rules = line.flag("others");
    let rules = line.rest.split("; ").filter(|rule| !rule.is_empty());
    let rules = (1..)
        .zip(rules)
        .map(|(priority, text)| rule(priority, text));
    Ok(FirewallRuleGroup {
        rule_group_arn: read(&format!("arn:fw-rules/{own}"))?,
        stateful,
        rules: rules.collect::<Result<_, String>>()?,
        has_other_rules,
    }
    .into())
}

fn rule(priority: u32, text: &str) -> Result<FirewallRule, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [action, protocol, source, direction, destination, rest @ ..] = words.as_slice() else {
        return Err(format!(
            "`{text}`: expected `ACTION PROTOCOL SOURCE -> DESTINATION`"
        ));
    };
    let protocols = match read(protocol)? {
        ProtocolMatch::All => Vec::new(),
        ProtocolMatch::Is(protocol) => vec![u32::from(protocol.0)],
    };
    let (sources, source_ports) = end(source)?;
    let (destinations, destination_ports) = end(destination)?;
    Ok(FirewallRule {
        priority,
        action: name(Some(action), FirewallRuleAction::Pass)?,
        protocols,
        sources,
        destinations,
        source_ports,
        destination_ports,
        any_direction: *direction == "<>",
        has_other_options: rest == ["options"],
    })
}

/// `CIDR`, `CIDR,CIDR`, `any`, each with `:PORT` or `:PORT-PORT` or without.
fn end<T>(word: &str) -> Result<(Vec<T>, Vec<PortRange>), String>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let (nets, ports) = word.rsplit_once(':').unwrap_or((word, ""));
    let nets = if nets == "any" { "" } else { nets };
    let ports = ports.split(',').filter(|ports| !ports.is_empty());
    let ports = ports.map(|ports| {
        let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
        let range = PortRange::new(read(from)?, read(to)?);
        range.ok_or_else(|| "the ports are the wrong way round".to_owned())
    });
    Ok((read_all(nets)?, ports.collect::<Result<_, String>>()?))
}
