//! Internet, egress-only internet and NAT gateways.

use causeway_proto::v1;

use crate::record::Record;

pub(super) fn internet(id: &str, record: &Record<'_>) -> Option<v1::InternetGateway> {
    Some(v1::InternetGateway {
        internet_gateway_id: id.to_owned(),
        attachments: attachments(record, "Attachments"),
    })
}

pub(super) fn egress_only(id: &str, record: &Record<'_>) -> Option<v1::EgressOnlyInternetGateway> {
    Some(v1::EgressOnlyInternetGateway {
        egress_only_internet_gateway_id: id.to_owned(),
        attachments: attachments(record, "Attachments"),
    })
}

/// The VPCs a gateway is attached to.
pub(super) fn attachments(record: &Record<'_>, field: &str) -> Vec<v1::GatewayAttachment> {
    let attachment = |record: &Record<'_>| {
        let vpc_id = record.required("VpcId")?;
        let state = record.choice("State", v1::GatewayAttachmentState::Detached);
        Some(v1::GatewayAttachment { vpc_id, state })
    };
    record
        .children(field)
        .iter()
        .filter_map(attachment)
        .collect()
}

pub(super) fn nat(id: &str, record: &Record<'_>) -> Option<v1::NatGateway> {
    let addresses = record.children("NatGatewayAddresses");
    let mut addresses: Vec<_> = addresses.iter().filter(|item| is_usable(item)).collect();
    // The primary address first; the order of the others is AWS's.
    addresses.sort_by_key(|address| address.flag("IsPrimary") != Some(true));
    Some(v1::NatGateway {
        nat_gateway_id: id.to_owned(),
        vpc_id: record.required("VpcId")?,
        subnet_id: record.text("SubnetId"),
        state: record.choice("State", v1::NatGatewayState::Failed),
        connectivity_type: record.choice("ConnectivityType", v1::ConnectivityType::Private),
        availability_mode: record.choice("AvailabilityMode", v1::AvailabilityMode::Zonal),
        nat_gateway_addresses: addresses.into_iter().map(nat_address).collect(),
    })
}

/// Whether packets may leave with an address.
fn is_usable(address: &Record<'_>) -> bool {
    matches!(address.word("Status"), None | Some("succeeded"))
}

fn nat_address(record: &Record<'_>) -> v1::NatGatewayAddress {
    v1::NatGatewayAddress {
        allocation_id: record.text("AllocationId"),
        network_interface_id: record.text("NetworkInterfaceId"),
        private_ip: record.address("PrivateIp").unwrap_or_default(),
        public_ip: record.address("PublicIp").unwrap_or_default(),
        availability_zone_id: record.text("AvailabilityZoneId"),
    }
}
