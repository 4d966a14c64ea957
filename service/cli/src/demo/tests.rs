//! The table of the demonstration.

use std::error::Error;

use expect_test::expect;

use super::*;

fn hop(id: &str, name: &str) -> v1::Hop {
    v1::Hop {
        resource_id: id.to_owned(),
        name: name.to_owned(),
        ..v1::Hop::default()
    }
}

const QUESTIONS: &[u8] = br#"{"name": "a private instance with no way out cannot reach the bucket of the other team", "from": "i-1d4ffe2e90bf91c8c", "to": "s3.eu-west-1.amazonaws.com", "port": 443}

{"from": "i-gone", "to": "10.0.0.1", "protocol": "icmp"}"#;

fn stopped() -> v1::BatchItem {
    let answer = v1::PathAnswer {
        forward: Some(v1::Trace {
            hops: vec![
                hop("eni-0d1b00d9b2ced4372", "web-1"),
                hop("rtb-c464e704e7ce06a5c", "a-private-route-table"),
            ],
            disposition: v1::Disposition::NoNextHop.into(),
        }),
        explanations: vec![v1::Explanation {
            code: v1::ExplanationCode::IgwDestinationAddressNotInRfc1918Egress.into(),
            resource_id: "rtb-c464e704e7ce06a5c".to_owned(),
            direction: v1::Direction::Return.into(),
            ..v1::Explanation::default()
        }],
        ..v1::PathAnswer::default()
    };
    v1::BatchItem {
        verdict: v1::Verdict::Unreachable.into(),
        answer: Some(answer),
        ..v1::BatchItem::default()
    }
}

fn unknown() -> v1::BatchItem {
    v1::BatchItem {
        error: Some(tonic_types::Status {
            code: 5,
            message: "`i-gone` is not in the topology".to_owned(),
            details: Vec::new(),
        }),
        ..v1::BatchItem::default()
    }
}

#[test]
fn the_table_fits_into_120_columns_and_wraps_what_does_not() -> Result<(), Box<dyn Error>> {
    let questions = read(QUESTIONS)?;
    let items = [stopped(), unknown()];
    let names = Names::from([("i-1d4ffe2e90bf91c8c".to_owned(), "batch".to_owned())]);
    let mut sheet = Sheet::new(["question", "verdict", "way", "what stops it"], WIDTHS);
    for (question, item) in questions.iter().zip(&items) {
        sheet.row(row(question, item, &names));
    }
    let mut out = Vec::new();
    sheet.print(&mut out)?;
    let text = String::from_utf8(out)?;
    assert!(
        text.lines().all(|line| line.chars().count() <= 120),
        "{text}"
    );
    expect![[r#"
        ------------------------------------------------------------------------------------------------------------------------
         question                                      verdict       way                            what stops it
        ========================================================================================================================
         a private instance with no way out cannot     UNREACHABLE   eni-0d1b00d9b2ced4372          IGW_DESTINATION_ADDRESS_NOT
         reach the bucket of the other team                          (web-1)                        _IN_RFC1918_EGRESS
         from i-1d4ffe2e90bf91c8c (batch)                            rtb-c464e704e7ce06a5c          - rtb-c464e704e7ce06a5c,
         to s3.eu-west-1.amazonaws.com tcp/443                       (a-private-route-table)        reply
                                                                     => no next hop
        ------------------------------------------------------------------------------------------------------------------------
         from i-gone                                   error                                        `i-gone` is not in the
         to 10.0.0.1 icmp                                                                           topology
        ------------------------------------------------------------------------------------------------------------------------
    "#]].assert_eq(&text);
    Ok(())
}

#[test]
fn a_bad_question_names_its_line() {
    let error = read(&b"\n{\"from\": \"a\"}"[..])
        .err()
        .map(|error| error.to_string());
    assert_eq!(
        error.as_deref(),
        Some("question 2: `port` is missing; tcp needs one")
    );
}
