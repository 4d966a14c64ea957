//! Policies of gateway and interface endpoints (PrivateLink guide, "Control access to VPC endpoints using endpoint policies").
//!
//! A policy is consulted when the flow says who asks for what. An endpoint to a service of a customer lets everything pass.

use causeway_model::resources::VpcEndpoint;
use causeway_model::resources::endpoints::VpcEndpointType;
use causeway_model::trace::Stage;

use crate::dns::service_of_name;
use crate::policy::Policy;
use crate::table::{Action, ResourceIx, TableIx};

use super::builder::Builder;

/// The table that stands for the policy of an endpoint.
pub(crate) fn table(builder: &mut Builder, at: ResourceIx, endpoint: &VpcEndpoint) -> TableIx {
    let service = endpoint.service_name.as_ref();
    let service = service.and_then(|name| service_of_name(name.as_str()));
    let document = endpoint.policy_document.clone();
    let region = endpoint.service_region.clone();
    let policy = Policy {
        document: document.filter(|_| service.is_some()),
        endpoint: endpoint.vpc_endpoint_id.to_string(),
        vpc: endpoint.vpc_id.to_string(),
        region: region.or_else(|| service.map(|service| service.region)),
        is_gateway: endpoint.vpc_endpoint_type == VpcEndpointType::Gateway,
    };
    builder.frame().policies.insert(at, policy);
    builder.always(Stage::Policy, Action::Pass, "")
}
