//! Settings of `causeway serve`: arguments before the environment before the file before the defaults, checked once.

mod admission;
mod connections;
mod identity;
mod retention;
mod tls;
mod tracing;

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use causeway_access::TokenError;
use causeway_engine::Limits;
use causeway_grpc::{AdmissionLimits, ConnectionLimits, Identity, TlsFiles};

pub use self::identity::Mesh;

/// Where `causeway serve` listens if it is not told: the port that the command's other parts ask by default.
const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 50151);

/// The arguments as they are given.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// Address and port to listen on; port 0 for any free one, which the log tells [default: 127.0.0.1:50151]
    #[arg(long, env = "CAUSEWAY_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Directory that keeps the topologies, made if need be [default: ./causeway-data]
    #[arg(long, env = "CAUSEWAY_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// TOML file with these settings; arguments and the environment win over it
    #[arg(long, env = "CAUSEWAY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// TOML file with the prices by which answers tell what a way costs [default: those of deploy/prices.toml]
    #[arg(long, env = "CAUSEWAY_PRICES", value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Address and port where health is told in the clear, and nothing else is, for probes [default: none]
    #[arg(long, env = "CAUSEWAY_PROBE_LISTEN", value_name = "ADDRESS")]
    pub probe_listen: Option<SocketAddr>,
    /// Most connections at once; where there are as many, idle ones give way to new ones [default: 8192]
    #[arg(long, env = "CAUSEWAY_MAX_CONNECTIONS", value_name = "NUMBER")]
    pub max_connections: Option<usize>,
    /// PEM file with the server's certificate and those above it: TLS is spoken [default: none]
    #[arg(long, env = "CAUSEWAY_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,
    /// PEM file with the certificate's key
    #[arg(long, env = "CAUSEWAY_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// PEM file with the authorities of clients, whose certificates say who calls [default: none]
    #[arg(long, env = "CAUSEWAY_TLS_CLIENT_CA", value_name = "FILE")]
    pub tls_client_ca: Option<PathBuf>,
    /// Refuse connections of clients without a certificate
    #[arg(long, env = "CAUSEWAY_TLS_REQUIRE_CLIENT_CERTIFICATE")]
    pub tls_require_client_certificate: bool,
    /// The mesh whose sidecar, on this machine or in this pod, is believed in who calls [default: none]
    #[arg(long, env = "CAUSEWAY_SIDECAR", value_enum, value_name = "MESH")]
    pub sidecar: Option<Mesh>,
    /// Cedar policies that tell who may do what: a file, or a directory of *.cedar files [default: none, everybody may do everything]
    #[arg(long, env = "CAUSEWAY_POLICIES", value_name = "PATH")]
    pub policies: Option<PathBuf>,
    /// Listen on an address other than loopback although callers are not authenticated, show tokens in the clear, or no policies tell what they may do
    #[arg(long, env = "CAUSEWAY_INSECURE")]
    pub insecure: bool,
    /// Where traces and metrics go over OTLP/gRPC, as http://127.0.0.1:4317 [default: nowhere]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
    /// Share of the calls to trace whose caller does not say whether they are traced, from 0 to 1 [default: 1]
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", value_name = "RATIO")]
    pub sample_ratio: Option<f64>,
    /// Address and port where Prometheus may fetch the metrics, at /metrics; they name no topology [default: nowhere]
    #[arg(long, env = "CAUSEWAY_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
    /// Form of the log on stderr [default: text]
    #[arg(long, env = "CAUSEWAY_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// What is logged, as `info` or `info,causeway_grpc=debug` [default: info]
    #[arg(long, env = "CAUSEWAY_LOG", value_name = "FILTER")]
    pub log_filter: Option<String>,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// Settings that were checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where to listen: loopback, unless callers are authenticated or insecure was said.
    pub listen: SocketAddr,
    /// Where to tell health alone; nowhere for none.
    pub probe_listen: Option<SocketAddr>,
    /// The files of TLS; none for no TLS.
    pub tls: Option<TlsFiles>,
    /// How often it is looked whether they have changed.
    pub tls_period: Duration,
    /// How callers become known.
    pub identity: Identity,
    /// Directory that keeps the topologies.
    pub data_dir: PathBuf,
    /// File of prices; none for those that the service was built with.
    pub prices: Option<PathBuf>,
    /// Policies that tell who may do what; none if everybody may do everything.
    pub policies: Option<PathBuf>,
    /// Where traces and metrics go; nowhere for none.
    pub otlp_endpoint: Option<String>,
    /// Share of the calls to trace whose caller does not say.
    pub sample_ratio: f64,
    /// Most calls to trace in a second.
    pub traced_per_second: u32,
    /// Where Prometheus may fetch the metrics; nowhere for none.
    pub metrics_listen: Option<SocketAddr>,
    /// Form of the log.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_filter: String,
    /// How long the server takes new calls after it says that it is no longer ready.
    pub drain: Duration,
    /// How long calls in hand may take after that.
    pub grace: Duration,
    /// How often a watch tells how far it has come.
    pub watch_marks: Duration,
    /// How long who watches or exports may take nothing.
    pub watch_patience: Duration,
    /// Bytes of answers that are kept; 0 for none.
    pub answer_bytes: u64,
    /// What is taken on at once.
    pub admission: AdmissionLimits,
    /// How many connections there may be, and what each of them may do.
    pub connections: ConnectionLimits,
    /// What bounds the engine, and what it keeps.
    pub limits: Limits,
    /// How often it lets go of what is not to be kept.
    pub retention_period: Duration,
}

