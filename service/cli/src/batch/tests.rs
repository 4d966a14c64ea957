//! Lines in, lines out.

use std::error::Error;

use causeway_client::flow;

use super::*;

/// The error that a line gets without the service being asked; empty if there is none.
fn fault(text: &str) -> String {
    match Line::parse(1, text.as_bytes()).flow {
        Ok(_) => String::new(),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn a_line_is_a_flow_and_keeps_what_it_does_not_know() -> Result<(), Box<dyn Error>> {
    let line = Line::parse(
        1,
        br#"{"id": 1.5, "from": "i-1", "to": "10.0.0.1", "port": 443, "sourcePort": null}"#,
    );
    assert_eq!(line.flow?, flow::tcp("i-1", "10.0.0.1", 443));
    let keys: Vec<_> = line.fields.keys().map(String::as_str).collect();
    assert_eq!(keys, ["id", "from", "to", "port", "sourcePort"]);
    Ok(())
}

#[test]
fn protocols_may_be_numbers_and_need_ports_only_where_they_have_them() -> Result<(), Box<dyn Error>>
{
    let line = Line::parse(1, br#"{"from": "a", "to": "b", "protocol": 50}"#);
    assert_eq!(line.flow?, flow::without_ports("a", "b", "50"));
    let line = Line::parse(1, br#"{"from": "a", "to": "b", "protocol": "icmp"}"#);
    assert_eq!(line.flow?, flow::icmp("a", "b"));
    assert_eq!(
        fault(r#"{"from": "a", "to": "b", "protocol": "UDP"}"#),
        "`port` is missing; UDP needs one"
    );
    Ok(())
}

#[test]
fn a_bad_line_says_what_is_wrong_with_it() {
    assert_eq!(fault(r#"{"to": "b", "port": 1}"#), "`from` is missing");
    assert_eq!(
        fault(r#"{"from": 5, "to": "b", "port": 1}"#),
        "`from` must be an id, an address or a name, found `5`"
    );
    for port in ["0", "65536", "\"443\"", "1.5", "-1"] {
        let text = format!(r#"{{"from": "a", "to": "b", "port": {port}}}"#);
        assert!(
            fault(&text).starts_with("`port` must be a number from 1 to 65535, found"),
            "{text}"
        );
    }
    assert!(fault("[1]").starts_with("expected an object"));
    assert_eq!(
        fault(r#"{"from" "a"}"#),
        "not JSON: expected `:`, in column 9"
    );
}

#[test]
fn a_line_that_is_no_object_comes_back_as_input() {
    let line = Line::parse(4, b"\xff{");
    assert_eq!(line.fields.get("input"), Some(&Value::from("\u{fffd}{")));
}

#[test]
fn blank_lines_count_but_ask_nothing() -> Result<(), Box<dyn Error>> {
    let mut source = Source {
        name: "-".to_owned(),
        input: Box::new(&b"{}\n\n  \r\n{}\n{}"[..]),
        number: 0,
    };
    let numbers = |lines: Vec<Line>| lines.iter().map(|line| line.number).collect::<Vec<_>>();
    assert_eq!(numbers(source.lines(2)?), [1, 4]);
    assert_eq!(numbers(source.lines(2)?), [5]);
    assert!(source.lines(2)?.is_empty());
    Ok(())
}
