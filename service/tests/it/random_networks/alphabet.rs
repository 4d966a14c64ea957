//! The words that random networks are made of: few addresses and ports, so that what rules name meets often.

pub(super) const DESTINATIONS: &[&str] = &[
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "8.8.8.0/24",
    "54.0.0.0/24",
    "52.218.0.0/17",
    "10.0.0.0/15",
    "10.0.0.0/16",
    "10.0.0.16/28",
    "10.0.0.20/32",
    "10.1.0.0/16",
    "10.1.0.0/28",
    "10.2.0.0/16",
    "192.168.0.0/16",
    "pl-one",
    "pl-two",
    "pl-s3",
    "pl-dark",
    "pl-gone",
    "9.0.0.0/24",
    "::/0",
    "2001:db8:b::/56",
    "2600::/16",
];

pub(super) const TARGETS: &[&str] = &[
    "igw-a",
    "igw-b",
    "nat-a",
    "nat-in",
    "pcx-ab",
    "pcx-bc",
    "pcx-gone",
    "vpce-s3",
    "tgw-hub",
    "vgw-hq",
    "nothing",
    "vpce-wall",
    "vpce-fw",
    "eni-a2",
    "eni-a3",
    "i-box",
    "nat-wide",
    "eigw-out",
];

pub(super) const SUFFIXES: &[&str] = &["", "", "", "", " blackhole", " filtered", " propagated"];

pub(super) const SERVICES: &[&str] = &[
    "all",
    "tcp",
    "udp",
    "tcp/22",
    "tcp/443",
    "tcp/22-443",
    "tcp/1024-65535",
    "tcp/32768-60999",
    "tcp/61000-65535",
    "tcp/1024-60999",
    "udp/0-53",
    "icmp",
    "icmp/8",
    "icmp/0",
];

pub(super) const PEERS: &[&str] = &[
    "0.0.0.0/0",
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "10.0.0.0/8",
    "10.0.0.0/28",
    "10.0.0.20/32",
    "10.1.0.0/16",
    "8.8.8.8/32",
    "54.0.0.0/24",
    "52.218.0.0/17",
    "9.0.0.0/24",
    "192.168.0.0/17",
    "::/0",
    "2001:db8:a::/64",
    "2600::/16",
];

pub(super) const GROUP_PEERS: &[&str] = &[
    "sg-one", "sg-two", "sg-gone", "pl-one", "pl-s3", "pl-dark", "pl-gone",
];

/// Sources and destinations of the questions.
pub(super) const ENDS: &[&str] = &[
    "eni-a1",
    "eni-a2",
    "eni-a3",
    "eni-b1",
    "eni-a3",
    "eni-a1",
    "eni-a2",
    "eni-a3",
    "eni-b1",
    "eni-b2",
    "eni-c1",
    "i-box",
    "10.0.0.4",
    "10.1.0.4",
    "54.0.0.4",
    "54.0.0.20",
    "8.8.8.8",
    "internet",
    "igw-a",
    "vpce-sqs",
    "vpce-s3",
    "eni-sqs",
    "10.0.0.9",
    "52.218.0.9",
    "arn:loadbalancer/net/x",
    "10.0.0.7",
    "vpce-shop",
    "vpce-shop",
    "192.168.0.9",
    "vpn-site",
    "54.0.0.99",
    "10.0.0.1",
    "10.0.0.15",
    "10.1.0.2",
    "2001:db8:a::4",
    "2001:db8:b::4",
    "2001:db8:a::1",
    "2600::8",
    "vpn-site",
    "internet",
    "pcx-ab",
    "pcx-bc",
    "tgw-hub",
    "tgw-attach-a",
    "tgw-attach-site",
    "vgw-hq",
    "nat-a",
    "eigw-out",
];

pub(super) const NAMES: &[&str] = &[
    "s3.eu-west-1.amazonaws.com",
    "sqs.eu-west-1.amazonaws.com",
    "sqs.us-east-1.amazonaws.com",
    "vpce-1.sqs.eu-west-1.vpce.amazonaws.com",
    "example.com",
    "a.corp.example",
    "x.corp.example",
];

pub(super) const ASKED: &[&str] = &[
    "tcp/443",
    "tcp/443",
    "tcp/22",
    "udp/53",
    "icmp",
    "tcp/443 from 1024",
    "tcp/443 as arn:aws:iam::111111111111:role/app s3:GetObject arn:aws:s3:::data/one",
    "tcp/443 avoiding acl-b",
    "tcp/443 through sg-two",
    "tcp/443 without eu-west-1b",
    "tcp/443 avoiding pl-one,subnet-b through subnet-a",
    "47",
];

