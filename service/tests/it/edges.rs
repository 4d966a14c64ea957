//! The rooms and the doors between them: which member of the workspace may use which, read from the manifests.
//!
//! A new edge is an edit of [`ROOMS`], and a decision record that says why.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use toml::{Table, Value};

/// A member of the workspace, and the members that it may use.
pub(crate) struct Room {
    pub(crate) package: &'static str,
    pub(crate) folder: &'static str,
    uses: &'static [&'static str],
    /// What its tests may use besides.
    tests_use: &'static [&'static str],
}

pub(crate) const ROOMS: [Room; 12] = [
    Room {
        package: "causeway-proto",
        folder: "proto",
        uses: &[],
        tests_use: &[],
    },
    Room {
        package: "causeway-model",
        folder: "service/model",
        uses: &[],
        tests_use: &[],
    },
    Room {
        package: "causeway-resolver",
        folder: "service/resolver",
        uses: &["causeway-model"],
        tests_use: &[],
    },
    Room {
        package: "causeway-store",
        folder: "service/store",
        uses: &["causeway-model"],
        tests_use: &[],
    },
    Room {
        package: "causeway-engine",
        folder: "service/engine",
        uses: &["causeway-model", "causeway-resolver", "causeway-store"],
        tests_use: &[],
    },
    Room {
        package: "causeway-access",
        folder: "service/access",
        uses: &["causeway-model"],
        tests_use: &[],
    },
    Room {
        package: "causeway-grpc",
        folder: "service/grpc",
        uses: &[
            "causeway-model",
            "causeway-access",
            "causeway-engine",
            "causeway-proto",
        ],
        // An engine needs a store to stand on: the one in memory.
        tests_use: &["causeway-store"],
    },
    Room {
        package: "causeway-cli",
        folder: "service/cli",
        uses: &["causeway-client", "causeway-aws-import", "causeway-proto"],
        tests_use: &[],
    },
    Room {
        package: "causeway-client",
        folder: "client-sdk/rust",
        uses: &["causeway-proto"],
        // Itself, with all its features.
        tests_use: &["causeway-client"],
    },
    Room {
        package: "causeway-aws-import",
        folder: "client-sdk/aws-import",
        uses: &["causeway-proto"],
        tests_use: &[],
    },
    Room {
        package: "causeway-loadtest",
        folder: "loadtest",
        uses: &["causeway-client", "causeway-proto"],
        // What it measures is the service itself, served in the test.
        tests_use: &[
            "causeway-model",
            "causeway-engine",
            "causeway-grpc",
            "causeway-store",
        ],
    },
    Room {
        package: "causeway",
        folder: "service",
        uses: &[
            "causeway-proto",
            "causeway-model",
            "causeway-resolver",
            "causeway-store",
            "causeway-engine",
            "causeway-access",
            "causeway-grpc",
            "causeway-cli",
            "causeway-client",
            "causeway-aws-import",
        ],
        // The benchmarks make estates as large as it does.
        tests_use: &["causeway-loadtest"],
    },
];

#[test]
fn every_member_is_listed_and_stands_in_the_table() {
    let manifest = table("Cargo.toml");
    let listed = manifest["workspace"]["members"].as_array().unwrap();
    let listed: BTreeSet<&str> = listed.iter().filter_map(Value::as_str).collect();
    let known: BTreeSet<&str> = ROOMS.iter().map(|room| room.folder).collect();
    assert_eq!(
        listed, known,
        "list the members in Cargo.toml one by one, and give each a row in ROOMS (service/tests/it/edges.rs)"
    );
    for room in &ROOMS {
        let manifest = table(&format!("{}/Cargo.toml", room.folder));
        assert_eq!(
            manifest["package"]["name"].as_str(),
            Some(room.package),
            "correct the package of `{}` in ROOMS",
            room.folder
        );
    }
}

