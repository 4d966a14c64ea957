//! `causeway health`: what the service says of its health, for probes of machines that have nothing else to ask with.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use tonic::transport::Endpoint;
use tonic::{Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::error::MainError;

#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// Where health is told in the clear: the address of `serve --probe-listen`, or of a service without TLS
    #[arg(
        long,
        env = "CAUSEWAY_PROBE_ENDPOINT",
        default_value = "http://127.0.0.1:50152",
        value_name = "URL"
    )]
    endpoint: String,
    /// What to ask for: nothing for readiness, `liveness`, or a service of the contract
    #[arg(long, default_value = "", value_name = "NAME")]
    service: String,
    /// How long to wait for the answer
    #[arg(long, default_value_t = 3, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// Asks, and prints the answer; anything but SERVING is an error.
pub(crate) async fn run(arguments: HealthArgs, out: &mut dyn Write) -> Result<(), MainError> {
    let HealthArgs {
        endpoint,
        service,
        timeout,
    } = arguments;
    let patience = Duration::from_secs(timeout);
    match ask(endpoint.clone(), service, patience).await {
        Ok(ServingStatus::Serving) => writeln!(out, "SERVING").map_err(MainError::Print),
        Ok(other) => Err(MainError::Unhealthy(other.as_str_name())),
        Err(source) => Err(MainError::Health {
            endpoint,
            detail: source.message().to_owned(),
        }),
    }
}

async fn ask(
    endpoint: String,
    service: String,
    patience: Duration,
) -> Result<ServingStatus, Status> {
    let endpoint = Endpoint::from_shared(endpoint)
        .map_err(|error| Status::from_error(Box::new(error)))?
        .connect_timeout(patience)
        .timeout(patience);
    let channel = endpoint
        .connect()
        .await
        .map_err(|error| Status::from_error(Box::new(error)))?;
    let request = Request::new(HealthCheckRequest { service });
    let answer = HealthClient::new(channel).check(request).await?;
    Ok(answer.into_inner().status())
}
