//! Finds whom an answer is about, when the answer itself does not say: by a sibling key, by what its elements name,
//! by the file's name. Knows how AWS writes ids into names and ARNs; must not know what the answer says.

use causeway_proto::v1::ResourceKind;
use serde_json::Value;

use super::{Gather, Key, Pending, Reading};
use crate::keys::Parent;
use crate::view::{Place, Shape, View};
use crate::warning::Warning;

impl Reading<'_> {
    /// Takes an answer that is about one parent.
    pub(super) fn answer(&mut self, key: &str, parents: &[Parent], field: &str, value: Value) {
        // DescribeVpcAttribute answers with an object, all others with a list.
        let is_attribute = field.starts_with("Enable");
        if !(if is_attribute {
            value.is_object()
        } else {
            value.is_array()
        }) {
            return self.odd(key);
        }
        let place = self.place(key, None);
        let found = parents
            .iter()
            .find_map(|parent| self.parent_of(*parent, &value));
        match found {
            Some((kind, id)) => {
                if self.is_cut_off(key) {
                    self.cut_off(kind, &id, field, &place);
                }
                self.part((kind, id), field, value, place);
            }
            None => self.postpone(parents, field, value, place),
        }
    }

    /// Takes a list whose elements each belong to a parent.
    pub(super) fn members(&mut self, key: &str, parent: Parent, member: &str, items: Vec<Value>) {
        let around = self
            .sibling(parent)
            .or_else(|| id_in_name(parent.kind, &self.source.stem));
        if self.truncated {
            self.warn(Warning::Incomplete {
                place: self.place(key, None),
            });
        }
        if let (Some(id), true) = (&around, items.is_empty()) {
            let place = self.place(key, None);
            self.mark(parent.kind, id, key, &place);
        }
        for (index, item) in items.into_iter().enumerate() {
            let place = self.place(key, Some(index));
            let Some((id, fields)) = self.identified(&place, member, item) else {
                continue;
            };
            let own = fields
                .get(parent.id)
                .and_then(Value::as_str)
                .map(str::to_owned);
            let owner = own
                .or_else(|| load_balancer_of(&id))
                .or_else(|| around.clone());
            let Some(owner) = owner else {
                self.warn(Warning::ParentUnknown { place });
                continue;
            };
            self.part(
                (parent.kind, owner),
                &format!("{key}/{id}"),
                Value::Object(fields),
                place,
            );
        }
    }

    /// The parent as a sibling key, the first element or an id in the file's name tells it.
    fn parent_of(&mut self, parent: Parent, value: &Value) -> Option<(ResourceKind, String)> {
        let named_by_element = || Some(value.get(0)?.get(parent.id)?.as_str()?.to_owned());
        let id = self
            .sibling(parent)
            .or_else(named_by_element)
            .or_else(|| id_in_name(parent.kind, &self.source.stem))?;
        Some((parent.kind, id))
    }

    fn sibling(&mut self, parent: Parent) -> Option<String> {
        let (_, value) = self
            .members
            .iter()
            .find(|(name, value)| name == parent.id && value.is_string())?;
        let id = value.as_str().filter(|id| !id.is_empty())?;
        self.used.insert(parent.id);
        Some(id.strip_prefix("/hostedzone/").unwrap_or(id).to_owned())
    }

    fn is_cut_off(&self, key: &str) -> bool {
        let more = |(name, value): &(String, Value)| {
            name == "AdditionalRoutesAvailable" && value.as_bool() == Some(true)
        };
        self.truncated || (key == "Routes" && self.members.iter().any(more))
    }

    /// Keeps an answer until all names are known: `describe-target-health-NAME` tells its parent by name.
    fn postpone(&mut self, parents: &[Parent], field: &str, value: Value, place: Place) {
        let named = [ResourceKind::LoadBalancer, ResourceKind::TargetGroup];
        let stem = &self.source.stem;
        let other = |kind| {
            if kind == ResourceKind::LoadBalancer {
                "target-group-attributes"
            } else {
                "load-balancer-attributes"
            }
        };
        let fits = |kind: &ResourceKind| !stem.contains(other(*kind));
        let kinds: Vec<_> = parents
            .iter()
            .map(|parent| parent.kind)
            .filter(|kind| named.contains(kind) && fits(kind))
            .collect();
        if kinds.is_empty() {
            return self.warn(Warning::ParentUnknown { place });
        }
        let fields = serde_json::Map::from_iter([(field.to_owned(), value)]);
        let view = View {
            fields,
            place,
            source: self.index,
            shape: Shape::Part,
        };
        self.gather.pending.push(Pending { kinds, view });
    }
}

