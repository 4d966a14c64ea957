//! The engine itself: what its use cases share. Each use case is in a file beside this one.

use std::ops::Deref;
use std::sync::Arc;

use causeway_model::price::PriceBook;
use causeway_store::Store;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::compute::Compute;
use crate::counts::Tallies;
use crate::error::EngineError;
use crate::export;
use crate::guard::Guard;
use crate::limits::Limits;
use crate::registry::{NameLocks, Registry};
use crate::state::States;

/// The use cases of Causeway, on a store. Clones share everything.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
    /// What its caller may see and change; none for everything.
    pub(crate) guard: Option<Arc<dyn Guard>>,
}

/// What all clones of an engine share.
#[derive(Debug)]
pub struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) prices: Arc<PriceBook>,
    pub(crate) registry: Registry,
    pub(crate) states: States,
    pub(crate) compute: Compute,
    pub(crate) tallies: Tallies,
    /// A permit for each export that may be under way.
    pub(crate) exports: Arc<Semaphore>,
    /// A permit for each network that may be compiled for a what-if and held.
    pub(crate) compiled_what_ifs: Arc<Semaphore>,
    /// Held while a fork is detached.
    pub(crate) detaching: NameLocks,
    /// The turns of those that are detached in the background.
    pub(crate) background: Arc<Semaphore>,
}

impl Engine {
    /// An engine on a store, to which no price is known.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self::priced(store, clock, limits, PriceBook::default())
    }

    /// An engine on a store, which tells what ways cost by these prices.
    #[must_use]
    pub fn priced(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        limits: Limits,
        prices: PriceBook,
    ) -> Self {
        let (states, compute) = (States::new(&limits), Compute::new(limits.compute_threads));
        Self {
            shared: Arc::new(Shared {
                store,
                clock,
                limits,
                prices: Arc::new(prices),
                registry: Registry::new(),
                states,
                compute,
                tallies: Tallies::default(),
                exports: Arc::new(Semaphore::new(export::AT_ONCE)),
                compiled_what_ifs: Arc::new(Semaphore::new(limits.compiled_what_ifs.max(1))),
                detaching: NameLocks::new(),
                // One at a time: each may hold and write a state of any size.
                background: Arc::new(Semaphore::new(1)),
            }),
            guard: None,
        }
    }

    /// What bounds this engine.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Runs work that takes long, as reading or writing a large message, on the threads that are for it.
    ///
    /// # Errors
    /// [`EngineError::Interrupted`] if the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        self.compute.run(work).await
    }

    /// Runs to its end even if the caller goes away.
    pub(crate) async fn uncancelled<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, EngineError>> + Send + 'static,
    ) -> Result<T, EngineError> {
        tokio::spawn(work)
            .await
            .map_err(|source| EngineError::Interrupted { source })?
    }
}

impl Deref for Engine {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}
