//! Resources of the commonest kinds, made so that what does not fit together cannot be written, or is told when it is built.
//!
//! Ids say what they are of, as AWS writes them: `.route("0.0.0.0/0", "igw-0abc")` is a route to an internet gateway. For kinds that have no builder here, fill
//! the messages of [`v1`]. What only the whole topology can tell, as whether a VPC exists, the service tells.
//!
//! ```
//! use causeway_client::resource::{Home, Traffic};
//!
//! # fn main() -> Result<(), causeway_client::resource::InvalidResource> {
//! let home = Home::new("111122223333", "eu-west-1");
//! let resources = [
//!     home.vpc("vpc-0a", "10.0.0.0/16").name("main").build()?,
//!     home.subnet("subnet-0a", "vpc-0a", "10.0.1.0/24").zone("eu-west-1a").build()?,
//!     home.internet_gateway("igw-0a").attached_to("vpc-0a").build()?,
//!     home.route_table("rtb-0a", "vpc-0a").main().route("0.0.0.0/0", "igw-0a").build()?,
//!     home.security_group("sg-0a", "vpc-0a").ingress(Traffic::tcp(443), "0.0.0.0/0").build()?,
//!     home.interface("eni-0a", "vpc-0a", "subnet-0a").address("10.0.1.10").group("sg-0a").build()?,
//! ];
//! assert_eq!(resources.len(), 6);
//!
//! let wrong = home.subnet("subnet-0b", "subnet-0a", "10.0.1.1/24").build().unwrap_err();
//! assert_eq!(
//!     wrong.to_string(),
//!     "`subnet-0b` cannot be made: `vpc_id`: `subnet-0a` is no id of the form vpc-...; \
//!      `cidr_blocks`: `10.0.1.1/24` has host bits set, its block is 10.0.1.0/24"
//! );
//! # Ok(())
//! # }
//! ```

mod check;
mod endpoint;
mod filter;
mod interface;
mod network;

use std::fmt;

use causeway_proto::v1;
use v1::resource::Kind;

pub use self::endpoint::{
    GatewayEndpoint, GatewayLoadBalancerEndpoint, InterfaceEndpoint, PrivateEndpoint,
};
pub use self::filter::{Ports, Traffic};

/// Account and Region of resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    owner_id: String,
    region: String,
}

/// A resource that is being made; [`Builder::build`] gives it.
#[derive(Debug, Clone)]
#[must_use = "nothing is made before `build`"]
pub struct Builder<K> {
    id: String,
    resource: v1::Resource,
    kind: K,
    faults: Vec<FieldFault>,
}

/// A kind of resource that can be made here.
pub trait Buildable: sealed::Sealed {
    #[doc(hidden)]
    fn finish(self) -> Kind;
}

mod sealed {
    /// Keeps other kinds out: this client makes those that it knows.
    pub trait Sealed {}
}

/// What was given makes no resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidResource {
    id: String,
    faults: Vec<FieldFault>,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The field of the contract.
    pub field: &'static str,
    /// What is wrong with it.
    pub fault: String,
}

// === impl Home ===

impl Home {
    /// Resources of this account, twelve digits, in this Region, as `eu-west-1`.
    #[must_use]
    pub fn new(owner_id: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            owner_id: owner_id.into(),
            region: region.into(),
        }
    }

    /// Begins a resource whose id is of this form.
    fn begin<K>(&self, id: String, prefix: &str, field: &'static str, kind: K) -> Builder<K> {
        let resource = v1::Resource {
            owner_id: self.owner_id.clone(),
            region: self.region.clone(),
            ..v1::Resource::default()
        };
        let has_form = check::id(&id, prefix);
        let mut builder = Builder {
            id,
            resource,
            kind,
            faults: Vec::new(),
        };
        let digits = self.owner_id.bytes().all(|byte| byte.is_ascii_digit());
        if !(digits && self.owner_id.len() == 12) {
            let fault = format!("`{}` is no account of twelve digits", self.owner_id);
            builder.fault("owner_id", fault);
        }
        builder.check(field, has_form);
        builder
    }
}

// === impl Builder ===

impl<K> Builder<K> {
    /// Adds a tag.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let (key, value) = (key.into(), value.into());
        if self.resource.tags.iter().any(|tag| tag.key == key) {
            self.fault("tags", format!("`{key}` is there twice"));
        }
        self.resource.tags.push(v1::Tag { key, value });
        self
    }

    /// Names it, by its tag `Name`.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.tag("Name", name)
    }

    fn fault(&mut self, field: &'static str, fault: String) {
        self.faults.push(FieldFault { field, fault });
    }

    fn check(&mut self, field: &'static str, checked: Result<(), String>) {
        if let Err(fault) = checked {
            self.fault(field, fault);
        }
    }

    /// The id, and a fault if it is not of this form.
    fn id(&mut self, field: &'static str, id: impl Into<String>, prefix: &str) -> String {
        let id = id.into();
        self.check(field, check::id(&id, prefix));
        id
    }

    /// The block, and a fault if it is none.
    fn block(&mut self, field: &'static str, block: impl Into<String>) -> String {
        let block = block.into();
        self.check(field, check::block(&block).map(|_is_v6| ()));
        block
    }
}

impl<K: Buildable> Builder<K> {
    /// The resource.
    ///
    /// # Errors
    /// [`InvalidResource`] names everything that is wrong with it.
    pub fn build(self) -> Result<v1::Resource, InvalidResource> {
        if !self.faults.is_empty() {
            return Err(InvalidResource {
                id: self.id,
                faults: self.faults,
            });
        }
        Ok(v1::Resource {
            kind: Some(self.kind.finish()),
            ..self.resource
        })
    }
}

macro_rules! buildable {
    ($($kind:ty => $variant:ident),* $(,)?) => {
        $(
            impl sealed::Sealed for $kind {}

            impl Buildable for $kind {
                fn finish(self) -> Kind {
                    Kind::$variant(self.into())
                }
            }
        )*
    };
}

buildable! {
    v1::Vpc => Vpc,
    v1::Subnet => Subnet,
    v1::InternetGateway => InternetGateway,
    v1::RouteTable => RouteTable,
    v1::SecurityGroup => SecurityGroup,
    v1::NetworkAcl => NetworkAcl,
    v1::NetworkInterface => NetworkInterface,
    v1::Instance => Instance,
    InterfaceEndpoint => VpcEndpoint,
    GatewayEndpoint => VpcEndpoint,
    GatewayLoadBalancerEndpoint => VpcEndpoint,
}

// === impl InvalidResource ===

impl InvalidResource {
    /// Everything that is wrong.
    #[must_use]
    pub fn faults(&self) -> &[FieldFault] {
        &self.faults
    }
}

impl fmt::Display for InvalidResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` cannot be made", self.id)?;
        let mut separator = ": ";
        for FieldFault { field, fault } in &self.faults {
            write!(f, "{separator}`{field}`: {fault}")?;
            separator = "; ";
        }
        Ok(())
    }
}

impl std::error::Error for InvalidResource {}

#[cfg(test)]
mod tests;
