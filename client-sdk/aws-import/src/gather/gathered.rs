//! The gathered form: lists of answers that other tools make, each tagged with the id of whom it is about.

use causeway_proto::v1::ResourceKind;
use serde_json::Value;

use super::Reading;
use crate::error::{FieldFault, RecordFault};
use crate::keys::Parent;
use crate::view::Place;
use crate::warning::Warning;

impl Reading<'_> {
    /// Takes answers that each become the field `field` of their parent.
    pub(super) fn gathered(
        &mut self,
        key: &str,
        parent: Parent,
        names: (&str, &str),
        items: Vec<Value>,
    ) {
        let (answer, field) = names;
        for (index, item) in items.into_iter().enumerate() {
            let place = self.place(key, Some(index));
            let Some((id, mut fields)) = self.identified(&place, parent.id, item) else {
                continue;
            };
            let more = fields
                .get("AdditionalRoutesAvailable")
                .and_then(Value::as_bool)
                == Some(true);
            if more {
                self.cut_off(parent.kind, &id, field, &place);
            }
            match fields.remove(answer) {
                Some(value) => self.part((parent.kind, id), field, value, place),
                None => self.fault(place, answer, FieldFault::Missing),
            }
        }
    }

    /// Takes answers that are lists of members of their parent.
    pub(super) fn gathered_members(
        &mut self,
        key: &str,
        parent: Parent,
        names: (&str, &str),
        items: Vec<Value>,
    ) {
        let (answer, member) = names;
        for (index, item) in items.into_iter().enumerate() {
            let place = self.place(key, Some(index));
            let Some((id, mut fields)) = self.identified(&place, parent.id, item) else {
                continue;
            };
            let Some(Value::Array(members)) = fields.remove(answer) else {
                self.fault(place, answer, FieldFault::NotA("list"));
                continue;
            };
            self.mark(parent.kind, &id, answer, &place);
            for value in members {
                let Some((found, fields)) = self.identified(&place, member, value) else {
                    continue;
                };
                let field = format!("{answer}/{found}");
                self.part(
                    (parent.kind, id.clone()),
                    &field,
                    Value::Object(fields),
                    place.clone(),
                );
            }
        }
    }

    /// Notes on a resource that one of its answers does not hold all there is.
    pub(super) fn cut_off(&mut self, kind: ResourceKind, id: &str, field: &str, place: &Place) {
        self.warn(Warning::Incomplete {
            place: place.clone(),
        });
        self.part(
            (kind, id.to_owned()),
            &format!("{field}Truncated"),
            Value::Bool(true),
            place.clone(),
        );
    }

    /// Notes on a resource that there was an answer with members of this name, be it an empty one.
    pub(super) fn mark(&mut self, kind: ResourceKind, id: &str, name: &str, place: &Place) {
        self.part(
            (kind, id.to_owned()),
            &format!("{name}Given"),
            Value::Bool(true),
            place.clone(),
        );
    }

    fn fault(&self, place: Place, field: &str, fault: FieldFault) {
        self.gather.notes.fault(RecordFault {
            place,
            field: field.to_owned(),
            fault,
        });
    }
}
