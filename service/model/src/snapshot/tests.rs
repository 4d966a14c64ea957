//! Change sets on snapshots: what is applied, and every fault that is told.

mod compare;

use super::*;
use crate::fields::Setting;
use crate::resource::Tag;
use crate::resources::filters::{NetworkAclEntry, RuleAction};
use crate::resources::interfaces::{
    NetworkInterfaceStatus, NetworkInterfaceType, PrivateIpAddress,
};
use crate::resources::{NetworkAcl, NetworkInterface, Subnet, Vpc};
use crate::{Body, ProtocolMatch};

fn resource(body: impl Into<Body>) -> Resource {
    Resource {
        owner_id: "111111111111".parse().unwrap(),
        region: Some("eu-west-1".parse().unwrap()),
        tags: Vec::new(),
        body: body.into(),
    }
}

fn vpc(id: &str, block: &str) -> Resource {
    resource(Vpc {
        vpc_id: id.parse().unwrap(),
        cidr_blocks: vec![block.parse().unwrap()],
        dhcp_options_id: None,
        is_default: false,
        enable_dns_support: Setting::Default,
        enable_dns_hostnames: Setting::Default,
    })
}

fn subnet(id: &str, vpc: &str, block: &str) -> Resource {
    resource(Subnet {
        subnet_id: id.parse().unwrap(),
        vpc_id: vpc.parse().unwrap(),
        cidr_blocks: vec![block.parse().unwrap()],
        availability_zone: None,
        availability_zone_id: None,
    })
}

fn interface(id: &str, (vpc, subnet): (&str, &str), address: &str) -> Resource {
    resource(NetworkInterface {
        network_interface_id: id.parse().unwrap(),
        vpc_id: vpc.parse().unwrap(),
        subnet_id: subnet.parse().unwrap(),
        interface_type: NetworkInterfaceType::Interface,
        private_ip_addresses: vec![PrivateIpAddress {
            private_ip_address: address.parse().unwrap(),
            public_ip: None,
        }],
        ipv6_addresses: Vec::new(),
        group_ids: Vec::new(),
        source_dest_check: Setting::Default,
        status: NetworkInterfaceStatus::InUse,
        instance_id: None,
        device_index: 0,
        availability_zone: None,
        requester_managed: false,
        description: String::new(),
        deny_all_igw_traffic: false,
    })
}

fn put(resource: Resource) -> Change {
    Change::put(resource)
}

fn delete(id: &str) -> Change {
    Change::Delete(id.parse().unwrap())
}

fn set(changes: impl IntoIterator<Item = Change>) -> ChangeSet {
    ChangeSet {
        changes: changes.into_iter().collect(),
    }
}

#[track_caller]
fn applied(snapshot: &Snapshot, changes: impl IntoIterator<Item = Change>) -> Snapshot {
    snapshot.apply(&set(changes)).unwrap().0
}

#[track_caller]
fn refused(snapshot: &Snapshot, changes: impl IntoIterator<Item = Change>) -> Vec<String> {
    let faults = snapshot.apply(&set(changes)).unwrap_err();
    faults.iter().map(Fault::to_string).collect()
}

fn estate() -> Snapshot {
    applied(
        &Snapshot::default(),
        [
            put(vpc("vpc-a", "10.0.0.0/16")),
            put(subnet("subnet-a", "vpc-a", "10.0.1.0/24")),
            put(interface("eni-a", ("vpc-a", "subnet-a"), "10.0.1.10")),
        ],
    )
}

#[test]
fn a_container_may_come_after_its_content_in_one_set() {
    let snapshot = applied(
        &Snapshot::default(),
        [
            put(subnet("subnet-a", "vpc-a", "10.0.1.0/24")),
            put(vpc("vpc-a", "10.0.0.0/16")),
        ],
    );
    assert_eq!(snapshot.len(), 2);
}

#[test]
fn every_fault_is_told_at_once_and_nothing_is_changed() {
    let before = estate();
    let faults = refused(
        &before,
        [
            put(interface("eni-b", ("vpc-a", "subnet-x"), "10.0.1.11")),
            put(interface("eni-c", ("vpc-a", "subnet-a"), "10.0.2.11")),
            put(vpc("vpc-b", "10.1.0.0/16")),
            put(interface("eni-d", ("vpc-b", "subnet-a"), "10.0.1.12")),
            delete("eni-z"),
        ],
    );
    assert_eq!(
        faults,
        [
            "change 0, `eni-b`, field `network_interface.subnet_id`: `subnet-x` does not exist in the topology; put it in the same change set or before",
            "change 1, `eni-c`, field `network_interface.private_ip_addresses`: `10.0.2.11` is not within the CIDR blocks of `subnet-a`",
            "change 3, `eni-d`, field `network_interface.vpc_id`: the resource is in `vpc-b`, but `subnet-a` is in `vpc-a`",
            "change 4, `eni-z`: there is no such resource to delete",
        ]
    );
    assert_eq!(before, estate());
}

