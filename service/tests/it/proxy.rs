//! A proxy before the service: HAProxy, which speaks HTTP/2 on both sides. `.ci/run` installs it.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use causeway_client::{Client, ClientBuilder};

/// Asks a server as a mesh does whether it is ready, by `Check` of grpc.health.v1: the bytes of an HTTP/2 connection with this one call, in hexadecimal.
fn health_check() -> String {
    let frame = |kind: u8, flags: u8, stream: u8, body: &[u8]| {
        let mut frame = vec![0, 0, u8::try_from(body.len()).unwrap()];
        frame.extend([kind, flags, 0, 0, 0, stream]);
        frame.extend(body);
        frame
    };
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/grpc.health.v1.Health/Check"),
        (":authority", "health"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    // Each is a literal that is not indexed, its name and value as they are.
    let headers = headers.into_iter().flat_map(|(name, value)| {
        let [length, of_value] = [name, value].map(|text| u8::try_from(text.len()).unwrap());
        [&[0, length], name.as_bytes(), &[of_value], value.as_bytes()].concat()
    });
    let headers: Vec<u8> = headers.collect();
    let (settings, request) = (frame(4, 0, 0, &[]), frame(1, 4, 1, &headers));
    let message = frame(0, 1, 1, &[0; 5]);
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let bytes = [preface, settings, request, message].concat();
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

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
             retries 0\nlisten causeway\n bind {address} proto h2\n balance roundrobin\n option tcp-check\n \
             tcp-check connect\n tcp-check send-binary {}\n tcp-check expect binary 00000000020801\n",
            health_check()
        );
        for (number, server) in servers.iter().enumerate() {
            writeln!(
                text,
                " server s{number} {server} proto h2 check inter 20ms fall 1 rise 1"
            )
            .unwrap();
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
