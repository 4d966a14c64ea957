//! Prefix lists (VPC guide, "Managed prefix lists").
//!
//! A list that AWS keeps for a service is named `com.amazonaws.<Region>.<service>`; its entries may be unknown.

use causeway_model::trace::ServiceAddress;

use crate::dns::service_of_name;
use crate::packet::PrefixList;
use crate::table::PrefixListIx;

use super::builder::{Builder, pick};

pub(crate) fn register(builder: &mut Builder) {
    let lists = builder.each(pick!(ManagedPrefixList));
    for (_, list) in lists {
        let service: Option<ServiceAddress> = service_of_name(&list.prefix_list_name);
        let entries = list.entries_known.then(|| list.entries.clone());
        let new = PrefixListIx::of(builder.network.frame.lists.len());
        let id = (&list.prefix_list_id).into();
        builder.learn().lists.insert(id, new);
        builder.frame().lists.push(PrefixList { service, entries });
    }
}
