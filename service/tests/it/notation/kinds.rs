//! The kinds of resources, a function for each. In the forms, capitals are words of the reader's choice, brackets what may be left out.

use causeway_model::fields::{Field, Setting, Value};
use causeway_model::ids::AccountId;
use causeway_model::resource::{Body, Resource, Tag};
use causeway_model::resources::firewall::{ExcludedResource, VpcBlockPublicAccessExclusion};
use causeway_model::resources::gateways::{
    AvailabilityMode, ConnectivityType, GatewayAttachment, GatewayAttachmentState,
    NatGatewayAddress, NatGatewayState,
};
use causeway_model::resources::hybrid::VpnGateway;
use causeway_model::resources::interfaces::{
    InstanceState, NetworkInterfaceStatus, NetworkInterfaceType, PrivateIpAddress,
};
use causeway_model::resources::routing::RouteTableAssociation;
use causeway_model::resources::{
    Address, EgressOnlyInternetGateway, Instance, InternetGateway, ManagedPrefixList, NatGateway,
    NetworkAcl, NetworkInterface, RouteTable, SecurityGroup, Subnet, Vpc,
    VpcBlockPublicAccessOptions,
};

use super::Places;
use super::line::{Line, read, read_all, read_ids};

mod balancers;
mod inspection;
mod names;
mod services;
mod transit;

/// Account and Region where a line names none and is in no VPC.
const HOME: [&str; 2] = ["111111111111", "eu-west-1"];

/// The resource of a line.
pub(super) fn resource(mut line: Line<'_>, places: &mut Places) -> Result<Resource, String> {
    let kind = line.word("the kind")?;
    let (account, region) = (line.option("account"), line.option("region"));
    let tag = line.option("tag");
    let mut home = HOME.map(str::to_owned);
    let body = match kind {
        "vpc" => vpc(&mut line, places, [account, region]),
        "subnet" => subnet(&mut line, places),
        "routes" => routes(&mut line),
        "acl" => acl(&mut line),
        "sg" => security_group(&mut line),
        "eni" => interface(&mut line, places),
        "instance" => instance(&mut line),
        "eip" => address(&mut line),
        "igw" => internet_gateway(&mut line),
        "eigw" => egress_only(&mut line),
        "nat" => nat_gateway(&mut line, places),
        "pl" => prefix_list(&mut line),
        "bpa" => block_public_access(&mut line, account.unwrap_or(HOME[0]), region),
        "vgw" => vpn_gateway(&mut line),
        "lb" => balancers::load_balancer(&mut line),
        "tg" => balancers::target_group(&mut line),
        "tgw" | "attach" | "tgw-routes" | "vpn" | "cgw" | "dxgw" | "vif" => {
            transit::resource(kind, &mut line)
        }
        _ if inspection::KINDS.contains(&kind) => inspection::resource(kind, &mut line),
        _ => services::resource(kind, &mut line, places),
    }?;
    line.finish()?;
    let vpc = body.vpc().and_then(|id| id.as_str().strip_prefix("vpc-"));
    if let Some([account, region, _]) = vpc.and_then(|vpc| places.vpcs.get(vpc)) {
        home = [account.clone(), region.clone()];
    }
    let account: AccountId = read(account.unwrap_or(&home[0]))?;
    let tags = tag.map(|name| Tag {
        key: "Name".into(),
        value: name.into(),
    });
    Ok(Resource {
        owner_id: account,
        region: Some(read(region.unwrap_or(&home[1]))?),
        tags: tags.into_iter().collect(),
        body,
    })
}

/// One of the names that a field takes; its default if it is not given.
pub(super) fn name<T: Field>(word: Option<&str>, default: T) -> Result<T, String> {
    let read = |word: &str| T::from_value(Value::Text(word.to_owned()));
    word.map_or(Ok(default), |word| {
        read(word).map_err(|error| error.to_string())
    })
}

