//! Damage that sled takes for the end of its log.

use super::super::open::DATABASE_FILE;
use super::*;

/// Flips a bit of the database's file, in the changes of revision 2 of `acme`, as they were first written.
fn rot(directory: &TempDir) -> TestResult {
    let path = directory.path().join(DATABASE_FILE);
    let mut bytes = std::fs::read(&path)?;
    let id = samples::subnet(1)?.id().to_string();
    let place = bytes
        .windows(id.len())
        .position(|found| found == id.as_bytes())
        .ok_or("the resource is not in the file")?;
    bytes[place] ^= 1;
    Ok(std::fs::write(path, bytes)?)
}

/// A store as [`acme`] makes it, with its log damaged at revision 2.
async fn rotten() -> Result<TempDir, Box<dyn std::error::Error>> {
    let directory = TempDir::new()?;
    acme(&directory).await?;
    rot(&directory)?;
    Ok(directory)
}

#[tokio::test]
async fn a_log_that_is_cut_off_by_damage_is_named_and_not_served() -> TestResult {
    let directory = rotten().await?;
    for _ in 0..2 {
        let store = SledStore::open(directory.path())?;
        let error = store
            .find(&"acme".parse()?)
            .await
            .expect_err("it is damaged");
        assert_eq!(
            error.to_string(),
            "stored topology `acme` is damaged: its log ends at revision 1, and revision 3 was durable"
        );
        // The creation of the other one came later, and is lost too: its name is kept, so that nobody takes it for new.
        assert_corrupt(store.find(&"other".parse()?).await, "topology `other`");
        assert_eq!(store.list().await?, []);
        let next = store.create(new("next")).await?;
        assert!(next.id.0 > 2, "{:?} was given before", next.id);
        store.delete(next.id, None).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_log_that_is_cut_off_by_damage_fails_its_check() -> TestResult {
    let directory = rotten().await?;
    let faults = SledStore::check(directory.path())?.faults;
    let found = faults.iter().map(|fault| {
        (
            fault.topology.as_deref(),
            fault.revision.map(|revision| revision.0),
            fault.detail.as_str(),
        )
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            (
                Some("acme"),
                Some(3),
                "its log ends at revision 1, and revision 3 was durable"
            ),
            (
                Some("other"),
                Some(0),
                "it is lost, and its revision 0 was durable"
            ),
        ]
    );
    Ok(())
}

#[tokio::test]
async fn a_witness_that_lags_behind_or_is_torn_or_gone_raises_no_alarm() -> TestResult {
    let directory = TempDir::new()?;
    acme(&directory).await?;
    let path = directory.path().join("heads");
    let whole = std::fs::read(&path)?;
    for length in 0..whole.len() {
        let mut torn = whole[..length].to_vec();
        torn.extend_from_slice(&[0; 40]);
        std::fs::write(&path, torn)?;
        assert!(super::super::witness::read(directory.path()).len() <= 2);
    }
    std::fs::write(&path, &whole[..whole.len() / 2])?;
    assert_eq!(SledStore::check(directory.path())?.faults, []);
    std::fs::remove_file(&path)?;
    let store = SledStore::open(directory.path())?;
    assert_eq!(head(&store).await?, Some(Revision(3)));
    Ok(())
}

#[tokio::test]
async fn a_name_that_was_deleted_and_given_again_raises_no_alarm() -> TestResult {
    let directory = TempDir::new()?;
    let old = acme(&directory).await?;
    for head in 0..3 {
        let store = SledStore::open(directory.path())?;
        let found = store.find(&"acme".parse()?).await?.ok_or("it is gone")?;
        store.delete(found.id, None).await?;
        let next = store.create(new("acme")).await?.id;
        assert!(next > old);
        store.append(append(next, 0)).await?;
        drop(store);
        assert_eq!(SledStore::check(directory.path())?.faults, [], "{head}");
    }
    Ok(())
}

/// What the witness tells last may be missing, also that the topology is gone.
#[tokio::test]
async fn a_witness_that_misses_its_last_records_takes_no_deleted_topology_for_lost() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let path = directory.path().join("heads");
    let store = SledStore::open(directory.path())?;
    let before = std::fs::read(&path)?;
    store.delete(id, None).await?;
    drop(store);
    let after = std::fs::read(&path)?;
    assert!(after.len() > before.len());
    // The last record tells that it was deleted; the one before, which is synced, that it was going to be.
    std::fs::write(&path, &after[..after.len() - 1])?;
    assert_eq!(SledStore::check(directory.path())?.faults, []);
    let store = SledStore::open(directory.path())?;
    assert_eq!(store.find(&"acme".parse()?).await?, None);
    store.create(new("acme")).await?;
    Ok(())
}

#[tokio::test]
async fn a_deletion_that_is_cut_off_by_damage_is_named_and_does_not_bring_the_topology_back()
-> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let kept = std::fs::read(directory.path().join(DATABASE_FILE))?;
    let store = SledStore::open(directory.path())?;
    store.delete(id, None).await?;
    drop(store);
    std::fs::write(directory.path().join(DATABASE_FILE), kept)?;
    for entry in std::fs::read_dir(directory.path())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("snap.") {
            std::fs::remove_file(&path)?;
        }
    }
    for _ in 0..3 {
        let store = SledStore::open(directory.path())?;
        let error = store.find(&"acme".parse()?).await.expect_err("it is back");
        assert!(
            error.to_string().contains("its deletion is lost"),
            "{error}"
        );
    }
    Ok(())
}

/// The settings of the database after a loss of power right after the first opening: a part of them, or bytes that mean nothing.
#[tokio::test]
async fn settings_that_are_torn_are_written_anew() -> TestResult {
    let directory = TempDir::new()?;
    acme(&directory).await?;
    let path = directory.path().join("conf");
    let whole = std::fs::read(&path)?;
    for torn in [&whole[..40], &vec![0; whole.len()], &[]] {
        std::fs::write(&path, torn)?;
        let store = SledStore::open(directory.path())?;
        assert_eq!(head(&store).await?, Some(Revision(3)));
        drop(store);
        assert_eq!(std::fs::read(&path)?, whole);
    }
    Ok(())
}
