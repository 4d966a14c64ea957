//! Finds where resources are that do not say so themselves, and who asked AWS for a document. Knows the order in which
//! evidence counts: the record, the folder, what the resource lies in, the files around.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use causeway_proto::v1::ResourceKind;

use crate::document::Source;
use crate::error::ImportError;
use crate::gather::{Gather, Key};
use crate::location::{Location, is_account, of_record};
use crate::notes::Notes;
use crate::record::Record;
use crate::view::View;
use crate::warning::Warning;

/// What a resource lies in or hangs on, for those that do not say themselves where they are.
fn containers(record: &Record<'_>) -> Vec<Key> {
    let direct = [
        (ResourceKind::Vpc, "VpcId"),
        (ResourceKind::Subnet, "SubnetId"),
        (ResourceKind::TransitGateway, "TransitGatewayId"),
        (ResourceKind::VpnGateway, "VpnGatewayId"),
        (ResourceKind::CustomerGateway, "CustomerGatewayId"),
        (ResourceKind::NetworkInterface, "NetworkInterfaceId"),
    ];
    let direct = direct
        .iter()
        .filter_map(|(kind, field)| Some((*kind, record.word(field)?.to_owned())));
    let lists = ["Attachments", "VpcAttachments"]
        .into_iter()
        .flat_map(|field| record.pick(field, "VpcId"));
    direct
        .chain(lists.map(|id| (ResourceKind::Vpc, id)))
        .collect()
}

/// Accounts and Regions that are seen in a file, in a folder or in the whole dump.
#[derive(Debug, Default)]
struct Seen {
    /// Of kinds that only their owner can list.
    own_accounts: BTreeSet<String>,
    accounts: BTreeSet<String>,
    regions: BTreeSet<String>,
}

impl Seen {
    fn add(&mut self, kind: Option<ResourceKind>, location: &Location) {
        if let Some(owner) = location.owner.as_ref().filter(|owner| is_account(owner)) {
            if kind.is_none_or(is_listed_by_owner) {
                self.own_accounts.insert(owner.clone());
            }
            self.accounts.insert(owner.clone());
        }
        if let Some(region) = location.region.as_ref().filter(|region| !region.is_empty()) {
            self.regions.insert(region.clone());
        }
    }

    fn merge(&mut self, other: &Seen) {
        self.own_accounts.extend(other.own_accounts.iter().cloned());
        self.accounts.extend(other.accounts.iter().cloned());
        self.regions.extend(other.regions.iter().cloned());
    }

    /// The account and the Region, where only one can be meant.
    fn location(&self) -> Location {
        let accounts = if self.own_accounts.is_empty() {
            &self.accounts
        } else {
            &self.own_accounts
        };
        Location {
            owner: only(accounts),
            region: only(&self.regions),
        }
    }
}

fn only(words: &BTreeSet<String>) -> Option<String> {
    match words.len() {
        1 => words.first().cloned(),
        _ => None,
    }
}

/// Kinds that AWS lists to nobody but their owner. The others may be shared, and then tell nothing of who asked.
fn is_listed_by_owner(kind: ResourceKind) -> bool {
    matches!(
        kind,
        ResourceKind::Instance
            | ResourceKind::InternetGateway
            | ResourceKind::EgressOnlyInternetGateway
            | ResourceKind::VpcEndpoint
            | ResourceKind::LoadBalancer
            | ResourceKind::TargetGroup
    )
}

/// Kinds that stand between Regions: that one end is seen in a file tells nothing of the others there.
fn spans_regions(kind: ResourceKind) -> bool {
    matches!(
        kind,
        ResourceKind::VpcPeeringConnection | ResourceKind::TransitGatewayAttachment
    )
}

/// Finds the account and Region of resources and of those who asked AWS.
pub(crate) struct Locator {
    /// What the records themselves say.
    explicit: BTreeMap<Key, Location>,
    files: Vec<Location>,
    folders: Vec<Location>,
    dump: Location,
    askers: Vec<Location>,
    sources: Vec<Source>,
}

