//! A proxy before the service: HAProxy, which speaks HTTP/2 on both sides. `.ci/run` installs it.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use causeway_client::{Client, ClientBuilder};

/// The proxy. It ends with the test.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) endpoint: String,
    _directory: tempfile::TempDir,
}

impl Proxy {
    /// One that sends calls to these servers in turn, and repeats none of them itself; none if there is no HAProxy here.
    pub(crate) fn start(servers: &[SocketAddr]) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let address = free();
        let mut text = format!(
            "defaults\n mode http\n timeout connect 2s\n timeout client 60s\n timeout server 60s\n \
             retries 0\nlisten causeway\n bind {address} proto h2\n balance roundrobin\n"
        );
        for (number, server) in servers.iter().enumerate() {
            writeln!(text, " server s{number} {server} proto h2 check inter 20ms").unwrap();
        }
        let config = directory.path().join("haproxy.cfg");
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new("haproxy");
        command.arg("-db").arg("-f").arg(config);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.ok()?;
        while TcpStream::connect(address).is_err() {
            std::thread::yield_now();
        }
        Some(Self {
            child,
            endpoint: format!("http://{address}"),
            _directory: directory,
        })
    }

    pub(crate) fn client(&self) -> ClientBuilder {
        Client::builder().endpoint(&self.endpoint)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that was free a moment ago.
fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[expect(
    clippy::print_stdout,
    reason = "who reads the test's output wants to know"
)]
pub(crate) fn not_checked() {
    println!("NOT CHECKED: there is no haproxy on this machine");
}