/// Why there are no settings.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("the configuration `{}` is wrong", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// An address that others can reach, and nothing that tells who calls.
    #[error(
        "{listen} can be reached from elsewhere, and callers are not authenticated; listen on 127.0.0.1, configure client certificates, tokens or a sidecar ([tls] and [identity]), or say --insecure"
    )]
    Insecure {
        /// The address.
        listen: SocketAddr,
    },
    /// An address that others can reach, and tokens that could be read on their way.
    #[error(
        "{listen} can be reached from elsewhere, and tokens would come in the clear; listen on 127.0.0.1, configure [tls], or say --insecure"
    )]
    BareTokens {
        /// The address.
        listen: SocketAddr,
    },
    /// A setting that is of no use alone.
    #[error("`{setting}` needs `{needed}`")]
    Needs {
        /// The setting.
        setting: &'static str,
        /// What it needs.
        needed: &'static str,
    },
    /// A token cannot be taken.
    #[error("[[identity.tokens]] is wrong")]
    Token(#[from] TokenError),
    /// An address that others can reach, and nothing that tells what they may do.
    #[error(
        "{listen} can be reached from elsewhere, and no policies tell who may do what; name them with --policies, or say --insecure"
    )]
    Unguarded {
        /// The address.
        listen: SocketAddr,
    },
    /// A number of seconds that is none.
    #[error("`{field}` is {seconds}, expected 0 to 86400 seconds")]
    Seconds {
        /// The setting.
        field: &'static str,
        /// Its value.
        seconds: f64,
    },
    /// A number of days that is none, or too few.
    #[error("`{field}` is {days}, expected {least} to 36500 days")]
    Days {
        /// The setting.
        field: &'static str,
        /// Its value.
        days: f64,
        /// The fewest.
        least: f64,
    },
    /// A share that is none.
    #[error("`{field}` is {ratio}, expected 0 to 1")]
    Ratio {
        /// The setting.
        field: &'static str,
        /// Its value.
        ratio: f64,
    },
    /// An address that is none.
    #[error("`{field}` is `{address}`, expected an address and a port as `127.0.0.1:9464`")]
    Address {
        /// The setting.
        field: &'static str,
        /// Its value.
        address: String,
    },
    /// A number that must not be 0.
    #[error("`{field}` is 0, expected 1 or more")]
    Zero {
        /// The setting.
        field: &'static str,
    },
}