impl Locator {
    /// Looks through all views.
    pub(crate) fn new(gather: &Gather) -> Self {
        let explicit = explicit(gather);
        let mut files: Vec<Seen> = gather.sources.iter().map(|_| Seen::default()).collect();
        for (file, source) in files.iter_mut().zip(&gather.sources) {
            file.add(None, &source.location);
        }
        for (key, views) in &gather.views {
            let Some(location) = explicit.get(key).filter(|_| !spans_regions(key.0)) else {
                continue;
            };
            for view in views {
                if let Some(file) = files.get_mut(view.source) {
                    file.add(Some(key.0), location);
                }
            }
        }
        let mut folders: BTreeMap<&str, Seen> = BTreeMap::new();
        let mut dump = Seen::default();
        for (file, source) in files.iter().zip(&gather.sources) {
            folders
                .entry(source.folder.as_str())
                .or_default()
                .merge(file);
            dump.merge(file);
        }
        let of_folder = |source: &Source| {
            folders
                .get(source.folder.as_str())
                .map(Seen::location)
                .unwrap_or_default()
        };
        let folders: Vec<Location> = gather.sources.iter().map(of_folder).collect();
        let files: Vec<Location> = files.iter().map(Seen::location).collect();
        let dump = dump.location();
        let around = gather.sources.iter().zip(files.iter().zip(&folders));
        let askers = around
            .map(|(source, (file, folder))| source.location.or(file).or(folder).or(&dump))
            .collect();
        Self {
            explicit,
            files,
            folders,
            dump,
            askers,
            sources: gather.sources.clone(),
        }
    }

    /// Who asked AWS for a document, and where, as far as that can be told.
    pub(crate) fn asker(&self, source: usize) -> Option<&Location> {
        self.askers.get(source)
    }

    /// Where a resource is: as its record says, else its folder, else what it lies in, else the files around.
    pub(crate) fn locate(
        &self,
        key: &Key,
        views: &[&View],
        record: &Record<'_>,
    ) -> Result<Location, ImportError> {
        let own = self.explicit.get(key).cloned().unwrap_or_default();
        let folders = views
            .iter()
            .filter_map(|view| self.sources.get(view.source));
        let known = folders.fold(own, |found, source| found.or(&source.location));
        let known = containers(record)
            .iter()
            .filter_map(|container| self.explicit.get(container))
            .fold(known, |found, container| found.or(container));
        let file = views.iter().filter_map(|view| self.files.get(view.source));
        let known = file.fold(known, |found, file| found.or(file));
        let Some(view) = views.first() else {
            return Ok(known);
        };
        let around = self
            .folders
            .get(view.source)
            .cloned()
            .unwrap_or_default()
            .or(&self.dump);
        let assumed = |what: &'static str, value: &Option<String>| match value {
            Some(value) => {
                let file = Arc::clone(&view.place.file);
                let value = value.clone();
                record.warn(Warning::LocationAssumed {
                    file,
                    resource_id: key.1.clone(),
                    what,
                    value,
                });
                Ok(())
            }
            None => Err(ImportError::Unlocated {
                what,
                id: key.1.clone(),
                file: view.place.file.to_string(),
            }),
        };
        if known.owner.is_none() {
            assumed("account", &around.owner)?;
        }
        if known.region.is_none() {
            assumed("Region", &around.region)?;
        }
        Ok(known.or(&around))
    }
}

/// What the records themselves say, and of Regions what the resources around them say: a VPC is where its subnets
/// are, and a gateway where its VPC is.
fn explicit(gather: &Gather) -> BTreeMap<Key, Location> {
    // Faults are noted when a record is read; here it is only looked at.
    let notes = Notes::default();
    let mut explicit = BTreeMap::new();
    let mut regions: BTreeMap<Key, String> = BTreeMap::new();
    let mut open: Vec<(&Key, Vec<Key>)> = Vec::new();
    for (key, views) in &gather.views {
        let ordered = by_shape(views);
        let Some((best, below)) = ordered.split_first() else {
            continue;
        };
        let record = Record::of(best, below, &notes);
        let location = of_record(key.0, &record);
        match &location.region {
            Some(region) if is_inside_vpc(key.0) => {
                regions.extend(
                    record
                        .word("VpcId")
                        .map(|id| ((ResourceKind::Vpc, id.to_owned()), region.clone())),
                );
            }
            Some(_) => {}
            None => open.push((key, containers(&record))),
        }
        explicit.insert(key.clone(), location);
    }
    for (key, region) in regions {
        if let Some(location) = explicit.get_mut(&key) {
            location.region.get_or_insert(region);
        }
    }
    // Twice, for what hangs on something that itself hangs on a VPC.
    for _ in 0..2 {
        for (key, containers) in &open {
            let region = containers
                .iter()
                .find_map(|container| explicit.get(container)?.region.clone());
            if let (Some(region), Some(location)) = (region, explicit.get_mut(*key)) {
                location.region.get_or_insert(region);
            }
        }
    }
    explicit
}

/// Kinds that are in the Region of their VPC and say in which that is.
fn is_inside_vpc(kind: ResourceKind) -> bool {
    matches!(
        kind,
        ResourceKind::Subnet | ResourceKind::SecurityGroup | ResourceKind::NetworkInterface
    )
}

/// Views with the fullest first, else in the order of the files.
pub(crate) fn by_shape(views: &[View]) -> Vec<&View> {
    let mut ordered: Vec<&View> = views.iter().collect();
    ordered.sort_by_key(|view| (std::cmp::Reverse(view.shape), view.source));
    ordered
}