/// `vpc NAME CIDR[,CIDR] [dns=on|off] [hostnames=on|off] [dhcp=NAME]`
fn vpc(line: &mut Line<'_>, places: &mut Places, home: [Option<&str>; 2]) -> Result<Body, String> {
    let (own, blocks) = (line.word("the name")?, line.word("the CIDR block")?);
    let [account, region] = home;
    let account = account.unwrap_or(HOME[0]).to_owned();
    let region = region.unwrap_or(HOME[1]).to_owned();
    places
        .vpcs
        .insert(own.to_owned(), [account, region, blocks.to_owned()]);
    let dhcp = line.option("dhcp").map(|name| format!("dopt-{name}"));
    Ok(Vpc {
        vpc_id: read(&format!("vpc-{own}"))?,
        cidr_blocks: read_all(blocks)?,
        dhcp_options_id: dhcp.as_deref().map(read).transpose()?,
        is_default: false,
        enable_dns_support: name(line.option("dns"), Setting::Default)?,
        enable_dns_hostnames: name(line.option("hostnames"), Setting::Default)?,
    }
    .into())
}

/// `subnet NAME VPC CIDR[,CIDR] [zone=ZONE] [zone-id=ID]`
fn subnet(line: &mut Line<'_>, places: &mut Places) -> Result<Body, String> {
    let (own, vpc) = (line.word("the name")?, line.word("the VPC")?);
    places.subnets.insert(own.to_owned(), vpc.to_owned());
    Ok(Subnet {
        subnet_id: read(&format!("subnet-{own}"))?,
        vpc_id: read(&format!("vpc-{vpc}"))?,
        cidr_blocks: read_all(line.word("the CIDR block")?)?,
        availability_zone: line.get("zone")?,
        availability_zone_id: line.get("zone-id")?,
    }
    .into())
}

/// `routes NAME VPC [main] [subnets=A,B] [igw=NAME] [vgw=NAME]: DESTINATION -> TARGET [blackhole|filtered] [propagated], ...`
fn routes(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, vpc) = (line.word("the name")?, line.word("the VPC")?);
    let mut associations = Vec::new();
    if line.flag("main") {
        associations.push(RouteTableAssociation::Main);
    }
    let subnets = read_ids("subnet-", line.list("subnets"))?;
    associations.extend(subnets.into_iter().map(RouteTableAssociation::Subnet));
    let gateways = read_ids("igw-", line.list("igw"))?;
    associations.extend(
        gateways
            .into_iter()
            .map(RouteTableAssociation::InternetGateway),
    );
    let gateways = read_ids("vgw-", line.list("vgw"))?.into_iter();
    associations.extend(gateways.map(RouteTableAssociation::VpnGateway));
    Ok(RouteTable {
        route_table_id: read(&format!("rtb-{own}"))?,
        vpc_id: read(&format!("vpc-{vpc}"))?,
        associations,
        routes: super::rules::routes(line.rest)?,
        propagating_vgws: Vec::new(),
    }
    .into())
}

/// `acl NAME VPC [default] [subnets=A,B]: in|out NUMBER allow|deny SERVICE from|to CIDR; ...`
fn acl(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, vpc) = (line.word("the name")?, line.word("the VPC")?);
    Ok(NetworkAcl {
        network_acl_id: read(&format!("acl-{own}"))?,
        vpc_id: read(&format!("vpc-{vpc}"))?,
        is_default: line.flag("default"),
        subnet_ids: read_ids("subnet-", line.list("subnets"))?,
        entries: super::rules::entries(line.rest)?,
    }
    .into())
}

/// `sg NAME VPC: in|out SERVICE from|to CIDR|sg-...|pl-...; ...`
fn security_group(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, vpc) = (line.word("the name")?, line.word("the VPC")?);
    let [ip_permissions, ip_permissions_egress] = super::rules::permissions(line.rest)?;
    Ok(SecurityGroup {
        group_id: read(&format!("sg-{own}"))?,
        group_name: own.to_owned(),
        vpc_id: read(&format!("vpc-{vpc}"))?,
        ip_permissions,
        ip_permissions_egress,
    }
    .into())
}

