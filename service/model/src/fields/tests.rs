//! The one view of a resource: what it says, and what it refuses.

use super::*;

use crate::resources::routing::{Route, RouteDestination, RouteOrigin, RouteState, RouteTarget};

fn route() -> Route {
    Route {
        destination: RouteDestination::Cidr("10.0.0.0/16".parse().unwrap()),
        target: Some(RouteTarget::Local),
        state: RouteState::Active,
        origin: RouteOrigin::CreateRouteTable,
    }
}

#[test]
fn a_record_is_what_its_fields_say() {
    assert_eq!(Route::from_value(route().to_value()), Ok(route()));
    let other = Route {
        target: Some(RouteTarget::NatGateway("nat-1".parse().unwrap())),
        ..route()
    };
    assert_eq!(Route::from_value(other.to_value()), Ok(other));
}

#[test]
fn absent_fields_are_not_in_the_record() {
    let without = Route {
        target: None,
        ..route()
    };
    let Value::Record(fields) = without.to_value() else {
        panic!("a route is a record");
    };
    assert!(fields.iter().all(|(name, _)| name != "target"));
    assert_eq!(Route::from_value(Value::Record(fields)), Ok(without));
}

#[test]
fn a_field_that_is_needed_or_not_known_is_named() {
    assert_eq!(
        Route::from_value(Value::Record(Vec::new())),
        Err(FieldError::Missing {
            field: "destination"
        })
    );
    let Value::Record(mut fields) = route().to_value() else {
        panic!("a route is a record");
    };
    fields.push((FieldName::Borrowed("metric"), Value::Number(1)));
    assert_eq!(
        Route::from_value(Value::Record(fields)),
        Err(FieldError::Unknown {
            field: "metric".to_owned()
        })
    );
}

#[test]
fn values_of_another_shape_or_range_are_refused() {
    assert!(bool::from_value(Value::Number(1)).is_err());
    assert_eq!(
        u16::from_value(Value::Number(70_000)),
        Err(FieldError::Range { number: 70_000 })
    );
    assert!(IpNet::from_value(Value::Text("10.0.0.0/33".to_owned())).is_err());
    assert!(RouteState::from_value(Value::Text("lost".to_owned())).is_err());
    assert!(RouteTarget::from_value(Value::Text("nat_gateway".to_owned())).is_err());
}

#[test]
fn numbers_beyond_the_signed_range_survive() {
    assert_eq!(u64::from_value(u64::MAX.to_value()), Ok(u64::MAX));
}