#[test]
fn one_id_twice_is_a_fault_only_if_the_two_differ() {
    let faults = refused(
        &Snapshot::default(),
        [
            put(vpc("vpc-a", "10.0.0.0/16")),
            put(vpc("vpc-a", "10.1.0.0/16")),
        ],
    );
    assert_eq!(
        faults,
        [
            "change 1, `vpc-a`: change 0 of the same set says something else of this id; give each id once"
        ]
    );
    let twice = set([
        put(vpc("vpc-a", "10.0.0.0/16")),
        put(vpc("vpc-a", "10.0.0.0/16")),
    ]);
    let (_, effect) = Snapshot::default().apply(&twice).unwrap();
    assert_eq!((effect.created, effect.changes.changes.len()), (1, 1));
}

#[test]
fn a_container_is_not_deleted_while_something_is_in_it() {
    let faults = refused(&estate(), [delete("subnet-a")]);
    assert_eq!(
        faults,
        ["change 0, `subnet-a`: `eni-a` is still in it; delete that too"]
    );
    let emptied = applied(&estate(), [delete("subnet-a"), delete("eni-a")]);
    assert_eq!(emptied.len(), 1);
}

#[test]
fn what_moves_to_another_container_is_no_longer_in_the_first() {
    let moved = interface("eni-a", ("vpc-a", "subnet-b"), "10.0.2.10");
    let other = subnet("subnet-b", "vpc-a", "10.0.2.0/24");
    let after = applied(&estate(), [put(other), put(moved)]);
    let faults = refused(&after, [delete("subnet-b")]);
    assert_eq!(
        faults,
        ["change 0, `subnet-b`: `eni-a` is still in it; delete that too"]
    );
    assert_eq!(applied(&after, [delete("subnet-a")]).len(), 3);
}

#[test]
fn a_container_is_not_changed_so_that_its_content_no_longer_fits() {
    let faults = refused(&estate(), [put(subnet("subnet-a", "vpc-a", "10.0.2.0/24"))]);
    assert_eq!(
        faults,
        [
            "change 0, `subnet-a`: `eni-a`, which is in it, would no longer fit: `network_interface.private_ip_addresses`: `10.0.1.10` is not within the CIDR blocks of `subnet-a`"
        ]
    );
}

#[test]
fn a_misfit_of_two_that_come_together_is_told_once_and_of_the_content() {
    let faults = refused(
        &Snapshot::default(),
        [
            put(subnet("subnet-a", "vpc-a", "10.0.1.0/24")),
            put(vpc("vpc-a", "10.0.0.0/16")),
            put(interface("eni-a", ("vpc-a", "subnet-a"), "10.0.9.9")),
        ],
    );
    assert_eq!(
        faults,
        [
            "change 2, `eni-a`, field `network_interface.private_ip_addresses`: `10.0.9.9` is not within the CIDR blocks of `subnet-a`"
        ]
    );
}

#[test]
fn changes_that_make_no_difference_are_not_kept() {
    let before = estate();
    let (after, effect) = before
        .apply(&set([put(vpc("vpc-a", "10.0.0.0/16"))]))
        .unwrap();
    assert!(effect.is_nothing());
    assert_eq!(after, before);
}

#[test]
fn replaying_an_effect_gives_the_same_snapshot() {
    let before = estate();
    let mut moved = vpc("vpc-a", "10.0.0.0/16");
    moved.tags.push(Tag {
        key: "Name".into(),
        value: "app".into(),
    });
    let (after, effect) = before
        .apply(&set([
            put(moved),
            delete("eni-a"),
            put(vpc("vpc-c", "10.3.0.0/16")),
        ]))
        .unwrap();
    assert_eq!((effect.created, effect.updated, effect.deleted), (1, 1, 1));
    assert_eq!(before.replay(&effect.changes), after);
}

