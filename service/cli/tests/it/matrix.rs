//! `matrix`.

use expect_test::expect;
use tonic::Status;

use causeway_client::v1;
use v1::compute_reachability_matrix_response::Part;

use crate::fake::Fake;
use crate::{Tested, run};

type Sent = Vec<Result<v1::ComputeReachabilityMatrixResponse, Status>>;

/// What the service with just enough sense says: each cell has the verdict after that of the one before.
pub(crate) fn parts(
    sources: Vec<String>,
    destinations: Vec<String>,
    services: Vec<v1::MatrixService>,
) -> Sent {
    let count = |ends: &[String]| u32::try_from(ends.len()).unwrap_or_default();
    let of_services = u32::try_from(services.len()).unwrap_or_default();
    let cells = count(&sources) * count(&destinations) * of_services;
    let header = Part::Header(v1::MatrixHeader {
        revision: 7,
        source_count: count(&sources),
        destination_count: count(&destinations),
        services,
    });
    let ends = |axis: v1::MatrixAxis, ends| {
        Part::Ends(v1::MatrixEnds {
            axis: axis.into(),
            first: 0,
            ends,
        })
    };
    let mut verdicts = vec![0b1110_0100; usize::try_from(cells / 4).unwrap_or_default()];
    if !cells.is_multiple_of(4) {
        verdicts.push(0b1110_0100 & ((1 << (2 * (cells % 4))) - 1));
    }
    let cells = Part::Cells(v1::MatrixCells {
        first: 0,
        count: cells,
        verdicts,
    });
    let parts = [
        header,
        ends(v1::MatrixAxis::Sources, sources),
        ends(v1::MatrixAxis::Destinations, destinations),
        cells,
    ];
    let sent = parts.map(|part| Ok(v1::ComputeReachabilityMatrixResponse { part: Some(part) }));
    sent.into()
}

#[tokio::test]
async fn a_small_matrix_is_a_table_and_the_exit_code_is_0() -> Tested {
    let fake = Fake::start().await?;
    let asked = "matrix --topology prod --from eni-1 10.0.0.1 --to vpc:vpc-1,tag:Env=prod internet --port 443 53/udp --at 7";
    let ran = run(&fake, asked).await?;
    assert_eq!(ran.code, 0, "{ran:?}");
    expect![[r#"
                  eni-1 tcp/443  eni-1 udp/53  internet tcp/443  internet udp/53
        eni-1     REACHABLE      UNREACHABLE   AMBIGUOUS         UNDETERMINED
        10.0.0.1  REACHABLE      UNREACHABLE   AMBIGUOUS         UNDETERMINED
        revision 7: 2 sources, 2 destinations, 2 services; 2 REACHABLE, 2 UNREACHABLE, 2 AMBIGUOUS, 2 UNDETERMINED
    "#]]
    .assert_eq(&ran.out);
    let state = fake.state();
    let told = state.matrices.first().ok_or("nothing was asked")?;
    let requirement = v1::consistency::Requirement::ExactRevision(7);
    let consistency = v1::Consistency {
        requirement: Some(requirement),
    };
    assert_eq!(told.consistency, Some(consistency));
    let chosen = told
        .destinations
        .first()
        .and_then(|one| one.selector.clone());
    let Some(v1::end_selector::Selector::All(filter)) = chosen else {
        return Err("no filter".into());
    };
    assert_eq!((filter.vpc_id.as_str(), filter.tags.len()), ("vpc-1", 1));
    Ok(())
}

#[tokio::test]
async fn every_cell_is_a_line_of_csv_or_of_json() -> Tested {
    let fake = Fake::start().await?;
    let asked = "matrix --topology prod --from eni-1 --to 10.0.0.1 internet --port icmp";
    let ran = run(&fake, &format!("{asked} --csv")).await?;
    expect![[r#"
        source,destination,service,verdict
        eni-1,10.0.0.1,icmp,REACHABLE
        eni-1,internet,icmp,UNREACHABLE
    "#]]
    .assert_eq(&ran.out);
    let ran = run(&fake, &format!("{asked} -o json")).await?;
    expect![[r#"
        {"from":"eni-1","to":"10.0.0.1","service":"icmp","verdict":"REACHABLE"}
        {"from":"eni-1","to":"internet","service":"icmp","verdict":"UNREACHABLE"}
    "#]]
    .assert_eq(&ran.out);
    Ok(())
}

#[tokio::test]
async fn what_is_too_large_for_a_table_is_counted() -> Tested {
    let fake = Fake::start().await?;
    let many: Vec<String> = (1..=17).map(|number| format!("10.0.0.{number}")).collect();
    let asked = format!(
        "matrix --topology prod --from eni-1 --to {} --port 443",
        many.join(" ")
    );
    let ran = run(&fake, &asked).await?;
    expect![[r#"
        revision 7: 1 sources, 17 destinations, 1 services; 5 REACHABLE, 4 UNREACHABLE, 4 AMBIGUOUS, 4 UNDETERMINED
    "#]]
    .assert_eq(&ran.out);
    assert!(ran.err.contains("--csv"), "{}", ran.err);
    Ok(())
}
