//! What is no policy, and where that is told.

use super::{Fault, Policies, PolicyError};

fn faults(text: &str) -> Vec<Fault> {
    match Policies::parse(&[("a.cedar".to_owned(), text.to_owned())]) {
        Err(PolicyError::Wrong { faults }) => faults,
        other => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
fn check(text: &str, line: usize, what: &str) {
    let faults = faults(text);
    assert!(
        faults
            .iter()
            .any(|fault| fault.line == Some(line) && fault.what.contains(what)),
        "{faults:?}"
    );
}

#[test]
fn a_fault_tells_its_file_its_line_and_what_is_wrong() {
    check(
        "permit(principal, action, resource);\npermit(",
        2,
        "unexpected end",
    );
    check(
        "permit(principal, action, resource);\n\npermit(principal, action == Action::\"CreateVcp\", resource);",
        3,
        "CreateVcp",
    );
    check(
        "permit(principal, action, resource)\nwhen { resource.colour == \"red\" };",
        2,
        "colour",
    );
}

#[test]
fn what_fits_no_caller_and_what_can_never_apply_is_refused() {
    // An attribute that only workloads have, asked of whoever calls.
    check(
        "permit(principal, action, resource)\nwhen { principal.path like \"/ns/*\" };",
        2,
        "path",
    );
    // A tag that may not be there.
    check(
        "permit(principal, action in Action::\"Change\", resource)\nwhen { resource.getTag(\"team\") == \"red\" };",
        2,
        "team",
    );
    let never = "forbid(principal, action == Action::\"DeleteTopology\", resource is Resource);";
    assert!(!faults(never).is_empty());
}

#[test]
fn a_resource_cannot_be_named_by_its_id() {
    for text in [
        "forbid(principal, action, resource == Resource::\"vpc-1\");",
        "forbid(principal, action, resource is Resource in Topology::\"t\")\nwhen { resource == Resource::\"vpc-1\" };",
    ] {
        assert!(
            faults(text)
                .iter()
                .any(|fault| fault.what.contains("by its id")),
            "{text}"
        );
    }
}

#[test]
fn a_template_is_refused() {
    check(
        "permit(principal == ?principal, action, resource);",
        1,
        "template",
    );
}

#[test]
fn a_directory_has_the_policies_of_its_files_and_without_any_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    assert!(matches!(
        Policies::read(path),
        Err(PolicyError::None { .. })
    ));
    std::fs::write(path.join("a.cedar"), "permit(principal, action, resource);").unwrap();
    std::fs::write(path.join("b.cedar"), "// nothing").unwrap();
    std::fs::write(path.join("notes.txt"), "no policy").unwrap();
    let stamp = Policies::stamp(path).unwrap();
    assert_eq!(Policies::read(path).unwrap().len(), 1);
    assert_eq!(Policies::stamp(path).unwrap(), stamp);
    std::fs::write(path.join("b.cedar"), "forbid(principal, action, resource);").unwrap();
    assert_ne!(Policies::stamp(path).unwrap(), stamp);
    assert_eq!(Policies::read(path).unwrap().len(), 2);
    assert_eq!(Policies::read(&path.join("a.cedar")).unwrap().len(), 1);
}
