//! Principals, topologies and resources as policies see them.

use cedar_policy::{
    Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
};

use crate::action::Action;
use crate::principal::Principal;
use crate::sight::Class;

/// The type of resources.
pub(crate) const RESOURCE: &str = "Resource";

/// What a decision is about.
pub(crate) struct Question<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) action: Action,
    pub(crate) topology: &'a str,
    /// The resource; none for the topology as a whole.
    pub(crate) class: Option<&'a Class>,
}

/// Something that cannot be said in Cedar: a fault of the build, which decides against the caller.
pub(crate) type Unsayable = Box<dyn std::error::Error + Send + Sync>;

// === impl Question ===

impl Question<'_> {
    /// The request, and all entities that it needs.
    pub(crate) fn ask(&self) -> Result<(Request, Entities), Unsayable> {
        let principal = principal(self.principal)?;
        let topology = topology(self.topology)?;
        let action = uid("Action", self.action.name())?;
        let groups = self.action.groups().iter();
        let groups: Result<_, _> = groups.map(|group| uid("Action", group)).collect();
        let verb = Entity::new(action.clone(), [].into(), groups?)?;
        let mut entities = vec![principal.clone(), topology.clone(), verb];
        let on = match self.class {
            Some(class) => {
                let resource = resource(class, &topology.uid())?;
                let uid = resource.uid();
                entities.push(resource);
                uid
            }
            None => topology.uid(),
        };
        let context = cedar_policy::Context::empty();
        let request = Request::new(principal.uid(), action, on, context, None)?;
        Ok((request, Entities::from_entities(entities, None)?))
    }
}

fn principal(principal: &Principal) -> Result<Entity, Unsayable> {
    let (uid, attributes) = match principal {
        Principal::Anonymous => (uid("Anonymous", "anonymous")?, Vec::new()),
        Principal::Token(name) => (uid("Token", name)?, vec![text("name", name)]),
        Principal::Workload(id) => {
            let rest = id.strip_prefix("spiffe://").unwrap_or_default();
            let at = rest.find('/').unwrap_or(rest.len());
            let (domain, path) = rest.split_at_checked(at).unwrap_or_default();
            let attributes = vec![text("trustDomain", domain), text("path", path)];
            (uid("Workload", id)?, attributes)
        }
    };
    Ok(Entity::new(
        uid,
        attributes.into_iter().collect(),
        [].into(),
    )?)
}

fn topology(name: &str) -> Result<Entity, Unsayable> {
    let attributes = [text("name", name)].into();
    Ok(Entity::new(uid("Topology", name)?, attributes, [].into())?)
}

fn resource(class: &Class, topology: &EntityUid) -> Result<Entity, Unsayable> {
    let Class {
        kind,
        account,
        region,
        tags,
    } = class;
    let region = region.as_ref().map_or("global", |region| region.as_str());
    let of = RestrictedExpression::new_entity_uid(topology.clone());
    let attributes = [
        ("topology".to_owned(), of),
        text("kind", kind.as_str()),
        text("account", account.as_str()),
        text("region", region),
    ];
    let tags = tags.iter().map(|(key, value)| text(key, value));
    // No policy can name it.
    let own = uid(RESOURCE, "")?;
    Ok(Entity::new_with_tags(
        own,
        attributes,
        [topology.clone()],
        tags,
    )?)
}

fn text(name: &str, value: &str) -> (String, RestrictedExpression) {
    let value = RestrictedExpression::new_string(value.to_owned());
    (name.to_owned(), value)
}

fn uid(of: &str, id: &str) -> Result<EntityUid, Unsayable> {
    let of: EntityTypeName = of.parse()?;
    Ok(EntityUid::from_type_name_and_id(of, EntityId::new(id)))
}
