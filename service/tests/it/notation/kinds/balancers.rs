//! Load balancers and target groups.

use causeway_model::fields::Setting;
use causeway_model::resource::Body;
use causeway_model::resources::load_balancers::{
    Listener, LoadBalancerScheme, LoadBalancerState, LoadBalancerType, LoadBalancerZone, Target,
    TargetHealthState, TargetType,
};
use causeway_model::resources::{LoadBalancer, TargetGroup};

use super::super::line::{Line, read, read_all, read_ids};
use super::name;

/// `lb net/NAME|app/NAME|gwy/NAME VPC [public] [in=SUBNET[@ADDRESS...],...] [sg=A,B] [cross-zone=on|off] [link-sg=on|off] [dns=NAME]
/// [state=STATE]: PROTOCOL/PORT -> GROUP[+GROUP], ...`; its ARN is `arn:loadbalancer/net/NAME`
pub(super) fn load_balancer(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, vpc) = (line.word("the name")?, line.word("the VPC")?);
    let r#type = match own.split_once('/').map(|(kind, _)| kind) {
        Some("net") => LoadBalancerType::Network,
        Some("app") => LoadBalancerType::Application,
        Some("gwy") => LoadBalancerType::Gateway,
        _ => return Err("a load balancer is `net/`, `app/` or `gwy/` and its name".to_owned()),
    };
    let scheme = if line.flag("public") {
        LoadBalancerScheme::InternetFacing
    } else {
        LoadBalancerScheme::Internal
    };
    let zones = line.list("in").split(',').filter(|zone| !zone.is_empty());
    let listeners = line.rest.split(", ").filter(|words| !words.is_empty());
    Ok(LoadBalancer {
        load_balancer_arn: read(&format!("arn:loadbalancer/{own}"))?,
        load_balancer_name: own.rsplit('/').next().unwrap_or_default().to_owned(),
        r#type,
        scheme,
        vpc_id: read(&format!("vpc-{vpc}"))?,
        dns_name: line.list("dns").to_owned(),
        state: name(line.option("state"), LoadBalancerState::Active)?,
        availability_zones: zones.map(zone).collect::<Result<_, String>>()?,
        security_groups: read_ids("sg-", line.list("sg"))?,
        listeners: listeners.map(listener).collect::<Result<_, String>>()?,
        cross_zone_enabled: name(line.option("cross-zone"), Setting::Default)?,
        enforce_security_group_inbound_rules_on_private_link_traffic: name(
            line.option("link-sg"),
            Setting::Default,
        )?,
    }
    .into())
}

fn zone(words: &str) -> Result<LoadBalancerZone, String> {
    let (subnet, addresses) = words.split_once('@').unwrap_or((words, ""));
    Ok(LoadBalancerZone {
        zone_name: None,
        subnet_id: Some(read(&format!("subnet-{subnet}"))?),
        addresses: read_all(&addresses.replace('@', ","))?,
    })
}

fn listener(words: &str) -> Result<Listener, String> {
    let (taken, groups) = words.split_once(" -> ").unwrap_or((words, ""));
    let (protocol, port) = taken
        .split_once('/')
        .ok_or("a listener is `PROTOCOL/PORT -> GROUP`")?;
    Ok(Listener {
        listener_arn: read(&format!("arn:listener/{taken}"))?,
        port: read(port)?,
        protocol: protocol.to_owned(),
        target_group_arns: read_ids("arn:targetgroup/", &groups.replace('+', ","))?,
    })
}

/// `tg NAME PROTOCOL/PORT TYPE [preserve=on|off]: TARGET [PORT] [ZONE] [STATE], ...`, or `: unknown`
pub(super) fn target_group(line: &mut Line<'_>) -> Result<Body, String> {
    let own = line.word("the name")?;
    let taken = line.word("protocol and port")?;
    let (protocol, port) = taken.split_once('/').unwrap_or((taken, "0"));
    let targets_known = line.rest != "unknown";
    let targets = if targets_known { line.rest } else { "" };
    let targets = targets.split(", ").filter(|words| !words.is_empty());
    Ok(TargetGroup {
        target_group_arn: read(&format!("arn:targetgroup/{own}"))?,
        target_group_name: own.to_owned(),
        protocol: protocol.to_owned(),
        port: read(port)?,
        vpc_id: None,
        target_type: name(Some(line.word("the type")?), TargetType::Instance)?,
        load_balancer_arns: Vec::new(),
        targets: targets.map(target).collect::<Result<_, String>>()?,
        targets_known,
        preserve_client_ip_enabled: name(line.option("preserve"), Setting::Default)?,
    }
    .into())
}

fn target(words: &str) -> Result<Target, String> {
    let mut words = words.split_whitespace();
    let id = words.next().ok_or("a target has an id")?.to_owned();
    let (mut port, mut availability_zone, mut state) = (0, None, None);
    for word in words {
        if let Ok(own) = word.parse() {
            port = own;
        } else if word.contains('-') || word == "all" {
            availability_zone = Some(read(word)?);
        } else {
            state = Some(name(Some(word), TargetHealthState::Healthy)?);
        }
    }
    Ok(Target {
        id,
        port,
        availability_zone,
        state,
    })
}