/// What the transit gateway attaches, and where its table leads.
pub(super) const HUBS: &[&str] = &[
    "attach a hub vpc vpc-a subnets=a,b table=hub\n\
     attach b hub vpc vpc-b subnets=c table=hub\n\
     tgw-routes hub hub: 10.0.0.0/16 -> a, 10.1.0.0/16 -> b",
    "attach a hub vpc vpc-a subnets=a table=hub\n\
     attach b hub vpc vpc-b subnets=c table=hub\n\
     tgw-routes hub hub: 10.0.0.0/16 -> a, 10.1.0.0/16 -> b propagated, 0.0.0.0/0 -> a, pl-one -> b",
    "attach a hub vpc vpc-a subnets=a,b\n\
     attach c hub vpc vpc-c subnets=d table=hub appliance=on\n\
     tgw-routes hub hub: 10.0.0.0/15 -> a+c, 8.8.8.0/24 -> nothing blackhole",
    "attach a hub vpc vpc-a subnets=a,b table=hub appliance=on\n\
     attach b hub vpc vpc-b subnets=c table=hub\n\
     attach c hub vpc vpc-c subnets=d table=hub\n\
     tgw-routes hub hub: 0.0.0.0/0 -> a, 10.1.0.0/16 -> b, 9.0.0.0/24 -> c",
    "",
];

/// What leads to premises.
pub(super) const PREMISES: &[&str] = &[
    "vgw hq a\n\
     vpn site vgw-hq static routes=192.168.0.0/24 tunnels=up,down\n\
     vpn spare vgw-hq tunnels=up,up",
    "vgw hq a\n\
     vpn site vgw-hq static routes=192.168.0.0/16,8.8.8.0/24 tunnels=down,down\n\
     vif one private vgw-hq",
    "vgw hq b\n\
     vpn site tgw-hub routes=192.168.0.0/16\n\
     attach site hub vpn vpn-site table=hub",
    "vpn site - routes=192.168.0.0/16",
];

/// What stands still: the three subnets with their interfaces, and what random parts refer to.
pub(super) const FIXED: &str = "
eni a1 a 10.0.0.4,2001:db8:a::4 sg=one public=54.0.0.4 instance=box
eni a2 a 10.0.0.5 sg=two check=off
eni a3 b 10.0.0.20,2001:db8:a:1::20 sg=one,two public=54.0.0.20 check=off
eni b1 c 10.1.0.4,2001:db8:b::4 sg=two
eni b2 c 10.1.0.5 sg=two,gone
eni c1 d 10.0.0.4 sg=two public=54.0.0.40
eigw out a
eip idle 54.0.0.99
eni sqs b 10.0.0.21 sg=one type=vpc_endpoint
eni nat-a a 10.0.0.6 type=nat_gateway
pl one one: 10.1.0.0/28, 10.0.0.16/28, 8.8.8.0/24
pl two two: 10.1.0.0/28, 10.1.0.0/16, 8.8.8.0/24
pl s3 com.amazonaws.eu-west-1.s3: 52.218.0.0/17
pl dark dark: unknown
tgw hub
eni shop b 10.0.0.25 sg=two type=vpc_endpoint
endpoint shop a interface com.amazonaws.vpce.eu-west-1.vpce-svc-shop enis=shop
tg some TCP/443 ip: 10.0.0.5, 10.0.0.20, 10.1.0.4
tg box TCP/22 instance: i-box
tg names UDP/53 ip: 10.0.0.20 unhealthy, 10.0.0.5
nat wide a regional: 54.0.0.9
gwlbe wall a b wall
gwlb-service wall lbs=wall
gwlb wall b c
targets wall b wall: i-box, i-gone, i-fw
instance fw
eni fw c 10.1.0.9 sg=one instance=fw
firewall fw a fw: fw b
fw-policy fw forward_to_sfe stateless=quick stateful=rules
zone z corp.example vpcs=a,b: a.corp.example A 10.0.0.5,10.1.0.4,8.8.8.8; *.corp.example CNAME a.corp.example
";

/// What of a network ACL lets everything pass.
pub(super) const OPEN: &str = "in 100 allow all from 0.0.0.0/0; out 100 allow all to 0.0.0.0/0; in 101 allow all from ::/0; out 101 allow all to ::/0";

/// The same in halves, of addresses and of ports.
pub(super) const HALVES: &str = "in 90 allow tcp from 0.0.0.0/1; in 91 allow tcp/0-40000 from 128.0.0.0/1; in 92 allow tcp/40001-65535 from 128.0.0.0/1; out 90 allow all to 128.0.0.0/1; out 91 allow all to 0.0.0.0/1";

/// What of a security group lets everything pass, or less.
pub(super) const GROUP_REST: &[&str] = &[
    "in all from 0.0.0.0/0; out all to 0.0.0.0/0; in all from ::/0; out all to ::/0",
    "in all from 0.0.0.0/0; out all to 0.0.0.0/0; in all from ::/0; out all to ::/0",
    "in all from 0.0.0.0/0; out all to 0.0.0.0/0",
    "out all to 0.0.0.0/0; out all to ::/0",
    "in all from sg-one",
    "",
];

/// The near and the far end of rules of firewalls.
pub(super) const NEAR: &[&str] = &[
    "any",
    "any",
    "any:443",
    "any:1024-40000",
    "any:40001-65535",
    "10.0.0.0/8",
    "8.0.0.0/5",
    "192.168.0.0/17",
];
pub(super) const FAR: &[&str] = &[
    "any",
    "any:443",
    "any:22-80",
    "any:1024-50000",
    "any:50001-65535",
    "10.0.0.0/16",
    "8.8.0.0/16",
    "10.0.0.0/28:443",
    "192.168.0.0/24",
];