#[test]
fn a_resource_is_one_in_its_change_in_the_log_and_in_every_snapshot() {
    let given: Arc<Resource> = vpc("vpc-b", "10.1.0.0/16").into();
    let (first, effect) = estate()
        .apply(&set([Change::Put(Arc::clone(&given))]))
        .unwrap();
    let second = applied(&first, [delete("eni-a")]);
    let logged = Snapshot::default().replay(&effect.changes);
    for snapshot in [first, second, logged] {
        assert!(Arc::ptr_eq(snapshot.get("vpc-b").unwrap(), &given));
    }
}

#[test]
fn a_container_is_held_against_its_content_as_it_is_now() {
    let moved = interface("eni-a", ("vpc-a", "subnet-a"), "10.0.2.10");
    let wide = subnet("subnet-a", "vpc-a", "10.0.0.0/16");
    let before = applied(&estate(), [put(wide), put(moved)]);
    applied(&before, [put(subnet("subnet-a", "vpc-a", "10.0.2.0/24"))]);
    let narrow = put(subnet("subnet-a", "vpc-a", "10.0.1.0/24"));
    assert_eq!(refused(&before, [narrow]).len(), 1);
}

#[test]
fn many_changes_do_together_what_they_do_one_after_the_other() {
    let puts = (0..100).flat_map(|number| {
        let (id, block) = (format!("vpc-{number}"), format!("10.{number}.0.0/16"));
        let own = subnet(&format!("subnet-{number}"), &id, &block);
        [put(vpc(&id, &block)), put(own)]
    });
    let puts: Vec<Change> = puts.collect();
    let deletes = (0..100).step_by(3);
    let deletes = deletes.map(|number| delete(&format!("subnet-{number}")));
    let deletes: Vec<Change> = deletes.collect();
    let mut singly = estate();
    for change in puts.iter().chain(&deletes) {
        singly = applied(&singly, [change.clone()]);
    }
    let together = applied(&applied(&estate(), puts), deletes);
    assert_eq!(together, singly);
    assert_eq!(together.len(), 3 + 200 - 34);
    let ids = together.iter().map(|held| held.id().as_str());
    assert!(ids.is_sorted());
    // What is left in a container holds it, what was deleted does not.
    assert_eq!(refused(&together, [delete("vpc-1")]).len(), 1);
    applied(&together, [delete("vpc-3")]);
}

#[test]
fn an_import_deletes_only_what_its_scopes_hold() {
    let before = applied(&estate(), [put(vpc("vpc-b", "10.1.0.0/16"))]);
    let given = BTreeMap::from([("vpc-a".parse().unwrap(), vpc("vpc-a", "10.0.0.0/16").into())]);
    let scope = |kind| Scope {
        owner_id: "111111111111".parse().unwrap(),
        region: Some("eu-west-1".parse().unwrap()),
        kind,
    };
    assert_eq!(before.difference(&[], &given), ChangeSet::default());
    assert_eq!(
        before.difference(&[scope(Kind::Vpc)], &given),
        set([delete("vpc-b")])
    );
    let elsewhere = Scope {
        region: Some("us-east-1".parse().unwrap()),
        ..scope(Kind::Vpc)
    };
    assert_eq!(
        before.difference(&[elsewhere], &given),
        ChangeSet::default()
    );
}

#[test]
fn network_acl_rule_numbers_stand_once_in_each_direction_and_family() {
    let entry = |rule_number, egress, block: &str| NetworkAclEntry {
        rule_number,
        egress,
        protocol: ProtocolMatch::All,
        rule_action: RuleAction::Allow,
        cidr_block: block.parse().unwrap(),
        port_range: None,
        icmp_type_code: None,
    };
    let acl = |entries| {
        put(resource(NetworkAcl {
            network_acl_id: "acl-a".parse().unwrap(),
            vpc_id: "vpc-a".parse().unwrap(),
            is_default: false,
            subnet_ids: Vec::new(),
            entries,
        }))
    };
    let fine = vec![
        entry(100, true, "0.0.0.0/0"),
        entry(100, false, "0.0.0.0/0"),
        entry(100, true, "::/0"),
    ];
    applied(&estate(), [acl(fine)]);
    let twice = vec![
        entry(100, true, "0.0.0.0/0"),
        entry(100, true, "10.0.0.0/8"),
        entry(0, true, "10.0.0.0/8"),
    ];
    assert_eq!(
        refused(&estate(), [acl(twice)]),
        [
            "change 0, `acl-a`, field `network_acl.entries`: `0` is not allowed: rule numbers are 1 to 32768",
            "change 0, `acl-a`, field `network_acl.entries`: `egress IPv4 rule 100` stands twice",
        ]
    );
}
