//! Scenarios: what is written is what is run, and what cannot be is told with its place.

use super::{Mode, Scenario, stages};

/// The least that can be run.
const LEAST: &str = "[mix]\nsingle = 1\n[[phases]]\nsoak = { level = 10, seconds = 1 }\n";

#[track_caller]
fn refused(text: &str, fault: &str) {
    let found = Scenario::parse(text).unwrap_err();
    assert!(found.contains(fault), "{found}");
}

#[test]
fn what_is_left_out_has_its_default() {
    let scenario = Scenario::parse(LEAST).unwrap();
    assert_eq!((scenario.mode, scenario.connections), (Mode::Open, 4));
    assert_eq!(scenario.estate.interfaces, 1_000);
    assert_eq!(stages(&scenario.phases).len(), 1);
}

#[test]
fn an_unknown_key_is_told_with_its_line() {
    refused(
        &format!("seed = 2\nconections = 3\n{LEAST}"),
        "line 2: unknown field `conections`, expected one of",
    );
    refused(
        &LEAST.replace("single = 1", "single = 1\nsingel = 2"),
        "line 3: unknown field `singel`, expected one of `single`, `batch`",
    );
    refused(
        &LEAST.replace("seconds = 1 }", "seconds = 1, rate = 2 }"),
        "line 4: unknown field `rate`",
    );
    refused(
        &LEAST.replace("soak", "soap"),
        "line 4: unknown variant `soap`, expected one of `ramp`, `steps`, `soak`",
    );
}

#[test]
fn a_value_that_cannot_be_is_told_with_its_bounds() {
    for (line, fault) in [
        ("connections = 0", "`connections` is 0: from 1 to 1000"),
        ("deadline_seconds = nan", "`deadline_seconds` is NaN"),
        ("[flows]\nzipf = -1", "`flows.zipf` is -1"),
        ("[batch]\nsizes = []", "`batch.sizes` is empty"),
        ("[batch]\nsizes = [100001]", "from 1 to 100000"),
        (
            "[batch]\nsizes = [10001]\ndetail = \"full\"",
            "from 1 to 10000",
        ),
        ("[estate]\nquestions = \"q\"", "name one, or leave them out"),
    ] {
        refused(&format!("{line}\n{LEAST}"), fault);
    }
    refused(
        &LEAST.replace("single = 1", "single = 0"),
        "no weight above 0",
    );
    refused("[mix]\nsingle = 1", "none that is measured");
    let ramp = "[mix]\nsingle = 1\n[[phases]]\nramp = { to = 5, seconds = 1 }";
    refused(ramp, "none that is measured");
    refused(
        &LEAST.replace("level = 10", "level = 0"),
        "no level above 0",
    );
    refused(
        &LEAST.replace("level = 10", "level = inf"),
        "`level` is inf",
    );
}

#[test]
fn the_bundled_scenarios_can_be_run() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        Scenario::read(&entry.unwrap().path()).unwrap();
        count += 1;
    }
    assert!(count >= 5, "{count}");
}
