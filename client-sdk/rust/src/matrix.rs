//! Asking for the verdicts of all flows between many ends.

use std::collections::BTreeMap;

use causeway_proto::v1;
use tonic::Streaming;
use v1::compute_reachability_matrix_response::Part;
use v1::end_selector::Selector;

use crate::call::{Attempt, Call};
use crate::{Client, ClientError};

const CALL: &str = "ComputeReachabilityMatrix";

/// What a matrix is asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MatrixQuestion {
    /// The sources: what any of these chooses, each once; see [`one`] and [`all`].
    pub sources: Vec<v1::EndSelector>,
    /// The destinations: likewise.
    pub destinations: Vec<v1::EndSelector>,
    /// The services; see [`service`].
    pub services: Vec<v1::MatrixService>,
}

/// Chooses a resource by its id, an address, or `internet`.
#[must_use]
pub fn one(end: impl Into<String>) -> v1::EndSelector {
    v1::EndSelector {
        selector: Some(Selector::End(end.into())),
    }
}

/// Chooses all network interfaces, or instances, that meet some conditions.
#[must_use]
pub fn all(filter: v1::EndFilter) -> v1::EndSelector {
    v1::EndSelector {
        selector: Some(Selector::All(filter)),
    }
}

/// A protocol, and a port where it has ports.
#[must_use]
pub fn service(protocol: &str, port: impl Into<Option<u16>>) -> v1::MatrixService {
    v1::MatrixService {
        protocol: protocol.to_owned(),
        destination_port: port.into().map(u32::from),
    }
}

/// What a matrix is of: its axes, and the revision of all verdicts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MatrixAxes {
    /// The revision that all verdicts are computed at.
    pub revision: u64,
    /// The sources: resources by id, then addresses, then `internet`.
    pub sources: Vec<String>,
    /// The destinations: likewise.
    pub destinations: Vec<String>,
    /// The services, as they were asked for.
    pub services: Vec<v1::MatrixService>,
}

/// A matrix on its way, row by row.
#[derive(Debug)]
pub struct MatrixRows {
    client: Client,
    parts: Streaming<v1::ComputeReachabilityMatrixResponse>,
    axes: MatrixAxes,
    /// Verdicts that came and were not read yet, and how many came in all.
    waiting: Vec<v1::Verdict>,
    came: u64,
    /// Rows that were read.
    rows: usize,
}

/// The verdicts of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixRow {
    /// The place of the source.
    pub source: usize,
    /// By destination, then by service.
    pub verdicts: Vec<v1::Verdict>,
}

/// A whole matrix.
#[derive(Debug, Clone)]
pub struct Matrix {
    axes: MatrixAxes,
    sources: BTreeMap<String, usize>,
    destinations: BTreeMap<String, usize>,
    rows: Vec<Vec<v1::Verdict>>,
}

// === impl Client ===

impl Client {
    /// Begins to ask for the verdicts from all sources to all destinations over all services, at most 10,000,000: they are computed as the rows are read. The
    /// stream has no deadline, only its beginning has.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what cannot be read, an axis without an end, or a matrix that is too large; NOT_FOUND for a topology or a resource that does not
    /// exist; OUT_OF_RANGE for a revision that is not there.
    pub async fn matrix(
        &self,
        topology: &str,
        question: MatrixQuestion,
        consistency: v1::Consistency,
    ) -> Result<MatrixRows, ClientError> {
        let MatrixQuestion {
            sources,
            destinations,
            services,
        } = question;
        let message = v1::ComputeReachabilityMatrixRequest {
            topology: topology.to_owned(),
            consistency: Some(consistency),
            sources,
            destinations,
            services,
        };
        let opened = self.call(Call::safe(topology), |_bounded| {
            let request = Attempt::endless(topology, &self.settings).request(message.clone());
            let mut service = self.path_service();
            async move { service.compute_reachability_matrix(request).await }
        });
        let mut rows = MatrixRows {
            parts: opened.await?,
            client: self.clone(),
            axes: MatrixAxes::default(),
            waiting: Vec::new(),
            came: 0,
            rows: 0,
        };
        rows.read_axes().await?;
        Ok(rows)
    }
}

// === impl MatrixRows ===

impl MatrixRows {
    /// What the matrix is of.
    #[must_use]
    pub fn axes(&self) -> &MatrixAxes {
        &self.axes
    }

