//! Exports: an engine on what was restored answers as the first one, and exports are bounded.

use std::sync::Arc;

use causeway_model::revision::{Revision, TopologyName};
use causeway_store::MemoryStore;
use causeway_store::backup::{self, Selection};

use super::{engine, engine_on, name, put, request, subnet, vpc, write};
use crate::export::AT_ONCE;
use crate::{Consistency, Engine, EngineError, Export, Filter, WatchStart, Write};

async fn taken(mut export: Export) -> Result<Vec<u8>, EngineError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = export.next().await? {
        bytes.extend(chunk);
    }
    Ok(bytes)
}

/// An engine on what is in a backup.
async fn restored(bytes: &[u8]) -> Engine {
    let store = MemoryStore::new();
    let mut input = bytes;
    backup::restore(&mut input, &store, &Selection::All)
        .await
        .unwrap();
    engine_on(Arc::new(store))
}

/// All that an engine tells of `t`: history, states, differences, and a watch from the beginning.
async fn told(engine: &Engine) -> Vec<String> {
    let t = name("t");
    let info = engine.get_topology(&t).await.unwrap();
    let head = info.revision;
    let mut told = vec![format!("{info:?}")];
    let listed = engine.list_revisions(&t, Consistency::Newest, (None, 99));
    told.push(format!("{:?}", listed.await.unwrap()));
    for revision in (0..=head.0).map(Revision) {
        let at = Consistency::Exact(revision);
        let page = engine.list_resources(&t, at.clone(), Filter::default(), (None, 99));
        told.push(format!("{:?}", page.await.unwrap()));
        let between = (at, Consistency::Newest);
        let diff = engine.diff(&t, between, Filter::default(), (None, 99));
        told.push(format!("{:?}", diff.await.unwrap()));
    }
    let start = WatchStart::After(Revision::ZERO);
    let mut watch = engine.watch(&t, start, 99).await.unwrap();
    for _ in 0..=head.0 {
        told.push(format!("{:?}", watch.next().await.unwrap()));
    }
    told
}

#[tokio::test]
async fn an_engine_on_what_was_restored_tells_the_same() {
    let engine = engine().await;
    for number in 1..=6 {
        let change = put([vpc(&format!("vpc-{number}")), vpc("vpc-0")]);
        engine.apply(write(), change).await.unwrap();
    }
    let change = put([subnet("subnet-1", "vpc-1")]);
    let with_request = || Write {
        request: request("r", 1),
        ..write()
    };
    let applied = engine.apply(with_request(), change.clone()).await.unwrap();
    let bytes = taken(engine.export(Vec::new()).await.unwrap())
        .await
        .unwrap();
    let other = restored(&bytes).await;
    assert_eq!(told(&other).await, told(&engine).await);
    // A request that comes again did all that before.
    let again = other.apply(with_request(), change).await.unwrap();
    assert_eq!((again, applied.revision), (applied, Revision(7)));
    assert_eq!(
        other.get_topology(&name("t")).await.unwrap().revision,
        Revision(7)
    );
}

#[tokio::test]
async fn only_what_is_named_is_exported() {
    let engine = engine().await;
    engine
        .create_topology(name("u"), String::new(), None)
        .await
        .unwrap();
    let bytes = taken(engine.export(vec![name("u")]).await.unwrap()).await;
    let other = restored(&bytes.unwrap()).await;
    let (listed, _) = other.list_topologies(None, 9).await.unwrap();
    let names: Vec<TopologyName> = listed.into_iter().map(|info| info.name).collect();
    assert_eq!(names, [name("u")]);
    let missing = engine.export(vec![name("u"), name("v")]).await.err();
    assert!(
        matches!(missing, Some(EngineError::TopologyNotFound { name }) if name.as_str() == "v")
    );
}

#[tokio::test]
async fn exports_are_bounded_and_one_that_is_dropped_makes_place() {
    let engine = engine().await;
    // More than the chunks that wait for who takes nothing.
    for part in 0..20 {
        let vpcs = (0..2_000).map(|number| vpc(&format!("vpc-{part}-{number}")));
        engine.apply(write(), put(vpcs)).await.unwrap();
    }
    let mut held = Vec::new();
    for _ in 0..AT_ONCE {
        held.push(engine.export(Vec::new()).await.unwrap());
    }
    let refused = engine.export(Vec::new()).await.err();
    assert!(matches!(
        refused,
        Some(EngineError::TooManyExports { maximum: AT_ONCE })
    ));
    held.pop();
    let export = loop {
        match engine.export(Vec::new()).await {
            Err(EngineError::TooManyExports { .. }) => tokio::task::yield_now().await,
            export => break export.unwrap(),
        }
    };
    assert!(!taken(export).await.unwrap().is_empty());
}
