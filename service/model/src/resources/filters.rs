//! Security groups, network ACLs and prefix lists.

use ipnet::IpNet;

use crate::fields::{enumeration, record};
use crate::ids::{
    AccountId, NetworkAclId, PrefixListId, SecurityGroupId, SubnetId, VpcId, VpcPeeringConnectionId,
};
use crate::protocol::{PortRange, ProtocolMatch};

record! {
    /// A security group.
    pub struct SecurityGroup {
        group_id: SecurityGroupId,
        group_name: String,
        vpc_id: VpcId,
        ip_permissions: Vec<IpPermission>,
        ip_permissions_egress: Vec<IpPermission>,
    }

    /// One rule of a security group.
    pub struct IpPermission {
        ip_protocol: ProtocolMatch,
        /// None for all ports, and for protocols without ports.
        ports: Option<PortRange>,
        /// None for all types and codes, and for protocols other than ICMP.
        icmp_type_code: Option<IcmpTypeCode>,
        ip_ranges: Vec<IpNet>,
        prefix_list_ids: Vec<PrefixListId>,
        user_id_group_pairs: Vec<UserIdGroupPair>,
    }

    /// A security group that a rule refers to.
    pub struct UserIdGroupPair {
        group_id: SecurityGroupId,
        user_id: Option<AccountId>,
        vpc_id: Option<VpcId>,
        vpc_peering_connection_id: Option<VpcPeeringConnectionId>,
    }

    /// ICMP type and code, each -1 for all.
    pub struct IcmpTypeCode {
        r#type: i32,
        code: i32,
    }

    /// A network ACL.
    pub struct NetworkAcl {
        network_acl_id: NetworkAclId,
        vpc_id: VpcId,
        is_default: bool,
        subnet_ids: Vec<SubnetId>,
        entries: Vec<NetworkAclEntry>,
    }

    /// One rule of a network ACL.
    pub struct NetworkAclEntry {
        rule_number: u32,
        egress: bool,
        protocol: ProtocolMatch,
        rule_action: RuleAction,
        cidr_block: IpNet,
        port_range: Option<PortRange>,
        icmp_type_code: Option<IcmpTypeCode>,
    }

    /// A prefix list.
    pub struct ManagedPrefixList {
        prefix_list_id: PrefixListId,
        prefix_list_name: String,
        entries_known: bool,
        entries: Vec<IpNet>,
    }
}

enumeration! {
    /// What a rule does.
    pub enum RuleAction {
        Allow = "allow",
        Deny = "deny",
    }
}