/// `eni NAME SUBNET ADDRESS[,ADDRESS] [sg=A,B] [public=ADDRESS] [instance=NAME] [index=N] [type=TYPE] [status=STATUS] [deny-igw=on]
/// [elb=net/NAME] [check=on|off]`
fn interface(line: &mut Line<'_>, places: &Places) -> Result<Body, String> {
    let (own, subnet) = (line.word("the name")?, line.word("the subnet")?);
    let addresses: Vec<std::net::IpAddr> = read_all(line.word("the address")?)?;
    let (ipv6_addresses, ipv4): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(std::net::IpAddr::is_ipv6);
    let mut public_ip = line.get("public")?;
    let private_ip_addresses = ipv4.into_iter().map(|private_ip_address| PrivateIpAddress {
        private_ip_address,
        public_ip: public_ip.take(),
    });
    let instance = line.option("instance").map(|name| format!("i-{name}"));
    let elb = line.option("elb").map(|own| format!("ELB {own}"));
    Ok(NetworkInterface {
        network_interface_id: read(&format!("eni-{own}"))?,
        vpc_id: read(&format!("vpc-{}", vpc_of(places, subnet)?))?,
        subnet_id: read(&format!("subnet-{subnet}"))?,
        interface_type: name(line.option("type"), NetworkInterfaceType::Interface)?,
        private_ip_addresses: private_ip_addresses.collect(),
        ipv6_addresses,
        group_ids: read_ids("sg-", line.list("sg"))?,
        source_dest_check: name(line.option("check"), Setting::Default)?,
        status: name(line.option("status"), NetworkInterfaceStatus::InUse)?,
        instance_id: instance.as_deref().map(read).transpose()?,
        device_index: line.get("index")?.unwrap_or(0),
        availability_zone: None,
        requester_managed: false,
        description: elb.unwrap_or_default(),
        deny_all_igw_traffic: line.option("deny-igw") == Some("on"),
    }
    .into())
}

fn vpc_of<'p>(places: &'p Places, subnet: &str) -> Result<&'p str, String> {
    let vpc = places.subnets.get(subnet);
    vpc.map(String::as_str)
        .ok_or_else(|| format!("no subnet `{subnet}` stands before"))
}

/// `instance NAME [state=STATE]`
fn instance(line: &mut Line<'_>) -> Result<Body, String> {
    Ok(Instance {
        instance_id: read(&format!("i-{}", line.word("the name")?))?,
        vpc_id: None,
        subnet_id: None,
        state: name(line.option("state"), InstanceState::Running)?,
    }
    .into())
}

/// `eip NAME ADDRESS eni=NAME [private=ADDRESS]`
fn address(line: &mut Line<'_>) -> Result<Body, String> {
    let own = line.word("the name")?;
    let interface = line.option("eni").map(|name| format!("eni-{name}"));
    Ok(Address {
        allocation_id: read(&format!("eipalloc-{own}"))?,
        public_ip: read(line.word("the address")?)?,
        network_interface_id: interface.as_deref().map(read).transpose()?,
        private_ip_address: line.get("private")?,
    }
    .into())
}

/// The attachment to the VPC that the next word names; `-` for none.
fn attachments(line: &mut Line<'_>) -> Result<Vec<GatewayAttachment>, String> {
    let vpc = line.word("the VPC, or `-`")?;
    let state = name(line.option("state"), GatewayAttachmentState::Attached)?;
    if vpc == "-" {
        return Ok(Vec::new());
    }
    let vpc_id = read(&format!("vpc-{vpc}"))?;
    Ok(vec![GatewayAttachment { vpc_id, state }])
}

/// `igw NAME VPC|- [state=STATE]`
fn internet_gateway(line: &mut Line<'_>) -> Result<Body, String> {
    Ok(InternetGateway {
        internet_gateway_id: read(&format!("igw-{}", line.word("the name")?))?,
        attachments: attachments(line)?,
    }
    .into())
}

/// `eigw NAME VPC|- [state=STATE]`
fn egress_only(line: &mut Line<'_>) -> Result<Body, String> {
    Ok(EgressOnlyInternetGateway {
        egress_only_internet_gateway_id: read(&format!("eigw-{}", line.word("the name")?))?,
        attachments: attachments(line)?,
    }
    .into())
}

/// `vgw NAME VPC|- [state=STATE]`
fn vpn_gateway(line: &mut Line<'_>) -> Result<Body, String> {
    Ok(VpnGateway {
        vpn_gateway_id: read(&format!("vgw-{}", line.word("the name")?))?,
        vpc_attachments: attachments(line)?,
        amazon_side_asn: 64512,
    }
    .into())
}

