//! Logs to stderr; traces and metrics over OTLP where that is asked for, and metrics for Prometheus where that is.

mod admission;
mod endpoint;
mod instruments;
pub(crate) mod log;
mod names;
mod sampler;
mod store;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use opentelemetry::{Key, KeyValue, global};
use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::Registry;
use thiserror::Error;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::TryInitError;

use self::sampler::CappedSampler;
use crate::config::Config;

pub(crate) use self::admission::of_admission;
pub(crate) use self::endpoint::Endpoint;
pub(crate) use self::instruments::{of_connections, of_engine};
pub(crate) use self::store::StoreMetrics;

/// How long the last traces and metrics may take to be sent.
const FLUSH: Duration = Duration::from_secs(5);

/// What the process is called if the environment does not say so (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES).
const SERVICE: &str = "causeway";

/// What OpenTelemetry calls a process that has no name.
const UNNAMED: &str = "unknown_service";

/// Why logs, traces or metrics cannot be set up.
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
    /// Traces and metrics cannot be sent to where they should go.
    #[error("traces and metrics cannot be sent to `{endpoint}`")]
    Exporter {
        /// The endpoint.
        endpoint: String,
        /// Why not.
        source: ExporterBuildError,
    },
    /// Metrics cannot be collected for Prometheus.
    #[error("metrics cannot be collected")]
    Registry(#[source] OTelSdkError),
}

/// Logs, traces and metrics of this process; [`Telemetry::end`] sends what is left.
#[derive(Debug)]
pub(crate) struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    registry: Registry,
}

/// What sends something now, for as long as that takes.
type Sending = Box<dyn FnOnce() -> Result<(), OTelSdkError> + Send>;

// === impl Telemetry ===

impl Telemetry {
    /// Sets up all of it. Without an endpoint calls have ids, for the log, and are not traced.
    pub(crate) fn start(config: &Config) -> Result<Self, TelemetryError> {
        log::start(config)?;
        let registry = Registry::new();
        let sampler = match config.otlp_endpoint {
            Some(_) => CappedSampler::new(config.sample_ratio, config.traced_per_second),
            None => CappedSampler::new(0.0, 0),
        };
        let traces = traces(config, sampler.clone())?;
        let metrics = metrics(config, &registry)?;
        global::set_tracer_provider(traces.clone());
        // A provider that nobody reads calls each instrument an error.
        if config.otlp_endpoint.is_some() || config.metrics_listen.is_some() {
            global::set_meter_provider(metrics.clone());
        }
        global::set_text_map_propagator(TraceContextPropagator::new());
        instruments::of_process(sampler);
        Ok(Self {
            traces,
            metrics,
            registry,
        })
    }

    /// What Prometheus is told.
    pub(crate) fn registry(&self) -> Registry {
        self.registry.clone()
    }

    /// Begins to send what there is, and does not wait for it: a mesh may refuse to let anything out once the process is to end.
    pub(crate) fn flush(&self) {
        let (traces, metrics) = (self.traces.clone(), self.metrics.clone());
        in_background(Box::new(move || traces.force_flush()));
        in_background(Box::new(move || metrics.force_flush()));
    }

    /// Sends what is left, and waits a while for it. It blocks.
    pub(crate) fn end(self) {
        let Self {
            traces,
            metrics,
            registry: _,
        } = self;
        let traces = in_background(Box::new(move || traces.shutdown_with_timeout(FLUSH)));
        let metrics = in_background(Box::new(move || metrics.shutdown_with_timeout(FLUSH)));
        for (what, sent) in [("traces", traces), ("metrics", metrics)] {
            let outcome = sent.recv_timeout(FLUSH);
            if !matches!(outcome, Ok(Ok(()))) {
                tracing::warn!(?outcome, "the last {what} were not sent");
            }
        }
    }
}

/// Does it on a thread of its own, which ends with the process at the latest.
fn in_background(send: Sending) -> mpsc::Receiver<Result<(), OTelSdkError>> {
    let (done, sent) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name("causeway-telemetry".to_owned());
    let started = thread.spawn(move || {
        // Nobody may wait for it any more.
        let _ = done.send(send());
    });
    if let Err(error) = started {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "traces and metrics cannot be sent"
        );
    }
    sent
}

fn traces(config: &Config, sampler: CappedSampler) -> Result<SdkTracerProvider, TelemetryError> {
    let traces = SdkTracerProvider::builder()
        .with_resource(resource())
        .with_sampler(sampler);
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok(traces.build());
    };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .map_err(|source| unusable(endpoint, source))?;
    Ok(traces.with_batch_exporter(exporter).build())
}

/// Metrics that nobody is told are not taken.
fn metrics(config: &Config, registry: &Registry) -> Result<SdkMeterProvider, TelemetryError> {
    let mut metrics = SdkMeterProvider::builder().with_resource(resource());
    if let Some(endpoint) = &config.otlp_endpoint {
        let exporter = MetricExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()
            .map_err(|source| unusable(endpoint, source))?;
        metrics = metrics.with_periodic_exporter(exporter);
    }
    if config.metrics_listen.is_some() {
        let reader = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build()
            .map_err(TelemetryError::Registry)?;
        metrics = metrics.with_reader(reader);
    }
    Ok(metrics.build())
}

/// What the process is: as the environment says, else by our own name.
fn resource() -> Resource {
    let name = Key::from_static_str("service.name");
    let said = Resource::builder().build();
    let is_named = said
        .get(&name)
        .is_some_and(|name| !name.as_str().starts_with(UNNAMED));
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    if is_named {
        resource.build()
    } else {
        resource.with_service_name(SERVICE).build()
    }
}

fn unusable(endpoint: &str, source: ExporterBuildError) -> TelemetryError {
    TelemetryError::Exporter {
        endpoint: endpoint.to_owned(),
        source,
    }
}
