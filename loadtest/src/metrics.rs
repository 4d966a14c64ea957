//! What the service tells of itself at its endpoint for Prometheus (`causeway serve --metrics-listen`): the answers that it found in its cache, and
//! its version.

use std::io::Error;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::LoadError;

/// How long the endpoint may take, and how much it may tell.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The metric that counts answers looked for, by outcome.
const LOOKUPS: &str = "causeway_cache_lookups_total";
const BUILD: &str = "causeway_build";

/// Answers that were looked for in the cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cache {
    /// Found as they were.
    pub hits: f64,
    /// Of an earlier revision, and still right.
    pub carried: f64,
    /// Not there.
    pub misses: f64,
    /// The share that was there, carried ones too; of nothing it is 0.
    pub hit_ratio: f64,
}

/// What was told at a moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) cache: Cache,
    pub(crate) version: Option<String>,
}

/// Asks the endpoint, as `http://127.0.0.1:9464/metrics`.
///
/// # Errors
/// [`LoadError::NoMetrics`] if that is no such endpoint, or nothing is told there.
pub(crate) async fn read(url: &str) -> Result<Told, LoadError> {
    let fail = |source| LoadError::NoMetrics {
        url: url.to_owned(),
        source,
    };
    let slow = |_elapsed| Error::other("it took too long");
    let told = timeout(PATIENCE, fetch(url)).await.map_err(slow);
    let text = told.and_then(|told| told).map_err(fail)?;
    if !text.contains(LOOKUPS) && !text.contains(BUILD) {
        return Err(fail(Error::other("it tells nothing of a Causeway service")));
    }
    Ok(parse(&text))
}

async fn fetch(url: &str) -> Result<String, Error> {
    let uri: Uri = url.parse().map_err(Error::other)?;
    let authority = match (uri.scheme_str(), uri.authority()) {
        (Some("http"), Some(authority)) => authority.clone(),
        _ => return Err(Error::other("write it as http://HOST:PORT/metrics")),
    };
    let host = authority.host().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(Error::other)?;
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(header::HOST, authority.as_str())
        .body(Empty::<Bytes>::new())
        .map_err(Error::other)?;
    let answer = sender.send_request(request).await.map_err(Error::other)?;
    if !answer.status().is_success() {
        return Err(Error::other(format!("it answers {}", answer.status())));
    }
    let body = Limited::new(answer.into_body(), MOST_BYTES);
    let bytes = body.collect().await.map_err(Error::other)?.to_bytes();
    String::from_utf8(bytes.to_vec()).map_err(Error::other)
}

/// Reads the text format: `name{label="value",...} number`.
fn parse(text: &str) -> Told {
    let mut told = Told::default();
    for line in text.lines() {
        let Some((series, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let value: f64 = value.parse().unwrap_or(0.0);
        match (name, label(labels, "outcome")) {
            (LOOKUPS, Some("hit")) => told.cache.hits += value,
            (LOOKUPS, Some("carried")) => told.cache.carried += value,
            (LOOKUPS, Some("miss")) => told.cache.misses += value,
            (BUILD, _) => told.version = label(labels, "version").map(str::to_owned),
            _ => {}
        }
    }
    told
}

fn label<'l>(labels: &'l str, name: &str) -> Option<&'l str> {
    let mut labels = labels.split(',');
    labels.find_map(|label| {
        let (key, value) = label.split_once("=\"")?;
        (key == name).then(|| value.trim_end_matches(['}', '"']))
    })
}

// === impl Told ===

impl Told {
    /// What was looked for since another moment.
    pub(crate) fn since(&self, before: &Self) -> Cache {
        let hits = self.cache.hits - before.cache.hits;
        let carried = self.cache.carried - before.cache.carried;
        let misses = self.cache.misses - before.cache.misses;
        let all = hits + carried + misses;
        let hit_ratio = if all > 0.0 {
            (hits + carried) / all
        } else {
            0.0
        };
        Cache {
            hits,
            carried,
            misses,
            hit_ratio,
        }
    }
}

#[cfg(test)]
mod tests;
