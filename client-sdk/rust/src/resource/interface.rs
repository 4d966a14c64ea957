//! Network interfaces and instances.

use causeway_proto::v1;

use super::{Builder, Home, check};

// === impl Home ===

impl Home {
    /// A network interface in a subnet of a VPC.
    pub fn interface(
        &self,
        id: impl Into<String>,
        vpc_id: impl Into<String>,
        subnet_id: impl Into<String>,
    ) -> Builder<v1::NetworkInterface> {
        let id = id.into();
        let interface = v1::NetworkInterface {
            network_interface_id: id.clone(),
            ..v1::NetworkInterface::default()
        };
        let mut builder = self.begin(id, "eni-", "network_interface_id", interface);
        builder.kind.vpc_id = builder.id("vpc_id", vpc_id, "vpc-");
        builder.kind.subnet_id = builder.id("subnet_id", subnet_id, "subnet-");
        builder
    }

    /// An instance. Its interfaces are resources of their own, which say that they are attached to it.
    pub fn instance(&self, id: impl Into<String>) -> Builder<v1::Instance> {
        let id = id.into();
        let instance = v1::Instance {
            instance_id: id.clone(),
            ..v1::Instance::default()
        };
        self.begin(id, "i-", "instance_id", instance)
    }
}

// === impl Builder ===

impl Builder<v1::NetworkInterface> {
    /// A private address, of IPv4 or IPv6. The first of IPv4 is the primary one.
    pub fn address(self, address: impl Into<String>) -> Self {
        self.with_address(address.into(), None)
    }

    /// A private IPv4 address, and the public one that an internet gateway translates it to.
    pub fn public_address(self, private: impl Into<String>, public: impl Into<String>) -> Self {
        self.with_address(private.into(), Some(public.into()))
    }

    /// A security group of it.
    pub fn group(mut self, group_id: impl Into<String>) -> Self {
        let id = self.id("group_ids", group_id, "sg-");
        self.kind.group_ids.push(id);
        self
    }

    /// The instance that it is attached to, as its primary interface.
    pub fn attached_to(mut self, instance_id: impl Into<String>) -> Self {
        self.kind.instance_id = self.id("instance_id", instance_id, "i-");
        self
    }

    /// Its place among the interfaces of its instance; 0 is the primary one.
    pub fn device_index(mut self, index: u32) -> Self {
        self.kind.device_index = index;
        self
    }

    /// Lets it take packets that are neither from nor to itself, as an appliance does.
    pub fn forwards(mut self) -> Self {
        self.kind.source_dest_check = Some(false);
        self
    }

    fn with_address(mut self, address: String, public: Option<String>) -> Self {
        let is_v6 = match check::address(&address) {
            Ok(is_v6) => is_v6,
            Err(fault) => {
                self.fault("private_ip_addresses", fault);
                return self;
            }
        };
        match (is_v6, public) {
            (true, None) => self.kind.ipv6_addresses.push(address),
            (true, Some(public)) => {
                let fault = format!("`{address}` is of IPv6: it has no public address `{public}`");
                self.fault("private_ip_addresses", fault);
            }
            (false, public) => {
                let public = public.unwrap_or_default();
                if !public.is_empty() {
                    let checked = check::address(&public).map(|_is_v6| ());
                    self.check("private_ip_addresses", checked);
                }
                self.kind.private_ip_addresses.push(v1::PrivateIpAddress {
                    private_ip_address: address,
                    public_ip: public,
                });
            }
        }
        self
    }
}

impl Builder<v1::Instance> {
    /// The subnet of its primary interface, and the subnet's VPC.
    pub fn in_subnet(mut self, vpc_id: impl Into<String>, subnet_id: impl Into<String>) -> Self {
        self.kind.vpc_id = self.id("vpc_id", vpc_id, "vpc-");
        self.kind.subnet_id = self.id("subnet_id", subnet_id, "subnet-");
        self
    }

    /// Its state; it runs, if this is not said.
    pub fn state(mut self, state: v1::InstanceState) -> Self {
        self.kind.state = state.into();
        self
    }
}