/// `nat NAME SUBNET ADDRESS [public=ADDRESS] [eni=NAME] [state=STATE]`, or `nat NAME VPC regional: ADDRESS ZONE-ID, ...`
fn nat_gateway(line: &mut Line<'_>, places: &Places) -> Result<Body, String> {
    let (own, place) = (line.word("the name")?, line.word("the subnet")?);
    let is_regional = line.flag("regional");
    let vpc = if is_regional {
        place
    } else {
        vpc_of(places, place)?
    };
    let interface = line.option("eni").map(|name| format!("eni-{name}"));
    let mut addresses = Vec::new();
    let public_ip = line.get("public")?;
    if !is_regional {
        addresses.push(NatGatewayAddress {
            allocation_id: None,
            network_interface_id: interface.as_deref().map(read).transpose()?,
            private_ip: Some(read(line.word("the address")?)?),
            public_ip,
            availability_zone_id: None,
        });
    }
    let zones = line.rest.split(", ").filter(|words| !words.is_empty());
    for words in zones {
        let (public, zone) = words.split_once(' ').unwrap_or((words, ""));
        let zone = Some(zone).filter(|zone| !zone.is_empty());
        addresses.push(NatGatewayAddress {
            allocation_id: None,
            network_interface_id: None,
            private_ip: None,
            public_ip: Some(read(public)?),
            availability_zone_id: zone.map(read).transpose()?,
        });
    }
    let subnet = (!is_regional).then(|| format!("subnet-{place}"));
    Ok(NatGateway {
        nat_gateway_id: read(&format!("nat-{own}"))?,
        vpc_id: read(&format!("vpc-{vpc}"))?,
        subnet_id: subnet.as_deref().map(read).transpose()?,
        state: name(line.option("state"), NatGatewayState::Available)?,
        connectivity_type: if public_ip.is_none() && !is_regional {
            ConnectivityType::Private
        } else {
            ConnectivityType::Public
        },
        availability_mode: if is_regional {
            AvailabilityMode::Regional
        } else {
            AvailabilityMode::Zonal
        },
        nat_gateway_addresses: addresses,
    }
    .into())
}

/// `pl NAME LIST-NAME: CIDR, CIDR`, or `: unknown`
fn prefix_list(line: &mut Line<'_>) -> Result<Body, String> {
    let entries_known = line.rest != "unknown";
    let entries = if entries_known { line.rest } else { "" };
    Ok(ManagedPrefixList {
        prefix_list_id: read(&format!("pl-{}", line.word("the name")?))?,
        prefix_list_name: line.word("the name of the list")?.to_owned(),
        entries_known,
        entries: read_all(&entries.replace(' ', ""))?,
    }
    .into())
}

/// `bpa MODE: NAME vpc-...|subnet-... [egress], ...`, the exclusions
fn block_public_access(
    line: &mut Line<'_>,
    account: &str,
    region: Option<&str>,
) -> Result<Body, String> {
    let mode = line.word("the mode")?;
    let exclusions = line.rest.split(", ").filter(|words| !words.is_empty());
    let exclusions = exclusions.map(|words| {
        let words: Vec<&str> = words.split_whitespace().collect();
        let (own, id, rest) = match words.as_slice() {
            [own, id, rest @ ..] => (own, id, rest),
            _ => return Err("an exclusion has a name and a resource".to_owned()),
        };
        let resource = if id.starts_with("vpc-") {
            ExcludedResource::Vpc(read(id)?)
        } else {
            ExcludedResource::Subnet(read(id)?)
        };
        Ok(VpcBlockPublicAccessExclusion {
            exclusion_id: read(&format!("vpcbpa-exclude-{own}"))?,
            resource,
            allow_egress_only: rest == ["egress"],
        })
    });
    let region = region.unwrap_or(HOME[1]);
    let exclusions = exclusions.collect::<Result<_, String>>()?;
    let mode = Value::Text(mode.to_owned());
    Ok(VpcBlockPublicAccessOptions {
        options_id: read(&format!("vpcbpa-{account}-{region}"))?,
        internet_gateway_block_mode: Field::from_value(mode).map_err(|error| error.to_string())?,
        exclusions,
    }
    .into())
}
