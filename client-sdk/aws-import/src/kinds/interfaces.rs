//! Network interfaces, instances and Elastic IP addresses.

use causeway_proto::v1;

use crate::names;
use crate::record::{Record, sorted};

pub(super) fn interface(id: &str, record: &Record<'_>) -> Option<v1::NetworkInterface> {
    let attachment = record.child("Attachment");
    let attached = |field: &str| {
        attachment
            .as_ref()
            .map(|attachment| attachment.text(field))
            .unwrap_or_default()
    };
    let addresses = record.children("Ipv6Addresses");
    Some(v1::NetworkInterface {
        network_interface_id: id.to_owned(),
        vpc_id: record.required("VpcId")?,
        subnet_id: record.required("SubnetId")?,
        interface_type: interface_type(record),
        private_ip_addresses: private_addresses(record),
        ipv6_addresses: sorted(
            addresses
                .iter()
                .filter_map(|item| item.address("Ipv6Address"))
                .collect(),
        ),
        group_ids: record.pick("Groups", "GroupId"),
        source_dest_check: record.flag("SourceDestCheck"),
        status: record.choice("Status", v1::NetworkInterfaceStatus::Available),
        instance_id: attached("InstanceId"),
        device_index: attachment
            .as_ref()
            .and_then(|item| item.number("DeviceIndex"))
            .unwrap_or_default(),
        availability_zone: record.text("AvailabilityZone"),
        requester_managed: record.flag("RequesterManaged").unwrap_or_default(),
        description: record.text("Description"),
        deny_all_igw_traffic: record.flag("DenyAllIgwTraffic").unwrap_or_default(),
    })
}

/// AWS adds types of interfaces often, and the contract has a value for those it has no name for: no warning.
fn interface_type(record: &Record<'_>) -> i32 {
    let parse = |word| names::parse(word).unwrap_or(v1::NetworkInterfaceType::Other);
    record
        .word("InterfaceType")
        .map(parse)
        .unwrap_or_default()
        .into()
}

/// Private addresses with their public ones, the primary address first and the others by address.
fn private_addresses(record: &Record<'_>) -> Vec<v1::PrivateIpAddress> {
    let listed = record.children("PrivateIpAddresses");
    let mut addresses: Vec<_> = listed
        .iter()
        .filter_map(|item| Some((item.flag("Primary") != Some(true), private_address(item)?)))
        .collect();
    if addresses.is_empty() {
        addresses.extend(private_address(record).map(|address| (false, address)));
    }
    addresses.sort_by(|(other, a), (primary, b)| {
        (other, &a.private_ip_address).cmp(&(primary, &b.private_ip_address))
    });
    addresses.into_iter().map(|(_, address)| address).collect()
}

fn private_address(record: &Record<'_>) -> Option<v1::PrivateIpAddress> {
    let association = record.child("Association");
    Some(v1::PrivateIpAddress {
        private_ip_address: record.address("PrivateIpAddress")?,
        public_ip: association
            .and_then(|association| association.address("PublicIp"))
            .unwrap_or_default(),
    })
}

pub(super) fn instance(id: &str, record: &Record<'_>) -> Option<v1::Instance> {
    let state = record.child("State");
    Some(v1::Instance {
        instance_id: id.to_owned(),
        vpc_id: record.text("VpcId"),
        subnet_id: record.text("SubnetId"),
        state: state
            .map(|state| state.choice("Name", v1::InstanceState::Stopped))
            .unwrap_or_default(),
    })
}

pub(super) fn address(id: &str, record: &Record<'_>) -> Option<v1::Address> {
    record.required("PublicIp")?;
    Some(v1::Address {
        allocation_id: id.to_owned(),
        public_ip: record.address("PublicIp")?,
        network_interface_id: record.text("NetworkInterfaceId"),
        private_ip_address: record.address("PrivateIpAddress").unwrap_or_default(),
    })
}
