//! Exporting topologies: a backup is written on a thread of its own, as fast as it is taken.

use std::io;
use std::sync::Arc;

use causeway_model::revision::TopologyName;
use causeway_store::StoreError;
use causeway_store::backup::{self, ExportError, Selection, Sink, Taking};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::engine::Engine;
use crate::error::EngineError;

/// Exports that may be under way: each holds a thread, and a state of the topology that it is at.
pub(crate) const AT_ONCE: usize = 2;

/// Chunks that wait to be taken, at most.
const QUEUE: usize = 2;

/// A backup that is written, from its first chunk to its last. If it is dropped, the writing ends.
#[derive(Debug)]
pub struct Export {
    chunks: mpsc::Receiver<Result<Vec<u8>, EngineError>>,
    /// The thread that writes, until it was seen to end.
    work: Option<JoinHandle<()>>,
}

// === impl Engine ===

impl Engine {
    /// Writes topologies into a backup, all of them if none is named. Each is in it as it is at one revision.
    ///
    /// # Errors
    /// [`EngineError::TopologyNotFound`] if there is none of a name; [`EngineError::TooManyExports`]. Later, [`Export::next`] tells of
    /// [`EngineError::ExportOvertaken`] and of what the store cannot read.
    pub async fn export(&self, topologies: Vec<TopologyName>) -> Result<Export, EngineError> {
        let permit = Arc::clone(&self.exports).try_acquire_owned();
        let permit = permit.map_err(|_| EngineError::TooManyExports { maximum: AT_ONCE })?;
        for name in &topologies {
            let found = self.store.find(name).await;
            let found = found.map_err(|error| EngineError::from_store(error, name))?;
            if found.is_none() {
                return Err(EngineError::TopologyNotFound { name: name.clone() });
            }
        }
        let selection = if topologies.is_empty() {
            Selection::All
        } else {
            Selection::Named(topologies)
        };
        let (queue, chunks) = mpsc::channel(QUEUE);
        let (store, runtime) = (Arc::clone(&self.store), Handle::current());
        // Encoding is work without end for as long as the backup is read, and belongs on no thread that serves calls.
        let work = spawn_blocking(move || {
            let _permit = permit;
            runtime.block_on(async move {
                let mut sink = Queue(queue);
                let written = backup::write(store.as_ref(), &selection, &mut sink).await;
                if let Some(error) = written.err().and_then(failed) {
                    // Who is gone needs no reason.
                    let _ = sink.0.send(Err(error)).await;
                }
            });
        });
        Ok(Export {
            chunks,
            work: Some(work),
        })
    }
}

// === impl Export ===

impl Export {
    /// The next bytes; nothing at the end. If it is dropped before it is done, nothing is lost.
    ///
    /// # Errors
    /// As [`Engine::export`]; then what was given before is no backup.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, EngineError> {
        if let Some(chunk) = self.chunks.recv().await {
            return chunk.map(Some);
        }
        // An end without a word is one only if the thread ended well.
        if let Some(work) = &mut self.work {
            let ended = work.await;
            self.work = None;
            ended.map_err(|source| EngineError::Interrupted { source })?;
        }
        Ok(None)
    }
}

/// The queue to whoever takes the backup.
struct Queue(mpsc::Sender<Result<Vec<u8>, EngineError>>);

impl Sink for Queue {
    fn take(&mut self, bytes: Vec<u8>) -> Taking<'_> {
        Box::pin(async move {
            let sent = self.0.send(Ok(bytes)).await;
            sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
        })
    }
}

/// What is told of a failure; nothing if nobody takes the backup any more.
fn failed(error: ExportError) -> Option<EngineError> {
    match error {
        ExportError::NoTopology { name } => Some(EngineError::TopologyNotFound { name }),
        ExportError::Damaged { name } => Some(EngineError::ExportLacks { name }),
        ExportError::Overtaken { name } => Some(EngineError::ExportOvertaken { name }),
        ExportError::Store(source @ StoreError::Corrupt { .. }) => {
            Some(EngineError::StoreCorrupt { source })
        }
        ExportError::Store(source) => Some(EngineError::StoreFailed { source }),
        error @ ExportError::TooLarge { .. } => Some(EngineError::StoreFailed {
            source: StoreError::Io {
                action: "write a backup".to_owned(),
                source: error.into(),
            },
        }),
        ExportError::Write(_) => None,
    }
}