    /// The next row; nothing behind the last one.
    ///
    /// # Errors
    /// Whatever can happen to a call. A matrix that failed is asked for anew.
    pub async fn next(&mut self) -> Result<Option<MatrixRow>, ClientError> {
        let width = self.axes.destinations.len() * self.axes.services.len();
        if self.rows == self.axes.sources.len() {
            return Ok(None);
        }
        while self.waiting.len() < width {
            let Some(Part::Cells(cells)) = self.part().await? else {
                return Err(incomplete("all cells"));
            };
            self.take(&cells)?;
        }
        let rest = self.waiting.split_off(width);
        let verdicts = std::mem::replace(&mut self.waiting, rest);
        let source = self.rows;
        self.rows += 1;
        Ok(Some(MatrixRow { source, verdicts }))
    }

    /// All rows that are left, together.
    ///
    /// # Errors
    /// Those of [`MatrixRows::next`].
    pub async fn whole(mut self) -> Result<Matrix, ClientError> {
        let mut rows = Vec::new();
        while let Some(row) = self.next().await? {
            rows.push(row.verdicts);
        }
        let places = |ends: &[String]| ends.iter().cloned().zip(0..).collect();
        Ok(Matrix {
            sources: places(&self.axes.sources),
            destinations: places(&self.axes.destinations),
            axes: self.axes,
            rows,
        })
    }

    async fn read_axes(&mut self) -> Result<(), ClientError> {
        let Some(Part::Header(header)) = self.part().await? else {
            return Err(incomplete("its header"));
        };
        let v1::MatrixHeader {
            revision,
            source_count,
            destination_count,
            services,
        } = header;
        (self.axes.revision, self.axes.services) = (revision, services);
        self.axes.sources = self
            .read_axis(v1::MatrixAxis::Sources, source_count)
            .await?;
        self.axes.destinations = self
            .read_axis(v1::MatrixAxis::Destinations, destination_count)
            .await?;
        Ok(())
    }

    async fn read_axis(
        &mut self,
        axis: v1::MatrixAxis,
        count: u32,
    ) -> Result<Vec<String>, ClientError> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let mut ends = Vec::new();
        while ends.len() < count {
            match self.part().await? {
                Some(Part::Ends(part)) if part.axis() == axis && !part.ends.is_empty() => {
                    ends.extend(part.ends);
                }
                Some(Part::Ends(_) | Part::Header(_) | Part::Cells(_)) | None => {
                    return Err(incomplete("all ends of its axes"));
                }
            }
        }
        Ok(ends)
    }

    async fn part(&mut self) -> Result<Option<Part>, ClientError> {
        let settings = &self.client.settings;
        let told = self.parts.message().await;
        let told = told.map_err(|status| ClientError::from_status(&status, settings))?;
        Ok(told.and_then(|told| told.part))
    }

    /// Unpacks cells: two bits each, four in a byte, the first in the lowest bits.
    fn take(&mut self, cells: &v1::MatrixCells) -> Result<(), ClientError> {
        let count = usize::try_from(cells.count).unwrap_or(usize::MAX);
        let is_whole = cells.verdicts.len() == count.div_ceil(4) && count > 0;
        if cells.first != self.came || !is_whole {
            return Err(incomplete("cells without a gap"));
        }
        self.came += u64::from(cells.count);
        let verdicts = cells.verdicts.iter().flat_map(|byte| {
            let at = |place: u8| verdict((byte >> (2 * place)) & 3);
            [0, 1, 2, 3].map(at)
        });
        self.waiting.extend(verdicts.take(count));
        Ok(())
    }
}

fn verdict(bits: u8) -> v1::Verdict {
    match bits {
        0 => v1::Verdict::Reachable,
        1 => v1::Verdict::Unreachable,
        2 => v1::Verdict::Ambiguous,
        _ => v1::Verdict::Undetermined,
    }
}

fn incomplete(what: &'static str) -> ClientError {
    ClientError::Incomplete { call: CALL, what }
}

// === impl Matrix ===

impl Matrix {
    /// What the matrix is of.
    #[must_use]
    pub fn axes(&self) -> &MatrixAxes {
        &self.axes
    }

    /// The verdict from a source to a destination, as [`MatrixAxes`] writes them, for the service of a place; none if the matrix has no such cell.
    #[must_use]
    pub fn verdict(&self, source: &str, destination: &str, service: usize) -> Option<v1::Verdict> {
        let row = self.rows.get(*self.sources.get(source)?)?;
        let services = self.axes.services.len();
        let destination = self.destinations.get(destination)?;
        let place = destination * services + service;
        row.get(place).filter(|_| service < services).copied()
    }
}
