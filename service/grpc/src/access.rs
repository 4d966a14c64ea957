//! Who may call what. Handlers get an engine that shows and changes something here, and nowhere else.
//!
//! # Rules
//! - Whether a call may be made of a topology is decided by its name, before it is looked whether there is one: who is refused learns nothing of that.
//! - What is shown and changed within it is decided by the engine, at the state that it is about, by what [`Guarded`] says.
//! - A call is decided by the policies that hold when it begins. One that lasts is decided anew when others hold: a watch, a stream of paths and a matrix end,
//!   an export ends if its caller may no longer make it, and an import is decided once all of it has come.
//! - Every write and every refusal is a line of the audit log ([`audit`]).

mod audit;
mod guarded;

use std::sync::Arc;

use causeway_access::{Authority, Caller, Principal, Service};
use causeway_engine::{Engine, Request, TopologyInfo};
use causeway_model::revision::TopologyName;
use http::{Extensions, HeaderMap};

use crate::error::CallError;

use guarded::{Guarded, Listing, Used};

/// How a principal is made of headers, in place of what the connection proves; in tests.
pub type StandIn = fn(&HeaderMap) -> Principal;

/// What everything is asked of, and what decides who may.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    engine: Engine,
    /// None if everybody may do everything.
    authority: Option<Arc<Authority>>,
    stand_in: Option<StandIn>,
}

/// Who makes a call.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    engine: Engine,
    principal: Principal,
    /// None if everybody may do everything.
    caller: Option<Caller>,
    authority: Option<Arc<Authority>>,
    /// What the call did to resources.
    used: Used,
}

// === impl Access ===

impl Access {
    pub(crate) fn new(
        engine: Engine,
        authority: Option<Arc<Authority>>,
        stand_in: Option<StandIn>,
    ) -> Self {
        Self {
            engine,
            authority,
            stand_in,
        }
    }

    /// Who makes a call with these: what a layer has found out of the caller stands in the extensions.
    pub(crate) fn asker(&self, extensions: &Extensions, headers: &HeaderMap) -> Asker {
        let principal = match self.stand_in {
            Some(stand_in) => stand_in(headers),
            None => extensions
                .get::<Principal>()
                .cloned()
                .unwrap_or(Principal::Anonymous),
        };
        let authority = self.authority.as_ref();
        Asker {
            engine: self.engine.clone(),
            caller: authority.map(|authority| authority.rules().caller(principal.clone())),
            authority: authority.cloned(),
            principal,
            used: Used::default(),
        }
    }

    /// Who makes a call that tonic has read.
    pub(crate) fn asker_of<T>(&self, request: &tonic::Request<T>) -> Asker {
        self.asker(request.extensions(), request.metadata().as_ref())
    }
}

// === impl Asker ===

impl Asker {
    /// For work that is about no topology: limits, and threads.
    pub(crate) fn work(&self) -> &Engine {
        &self.engine
    }

    /// The engine for a call of a topology, if the caller may make it.
    pub(crate) fn admit(
        &self,
        service: Service,
        topology: &TopologyName,
    ) -> Result<Engine, CallError> {
        let Some(caller) = &self.caller else {
            return Ok(self.engine.clone());
        };
        if !caller.may(service, topology) {
            return Err(self.refused(service, Some(topology)));
        }
        let guard = Guarded::new(caller.within(topology), self.used.clone());
        Ok(self.engine.guarded(Arc::new(guard)))
    }

    /// The engine for a list of topologies, which has those that the caller may read.
    pub(crate) fn lists(&self) -> Engine {
        match &self.caller {
            Some(caller) => self.engine.guarded(Arc::new(Listing(caller.clone()))),
            None => self.engine.clone(),
        }
    }

    /// The same caller by the policies that are in force now, and with nothing done yet.
    pub(crate) fn renewed(&self) -> Self {
        let authority = self.authority.as_ref();
        let caller = authority.map(|authority| authority.rules().caller(self.principal.clone()));
        Self {
            engine: self.engine.clone(),
            principal: self.principal.clone(),
            caller,
            authority: self.authority.clone(),
            used: Used::default(),
        }
    }

    /// Whether the policies that the call began with are in force still.
    pub(crate) fn is_current(&self) -> bool {
        match (&self.caller, &self.authority) {
            (Some(caller), Some(authority)) => caller.is_under(&authority.rules()),
            (None, _) | (_, None) => true,
        }
    }

    /// What is told of a topology, without the name of one that the caller may not read.
    pub(crate) fn known(&self, mut info: TopologyInfo) -> TopologyInfo {
        let caller = self.caller.as_ref();
        info.origin = info.origin.filter(|origin| {
            caller.is_none_or(|caller| caller.may(Service::ReadTopology, &origin.name))
        });
        info
    }

    /// That an empty list is not for somebody who may read no topology whatever its name.
    pub(crate) fn check_list(&self, is_empty: bool) -> Result<(), CallError> {
        match &self.caller {
            Some(caller) if is_empty && !caller.may_everywhere(Service::ReadTopology) => {
                Err(self.refused(Service::ReadTopology, None))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The engine for an export of these topologies, of all if none is named.
    pub(crate) async fn admit_export(&self, names: &[TopologyName]) -> Result<Engine, CallError> {
        let Some(caller) = &self.caller else {
            return Ok(self.engine.clone());
        };
        let all = if names.is_empty() {
            if !caller.may_everywhere(Service::ExportTopologies) {
                return Err(self.refused(Service::ExportTopologies, None));
            }
            self.engine.topology_names().await?
        } else {
            Vec::new()
        };
        for name in names.iter().chain(&all) {
            if !caller.may(Service::ExportTopologies, name) {
                // Which of all it is, the caller may have no right to know.
                let told = Some(name).filter(|_| all.is_empty());
                return Err(self.refused(Service::ExportTopologies, told));
            }
        }
        Ok(self.engine.clone())
    }

    /// The request as one of this caller: what others call by the same id is another.
    pub(crate) fn own(&self, request: Option<Request>) -> Option<Request> {
        let mut request = request?;
        if self.caller.is_some() {
            request.key.caller = match &self.principal {
                Principal::Anonymous => String::new(),
                principal @ (Principal::Workload(_) | Principal::Token(_)) => principal.to_string(),
            };
        }
        Some(request)
    }

    fn refused(&self, service: Service, topology: Option<&TopologyName>) -> CallError {
        let action = causeway_access::Action::Of(service).name();
        let topology = topology.map_or("*", TopologyName::as_str).to_owned();
        self.audit_refusal(action, &topology);
        CallError::Refused {
            principal: self.principal.to_string(),
            action,
            topology,
        }
    }
}