#[test]
fn rooms_use_what_the_table_says_and_nothing_else() {
    let mut wrong = Vec::new();
    for room in &ROOMS {
        let allowed: BTreeSet<&str> = room.uses.iter().copied().collect();
        for used in dependencies(room.folder, &["dependencies", "build-dependencies"]) {
            if used.starts_with("causeway") && !allowed.contains(used.as_str()) {
                wrong.push(format!("{} -> {used}", room.package));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these edges are not in ROOMS; remove them from the manifests: {wrong:?}"
    );
}

#[test]
fn tests_use_what_the_table_says_and_nothing_else() {
    let mut wrong = Vec::new();
    for room in &ROOMS {
        let allowed: BTreeSet<&str> = room.uses.iter().chain(room.tests_use).copied().collect();
        for used in dependencies(room.folder, &["dev-dependencies"]) {
            if used.starts_with("causeway") && !allowed.contains(used.as_str()) {
                wrong.push(format!("{} -> {used}", room.package));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these edges of tests are not in ROOMS; remove them, or list them under `tests_use`: {wrong:?}"
    );
}

#[test]
fn the_table_has_no_circles() {
    let uses: BTreeMap<&str, &[&str]> =
        ROOMS.iter().map(|room| (room.package, room.uses)).collect();
    for room in &ROOMS {
        let mut seen = BTreeSet::new();
        let mut open = room.uses.to_vec();
        while let Some(package) = open.pop() {
            assert_ne!(
                package, room.package,
                "`{package}` would use itself by way of others"
            );
            if seen.insert(package) {
                open.extend(uses[package]);
            }
        }
    }
}

#[test]
fn only_what_leads_to_the_store_reaches_sled() {
    let reaches_sled = [
        "causeway-store",
        "causeway-engine",
        "causeway-grpc",
        "causeway",
    ];
    for room in &ROOMS {
        let reached = reach(room).contains("sled");
        assert_eq!(
            reached,
            reaches_sled.contains(&room.package),
            "whether `{}` reaches sled: sled is the store's alone; find the way with `cargo tree -p {} -e normal -i sled`",
            room.package,
            room.package
        );
    }
}

/// Every package that a room is built from, by name. Members count with what they are built from, not with what their tests use.
fn reach(room: &Room) -> BTreeSet<String> {
    let built_from = ["dependencies", "build-dependencies"];
    let members: BTreeMap<&str, &Room> = ROOMS.iter().map(|room| (room.package, room)).collect();
    let locked = locked();
    let mut seen = BTreeSet::new();
    let mut open = dependencies(room.folder, &built_from);
    while let Some(package) = open.pop() {
        if !seen.insert(package.clone()) {
            continue;
        }
        match members.get(package.as_str()) {
            Some(member) => open.extend(dependencies(member.folder, &built_from)),
            None => open.extend(locked.get(&package).into_iter().flatten().cloned()),
        }
    }
    seen
}

/// The dependencies of every package in Cargo.lock, by name; versions of one name are taken together.
fn locked() -> BTreeMap<String, Vec<String>> {
    let lock = table("Cargo.lock");
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let dependencies = package.get("dependencies").and_then(Value::as_array);
        let names = dependencies
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter_map(|entry| entry.split(' ').next());
        found
            .entry(package["name"].as_str().unwrap().to_owned())
            .or_default()
            .extend(names.map(str::to_owned));
    }
    found
}

/// The packages that a member's manifest names in these sections, also under `[target.*]`.
pub(crate) fn dependencies(folder: &str, sections: &[&str]) -> Vec<String> {
    let manifest = table(&format!("{folder}/Cargo.toml"));
    let targets = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(|targets| targets.values());
    let mut found = Vec::new();
    for place in targets.filter_map(Value::as_table).chain([&manifest]) {
        for section in sections {
            for (name, value) in place
                .get(*section)
                .and_then(Value::as_table)
                .into_iter()
                .flatten()
            {
                let package = value.get("package").and_then(Value::as_str).unwrap_or(name);
                found.push(package.to_owned());
            }
        }
    }
    found
}

/// A TOML file, by its path in the repository.
pub(crate) fn table(path: &str) -> Table {
    let file = root().join(path);
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
    text.parse()
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Where the repository lies.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}
