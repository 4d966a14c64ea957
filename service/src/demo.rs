//! `causeway demo`: the whole way on one machine, from AWS's JSON to answers, over gRPC and a store that is removed at the end.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use causeway_client::Client;
use causeway_engine::Limits;
use causeway_grpc::Server;

use crate::error::MainError;
use crate::serve::{close, open};

include!(concat!(env!("OUT_DIR"), "/estate.rs"));

/// Name of the topology that the example becomes.
const TOPOLOGY: &str = "acme";

/// Serves the example estate, asks it and prints the answers.
pub(crate) async fn run(out: &mut (impl Write + Send)) -> Result<(), MainError> {
    let directory = tempfile::tempdir().map_err(MainError::Temporary)?;
    let prices = crate::prices::read(None)?;
    let engine = open(directory.path().to_owned(), Limits::default(), prices).await?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listen = |source| MainError::Listen {
        address,
        flag: "--listen",
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let endpoint = format!("http://{}", listener.local_addr().map_err(listen)?);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::new(engine.clone());
    let serving = tokio::spawn(server.serve(listener, async { stopped.await.unwrap_or_default() }));
    let asked = ask(endpoint, out).await;
    drop(stop);
    serving.await??;
    close(engine).await?;
    asked
}

async fn ask(endpoint: String, out: &mut (impl Write + Send)) -> Result<(), MainError> {
    let client = Client::connect(endpoint).await?;
    client
        .create_topology(TOPOLOGY, "the example estate")
        .await?;
    let estate = causeway_aws_import::read_documents(DOCUMENTS.iter().copied())?;
    let import = client
        .import(TOPOLOGY)
        .scopes(estate.scopes)
        .author("causeway demo")
        .message("the example estate");
    import.send(estate.resources).await?;
    causeway_cli::demo(&client, TOPOLOGY, QUESTIONS.as_bytes(), out).await?;
    Ok(())
}
