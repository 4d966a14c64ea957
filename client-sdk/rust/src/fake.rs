//! A service for the tests of programs that use this client: in this process, on a port of its own, answering what the test says (feature `fake`).
//!
//! It knows nothing of networks. It keeps topologies by name with their revisions, and gives to flows the answers that the test has for them; what nobody has scripted is
//! refused and never made up. What else it does not know is UNIMPLEMENTED: test that against `causeway serve`.
//!
//! ```
//! use causeway_client::fake::{self, Fake, Fault};
//! use causeway_client::{consistency, flow, v1};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fake = Fake::start().await?;
//! fake.topology("prod");
//! fake.answer(|flow| match flow.destination_port {
//!     Some(443) => Ok(fake::reachable(["i-0abc", "vpce-0s3"])),
//!     _ => Ok(fake::unreachable(v1::ExplanationCode::EniSgRulesMismatch, "sg-0abc")),
//! });
//! let client = fake.client().await?;
//!
//! let ask = |port| client.resolve("prod", flow::tcp("i-0abc", "10.0.0.1", port), consistency::newest());
//! assert_eq!(ask(443).await?.verdict(), v1::Verdict::Reachable);
//! let closed = ask(80).await?;
//! assert_eq!(closed.explanations[0].resource_id, "sg-0abc");
//!
//! // The next call is refused; the client makes it again.
//! fake.refuse([Fault::unavailable()]);
//! assert_eq!(ask(443).await?.verdict(), v1::Verdict::Reachable);
//! assert_eq!(fake.calls().len(), 4);
//! # Ok(())
//! # }
//! ```

mod asked;
mod fault;
mod hold;
mod paths;
mod script;
mod topologies;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use causeway_proto::v1;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use v1::path_service_server::PathServiceServer;
use v1::topology_service_server::TopologyServiceServer;

pub use self::asked::{Asked, Call};
pub use self::fault::Fault;
pub use self::hold::Hold;
use self::script::Script;
use crate::{Client, ClientBuilder, ClientError};

/// Largest question taken, in bytes: as the service has it.
const MAX_QUESTION_BYTES: usize = 64 * 1024 * 1024;

/// A fake service that is running. It ends when this is dropped.
#[derive(Debug)]
pub struct Fake {
    address: SocketAddr,
    script: Script,
    _stop: oneshot::Sender<()>,
}

// === impl Fake ===

impl Fake {
    /// Starts one on a free port of this machine, without topologies and answers.
    ///
    /// # Errors
    /// If the system gives no port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let script = Script::default();
        let (stop, stopped) = oneshot::channel::<()>();
        let topologies = TopologyServiceServer::new(script.clone());
        let paths = PathServiceServer::new(script.clone());
        let server = Server::builder()
            .add_service(topologies.max_decoding_message_size(MAX_QUESTION_BYTES))
            .add_service(paths.max_decoding_message_size(MAX_QUESTION_BYTES))
            .serve_with_incoming_shutdown(TcpIncoming::from(listener), async {
                let _dropped: Result<(), _> = stopped.await;
            });
        tokio::spawn(server);
        Ok(Self {
            address,
            script,
            _stop: stop,
        })
    }

    /// Where it is, as `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client of it that is to be built.
    pub fn builder(&self) -> ClientBuilder {
        Client::builder().endpoint(self.endpoint())
    }

    /// A client of it.
    ///
    /// # Errors
    /// Those of [`ClientBuilder::connect`].
    pub async fn client(&self) -> Result<Client, ClientError> {
        self.builder().connect().await
    }

    /// Makes an empty topology at revision 0, as a call of CreateTopology would.
    pub fn topology(&self, name: &str) {
        self.script.make(name);
    }

    /// Says what flows are answered, from now on. Before, and where this gives an error, they are refused.
    pub fn answer(
        &self,
        answer: impl Fn(&v1::Flow) -> Result<v1::PathAnswer, Fault> + Send + Sync + 'static,
    ) {
        self.script.answer_by(answer);
    }

    /// Refuses the next calls, whatever they are, one for each fault.
    pub fn refuse(&self, faults: impl IntoIterator<Item = Fault>) {
        self.script.refuse(faults);
    }

    /// Holds the next call that is not held yet, until the hold is released or dropped.
    #[must_use = "a hold that is dropped holds nothing"]
    pub fn hold(&self) -> Hold {
        self.script.hold()
    }

    /// Ends all watches as a service does that stops.
    pub fn interrupt_watches(&self) {
        self.script.interrupt();
    }

    /// All calls so far, in the order of their arrival, those that were refused too.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.script.calls()
    }
}

/// An answer that is REACHABLE, by way of the resources with these ids.
#[must_use]
pub fn reachable<'w>(way: impl IntoIterator<Item = &'w str>) -> v1::PathAnswer {
    let hops = way.into_iter().map(|id| v1::Hop {
        resource_id: id.to_owned(),
        ..v1::Hop::default()
    });
    let forward = v1::Trace {
        hops: hops.collect(),
        disposition: v1::Disposition::Delivered.into(),
    };
    v1::PathAnswer {
        verdict: v1::Verdict::Reachable.into(),
        forward: Some(forward),
        ..v1::PathAnswer::default()
    }
}

/// An answer that is UNREACHABLE, for this at this resource.
#[must_use]
pub fn unreachable(code: v1::ExplanationCode, resource_id: &str) -> v1::PathAnswer {
    let explanation = v1::Explanation {
        code: code.into(),
        resource_id: resource_id.to_owned(),
        ..v1::Explanation::default()
    };
    v1::PathAnswer {
        verdict: v1::Verdict::Unreachable.into(),
        explanations: vec![explanation],
        ..v1::PathAnswer::default()
    }
}