/// The file as it is written: everything may be left out, and nothing else may stand there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    #[serde(deserialize_with = "address_or_none")]
    probe_listen: Option<SocketAddr>,
    data_dir: Option<PathBuf>,
    prices: Option<PathBuf>,
    insecure: bool,
    otlp_endpoint: Option<String>,
    metrics_listen: String,
    tracing: tracing::File,
    tls: tls::File,
    identity: identity::File,
    authorization: Authorization,
    log: Log,
    shutdown: Shutdown,
    watch: Watch,
    cache: Cache,
    retention: retention::File,
    admission: admission::File,
    connections: connections::File,
    limits: FileLimits,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Authorization {
    policies: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Log {
    format: Option<LogFormat>,
    filter: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shutdown {
    drain_seconds: Option<f64>,
    grace_seconds: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Watch {
    mark_seconds: Option<f64>,
    patience_seconds: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Cache {
    answer_mebibytes: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FileLimits {
    kept_states: Option<usize>,
    kept_networks: Option<usize>,
    checkpoint_every: Option<u64>,
    compute_threads: Option<usize>,
}

// === impl Config ===

impl Config {
    /// The settings that arguments, environment and file make together.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read, or a setting is wrong.
    pub fn read(arguments: ServeArgs) -> Result<Self, ConfigError> {
        let file = arguments
            .config
            .as_ref()
            .map(|path| File::read(path.clone()))
            .transpose()?
            .unwrap_or_default();
        let listen = arguments.listen.or(file.listen).unwrap_or(DEFAULT_LISTEN);
        let tls = file.tls.checked(&arguments)?;
        let (identity, safety) = file.identity.checked(&arguments, tls.as_ref())?;
        let is_insecure = arguments.insecure || file.insecure;
        let policies = arguments.policies.or(file.authorization.policies);
        let policies = policies.filter(|path| !path.as_os_str().is_empty());
        if !listen.ip().is_loopback() && !is_insecure {
            safety.check(listen, policies.is_some())?;
        }
        let limits = file.limits.checked()?;
        Ok(Self {
            listen,
            probe_listen: arguments.probe_listen.or(file.probe_listen),
            tls_period: file.tls.period()?,
            tls,
            identity,
            data_dir: arguments
                .data_dir
                .or(file.data_dir)
                .unwrap_or_else(|| PathBuf::from("causeway-data")),
            prices: arguments
                .prices
                .or(file.prices)
                .filter(|path| !path.as_os_str().is_empty()),
            policies,
            otlp_endpoint: arguments
                .otlp_endpoint
                .or(file.otlp_endpoint)
                .filter(|endpoint| !endpoint.is_empty()),
            sample_ratio: tracing::ratio(arguments.sample_ratio.or(file.tracing.sample_ratio))?,
            traced_per_second: file.tracing.most_per_second(),
            metrics_listen: match arguments.metrics_listen {
                None => address("metrics_listen", file.metrics_listen)?,
                given => given,
            },
            log_format: arguments.log_format.or(file.log.format).unwrap_or_default(),
            log_filter: arguments
                .log_filter
                .or(file.log.filter)
                .unwrap_or_else(|| "info".to_owned()),
            drain: seconds("shutdown.drain_seconds", file.shutdown.drain_seconds, 0.0)?,
            grace: seconds("shutdown.grace_seconds", file.shutdown.grace_seconds, 10.0)?,
            watch_marks: seconds("watch.mark_seconds", file.watch.mark_seconds, 10.0)?,
            watch_patience: seconds("watch.patience_seconds", file.watch.patience_seconds, 30.0)?,
            answer_bytes: u64::from(file.cache.answer_mebibytes.unwrap_or(256)) << 20,
            retention_period: file.retention.period()?,
            admission: file.admission.checked(limits.compute_threads)?,
            connections: file.connections.checked(arguments.max_connections)?,
            limits: Limits {
                retention: file.retention.checked()?,
                ..limits
            },
        })
    }
}

// === impl File ===

impl File {
    fn read(path: PathBuf) -> Result<Self, ConfigError> {
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|source| ConfigError::Parse {
                path,
                source: Box::new(source),
            }),
            Err(source) => Err(ConfigError::Read { path, source }),
        }
    }
}

// === impl FileLimits ===

impl FileLimits {
    fn checked(self) -> Result<Limits, ConfigError> {
        let standard = Limits::default();
        Ok(Limits {
            kept_states: at_least_one(
                "limits.kept_states",
                self.kept_states,
                standard.kept_states,
            )?,
            kept_networks: at_least_one(
                "limits.kept_networks",
                self.kept_networks,
                standard.kept_networks,
            )?,
            compute_threads: at_least_one(
                "limits.compute_threads",
                self.compute_threads,
                standard.compute_threads,
            )?,
            checkpoint_every: self.checkpoint_every.unwrap_or(standard.checkpoint_every),
            ..standard
        })
    }
}

/// An address, or none if nothing stands there.
fn address_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(D::Error::custom)
}

fn at_least_one(
    field: &'static str,
    given: Option<usize>,
    standard: usize,
) -> Result<usize, ConfigError> {
    let number = given.unwrap_or(standard);
    if number == 0 {
        Err(ConfigError::Zero { field })
    } else {
        Ok(number)
    }
}

/// An address, or none for an empty text.
fn address(field: &'static str, address: String) -> Result<Option<SocketAddr>, ConfigError> {
    if address.is_empty() {
        return Ok(None);
    }
    match address.parse() {
        Ok(parsed) => Ok(Some(parsed)),
        Err(_) => Err(ConfigError::Address { field, address }),
    }
}

fn seconds(
    field: &'static str,
    given: Option<f64>,
    standard: f64,
) -> Result<Duration, ConfigError> {
    let seconds = given.unwrap_or(standard);
    if (0.0..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(ConfigError::Seconds { field, seconds })
    }
}

fn positive_seconds(
    field: &'static str,
    given: Option<f64>,
    standard: Duration,
) -> Result<Duration, ConfigError> {
    match seconds(field, given, standard.as_secs_f64())? {
        Duration::ZERO => Err(ConfigError::Zero { field }),
        period => Ok(period),
    }
}

#[cfg(test)]
mod tests;
