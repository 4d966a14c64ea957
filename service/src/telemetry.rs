//! Logs to stderr, and traces over OTLP where that is asked for.

use std::io;
use std::time::Duration;

use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::config::{Config, LogFormat};

/// How long the last traces may take to be sent.
const FLUSH: Duration = Duration::from_secs(5);

/// Why logs or traces cannot be set up.
#[derive(Debug, Error)]
pub(crate) enum TelemetryError {
    /// The filter of the log cannot be read.
    #[error("`{filter}` is no filter of the log, expected one as `info,causeway_grpc=debug`")]
    Filter {
        /// The filter.
        filter: String,
        /// Why not.
        source: ParseError,
    },
    /// There is a log already.
    #[error("the log cannot be set up")]
    Log(#[source] TryInitError),
    /// Traces cannot be sent to where they should go.
    #[error("traces cannot be sent to `{endpoint}`")]
    Exporter {
        /// The endpoint.
        endpoint: String,
        /// Why not.
        source: ExporterBuildError,
    },
}

/// Logs and traces of this process; [`Telemetry::flush`] sends what is left.
#[derive(Debug)]
pub(crate) struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sets up the log and, if there is an endpoint, the traces.
    pub(crate) fn start(config: &Config) -> Result<Self, TelemetryError> {
        start_log(config)?;
        let traces = config
            .otlp_endpoint
            .as_deref()
            .map(start_traces)
            .transpose()?;
        Ok(Self { traces })
    }

    /// Sends the traces that are left. It blocks.
    pub(crate) fn flush(self) {
        if let Some(traces) = self.traces
            && let Err(error) = traces.shutdown_with_timeout(FLUSH)
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the last traces were not sent"
            );
        }
    }
}

fn start_log(config: &Config) -> Result<(), TelemetryError> {
    let filter =
        EnvFilter::try_new(&config.log_filter).map_err(|source| TelemetryError::Filter {
            filter: config.log_filter.clone(),
            source,
        })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => log
            .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
            .finish()
            .try_init(),
        LogFormat::Json => log.json().finish().try_init(),
    };
    started.map_err(TelemetryError::Log)
}

fn start_traces(endpoint: &str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build();
    let exporter = exporter.map_err(|source| TelemetryError::Exporter {
        endpoint: endpoint.to_owned(),
        source,
    })?;
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder()
        .with_service_name("causeway")
        .with_attribute(version)
        .build();
    let traces = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build();
    global::set_tracer_provider(traces.clone());
    global::set_text_map_propagator(TraceContextPropagator::new());
    Ok(traces)
}
