//! How each kind of call is asked, and how what comes of it is told apart.

use std::pin::pin;
use std::sync::atomic::Ordering;

use causeway_client::v1::{
    BatchItem, ErrorReason, Flow, IpPermission, Resource, Tag, resource::Kind as Body,
};
use causeway_client::{Client, ClientError, Code, MatrixQuestion, WatchFrom, Watched};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio::time::timeout;

use super::{Asker, detail};
use crate::LoadError;
use crate::drive::{Ending, Fault, Outcome};
use crate::scenario::What;

/// What a call came to: the flows that were answered, and those of them with an error of their own.
type Answered = Result<(usize, usize), Missed>;

/// Why a call was not answered.
#[derive(Debug)]
pub(crate) enum Missed {
    /// The client, or the service, says so.
    Failed(ClientError),
    /// A stream was not over in time.
    Deadline,
    /// An answer ended before it was whole.
    Cut,
}

/// A resource that gets another value in one field.
#[derive(Debug)]
pub(crate) struct Patch {
    resource_id: String,
    resource: Resource,
    path: &'static str,
}

impl Asker {
    pub(super) async fn single(&self, client: &Client, flow: Flow) -> Answered {
        let answer = client.resolve(&self.topology, flow, self.consistency());
        answer.await?;
        Ok((1, 0))
    }

    pub(super) async fn batch(&self, client: &Client, flows: Vec<Flow>) -> Answered {
        let detail = detail(self.scenario.batch.detail);
        let answer = client.batch(&self.topology, flows, detail, self.consistency());
        Ok(counted(&answer.await?.items))
    }

    pub(super) async fn stream(&self, client: &Client, chunks: Vec<Vec<Flow>>) -> Answered {
        let detail = detail(self.scenario.stream.detail);
        let wanted: usize = chunks.iter().map(Vec::len).sum();
        let chunks = stream::iter(chunks);
        let opened = client.stream_paths(&self.topology, chunks, detail, self.consistency());
        let mut answers = pin!(opened.await?);
        let (mut flows, mut errors) = (0, 0);
        while let Some(chunk) = answers.try_next().await? {
            let (of_chunk, errors_of_chunk) = counted(&chunk.items);
            flows += of_chunk;
            errors += errors_of_chunk;
        }
        if flows == wanted {
            Ok((flows, errors))
        } else {
            Err(Missed::Cut)
        }
    }

    pub(super) async fn matrix(&self, client: &Client, question: MatrixQuestion) -> Answered {
        let rows = client.matrix(&self.topology, question, self.consistency());
        let mut rows = rows.await?;
        let mut cells = 0;
        while let Some(row) = rows.next().await? {
            cells += row.verdicts.len();
        }
        Ok((cells, 0))
    }

    pub(crate) async fn mutate(&self, client: &Client, patches: Vec<Patch>) -> Answered {
        let set = client.apply(&self.topology).author("causeway-loadtest");
        let set = patches.into_iter().fold(set, |set, patch| {
            set.patch(patch.resource_id, patch.resource, [patch.path])
        });
        let answer = set.send().await?;
        self.newest.fetch_max(answer.revision, Ordering::Relaxed);
        Ok((0, 0))
    }

    /// From the beginning to the first event: that of the newest revision known.
    pub(super) async fn watch(&self, client: &Client) -> Answered {
        let newest = self.newest.load(Ordering::Relaxed);
        let after = WatchFrom::After(newest.saturating_sub(1));
        let mut events = pin!(client.watch(&self.topology, after));
        match events.next().await {
            Some(event) => event.map(|_event| (0, 0)).map_err(Missed::Failed),
            None => Err(Missed::Cut),
        }
    }

    /// Streams have no deadline of their own.
    pub(super) async fn within(&self, call: impl Future<Output = Answered>) -> Answered {
        let ended = timeout(self.deadline, call).await;
        ended.unwrap_or(Err(Missed::Deadline))
    }
}

/// Revisions as they are made, from the newest known on.
pub(crate) fn revisions(
    client: &Client,
    topology: &str,
    after: u64,
) -> impl Stream<Item = ()> + Send + use<> {
    let events = client.watch(topology, WatchFrom::After(after));
    let events = events.take_while(|event| std::future::ready(event.is_ok()));
    events.filter_map(async |event| match event.ok()?.what {
        Watched::Revision(_) => Some(()),
        Watched::Mark(_) => None,
    })
}

fn counted(items: &[BatchItem]) -> (usize, usize) {
    let errors = items.iter().filter(|item| item.error.is_some());
    (items.len(), errors.count())
}

/// The change of a security group that a number makes.
pub(super) fn patch(group: &Resource, what: What, number: u64) -> Option<Patch> {
    let mut group = group.clone();
    let Some(Body::SecurityGroup(body)) = &mut group.kind else {
        return None;
    };
    let resource_id = body.group_id.clone();
    let path = match what {
        What::Rules => {
            // An address of a block for documentation: nobody in an estate has it.
            let port = 20_000 + i32::try_from(number % 10_000).unwrap_or(0);
            body.ip_permissions.push(IpPermission {
                ip_protocol: "tcp".to_owned(),
                from_port: Some(port),
                to_port: Some(port),
                ip_ranges: vec!["203.0.113.7/32".to_owned()],
                ..IpPermission::default()
            });
            "security_group.ip_permissions"
        }
        What::Tags => {
            group.tags.retain(|tag| tag.key != "causeway-loadtest");
            group.tags.push(Tag {
                key: "causeway-loadtest".to_owned(),
                value: number.to_string(),
            });
            "tags"
        }
    };
    Some(Patch {
        resource_id,
        resource: group,
        path,
    })
}

pub(crate) fn ending_of(answered: Answered) -> Ending {
    let (outcome, code, message) = match answered {
        Ok((flows, errors)) => return Ending::ok(flows, errors),
        Err(Missed::Deadline) => (
            Outcome::Deadline,
            Code::DeadlineExceeded,
            "the stream was not over in time".to_owned(),
        ),
        Err(Missed::Cut) => (
            Outcome::Error,
            Code::DataLoss,
            "the answer ended before it was whole".to_owned(),
        ),
        Err(Missed::Failed(error)) => (outcome(&error), error.code(), error.to_string()),
    };
    Ending {
        outcome,
        flows: 0,
        flow_errors: 0,
        fault: Some(Fault {
            code: format!("{code:?}"),
            message,
        }),
    }
}

fn outcome(error: &ClientError) -> Outcome {
    let refusals = [ErrorReason::ServerOverloaded, ErrorReason::QuotaExceeded];
    if error
        .reason()
        .is_some_and(|reason| refusals.contains(&reason))
    {
        Outcome::Refused
    } else if error.code() == Code::DeadlineExceeded {
        Outcome::Deadline
    } else {
        Outcome::Error
    }
}

/// There is no connection at all; scenarios have one at least.
pub(super) fn nobody() -> Ending {
    ending_of(Err(Missed::Cut))
}

impl Missed {
    /// Why a call before the run was not answered.
    pub(crate) fn into_error(self, topology: &str) -> LoadError {
        let what = match self {
            Self::Failed(source) => {
                return LoadError::Ground {
                    topology: topology.to_owned(),
                    source,
                };
            }
            Self::Deadline => "answer in time",
            Self::Cut => "whole answer",
        };
        LoadError::Bare {
            topology: topology.to_owned(),
            what,
            advice: "try again",
        }
    }
}

impl From<ClientError> for Missed {
    fn from(error: ClientError) -> Self {
        Self::Failed(error)
    }
}