impl Gather {
    /// Gives each answer that waits to the load balancer or target group whose name ends its file's name.
    pub(crate) fn settle(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            match self.named_by_file(&pending) {
                Some(key) => self.add(key, pending.view),
                None => self.notes.warn(Warning::ParentUnknown {
                    place: pending.view.place,
                }),
            }
        }
    }

    /// The one resource whose name ends the file's name; the longest name counts, and one in the same folder before
    /// others.
    fn named_by_file(&self, pending: &Pending) -> Option<Key> {
        let file = self.sources.get(pending.view.source)?;
        let mut found: Vec<(bool, usize, &Key)> = Vec::new();
        let candidates = pending.kinds.iter().flat_map(|kind| self.of_kind(*kind));
        for (key, views) in candidates {
            for view in views.iter().filter(|view| view.shape == Shape::Full) {
                let fits = names_of(key.0, view)
                    .into_iter()
                    .filter(|name| ends_with_name(&file.stem, name));
                let beside = self
                    .sources
                    .get(view.source)
                    .is_some_and(|source| source.folder == file.folder);
                found.extend(fits.map(str::len).max().map(|length| (beside, length, key)));
            }
        }
        let best = found
            .iter()
            .map(|(beside, length, _)| (*beside, *length))
            .max()?;
        found.retain(|(beside, length, _)| (*beside, *length) == best);
        found.dedup_by_key(|(_, _, key)| *key);
        match found.as_slice() {
            [(_, _, key)] => Some((*key).clone()),
            _ => None,
        }
    }

    fn of_kind(&self, kind: ResourceKind) -> impl Iterator<Item = (&Key, &Vec<View>)> {
        self.views
            .range((kind, String::new())..)
            .take_while(move |((other, _), _)| *other == kind)
    }
}

/// What a file may be named after: the resource's name, or the last part of its ARN.
fn names_of(kind: ResourceKind, view: &View) -> Vec<&str> {
    let (name, arn) = if kind == ResourceKind::LoadBalancer {
        ("LoadBalancerName", "LoadBalancerArn")
    } else {
        ("TargetGroupName", "TargetGroupArn")
    };
    let name = view.fields.get(name).and_then(Value::as_str);
    let last = view
        .fields
        .get(arn)
        .and_then(Value::as_str)
        .and_then(|arn| arn.rsplit('/').next());
    name.into_iter()
        .chain(last)
        .filter(|name| !name.is_empty())
        .collect()
}

/// Whether a file's name ends with a resource's name, and the name begins there.
fn ends_with_name(stem: &str, name: &str) -> bool {
    stem.strip_suffix(name)
        .is_some_and(|before| !before.ends_with(|letter: char| letter.is_ascii_alphanumeric()))
}

/// What ids of the kinds begin with that a file's name may tell.
const ID_PREFIXES: [(ResourceKind, &str); 5] = [
    (ResourceKind::Vpc, "vpc-"),
    (ResourceKind::ManagedPrefixList, "pl-"),
    (ResourceKind::VpcEndpointService, "vpce-svc-"),
    (ResourceKind::TransitGatewayRouteTable, "tgw-rtb-"),
    (ResourceKind::ResolverRule, "rslvr-rr-"),
];

/// The id of a kind that stands in a file's name: `describe-vpc-attribute-vpc-0123456789abcdef0-enableDnsSupport`.
fn id_in_name(kind: ResourceKind, stem: &str) -> Option<String> {
    if kind == ResourceKind::HostedZone {
        return hosted_zone_in_name(stem);
    }
    let (_, prefix) = ID_PREFIXES.iter().find(|(other, _)| *other == kind)?;
    stem.match_indices(prefix).find_map(|(at, _)| {
        let before = stem.get(..at)?;
        if before.ends_with(|letter: char| letter.is_ascii_alphanumeric()) {
            return None;
        }
        let rest = stem.get(at + prefix.len()..)?;
        let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        (digits.len() >= 8).then(|| format!("{prefix}{digits}"))
    })
}

fn hosted_zone_in_name(stem: &str) -> Option<String> {
    let is_id = |word: &&str| {
        word.len() >= 8
            && word.starts_with('Z')
            && word
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    stem.split(|letter: char| !letter.is_ascii_alphanumeric())
        .find(is_id)
        .map(str::to_owned)
}

/// The load balancer in the ARN of a listener.
fn load_balancer_of(listener: &str) -> Option<String> {
    let (before, path) = listener.split_once(":listener/")?;
    let (load_balancer, _) = path.rsplit_once('/')?;
    Some(format!("{before}:loadbalancer/{load_balancer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_in_a_file_name_is_told_from_words_that_look_like_its_beginning() {
        let stem = "describe-vpc-attribute-vpc-6cb3c38f7566ae34f-enableDnsSupport";
        assert_eq!(
            id_in_name(ResourceKind::Vpc, stem).as_deref(),
            Some("vpc-6cb3c38f7566ae34f")
        );
        assert_eq!(
            id_in_name(ResourceKind::Vpc, "describe-vpc-attribute"),
            None
        );
        let stem = "get-managed-prefix-list-entries-pl-6da54004";
        assert_eq!(
            id_in_name(ResourceKind::ManagedPrefixList, stem).as_deref(),
            Some("pl-6da54004")
        );
        let stem = "list-resource-record-sets-Z0123456ABCDEF";
        assert_eq!(
            id_in_name(ResourceKind::HostedZone, stem).as_deref(),
            Some("Z0123456ABCDEF")
        );
    }

    #[test]
    fn a_name_must_begin_where_the_file_name_has_a_boundary() {
        assert!(ends_with_name("describe-target-health-web", "web"));
        assert!(!ends_with_name("describe-target-health-myweb", "web"));
    }

    #[test]
    fn a_listener_names_its_load_balancer() {
        let listener =
            "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/net/web/0123/4567";
        let load_balancer =
            "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/net/web/0123";
        assert_eq!(load_balancer_of(listener).as_deref(), Some(load_balancer));
    }
}
