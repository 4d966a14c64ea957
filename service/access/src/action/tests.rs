//! Names and groups, held against the schema that policies are written by.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Verb};
use crate::policies::schema;

/// What the schema says: each action, with the groups that it is in.
fn described() -> BTreeMap<String, BTreeSet<String>> {
    let schema = schema().unwrap();
    let entities = schema.action_entities().unwrap();
    let actions = schema.actions().map(|uid| {
        let groups = entities.ancestors(uid).into_iter().flatten();
        let groups = groups.map(|group| group.id().unescaped().to_owned());
        (uid.id().unescaped().to_owned(), groups.collect())
    });
    let groups: BTreeSet<String> = ["Admin", "Read", "Write", "Describe", "Change"]
        .map(str::to_owned)
        .into();
    actions.filter(|(name, _)| !groups.contains(name)).collect()
}

#[test]
fn the_schema_has_every_action_of_every_kind_in_its_groups_and_no_other() {
    let ours: BTreeMap<String, BTreeSet<String>> = Action::all()
        .map(|action| {
            let groups = action.groups().iter().map(|group| (*group).to_owned());
            (action.name().to_owned(), groups.collect())
        })
        .collect();
    assert_eq!(described(), ours);
}

#[test]
fn no_two_actions_have_one_name() {
    for action in Action::all() {
        assert_eq!(Action::named(action.name()), Some(action));
    }
}

#[test]
fn what_creates_something_is_another_action_than_what_describes_it() {
    for kind in causeway_model::resource::Kind::ALL {
        let describes = Action::To(Verb::Describe, *kind);
        assert!(!describes.groups().contains(&"Change"), "{describes}");
    }
}
