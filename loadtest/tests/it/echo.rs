//! The echo: gives what it was given, to calls by their number, and ends with whoever started it.

use std::process::Stdio;

use causeway_proto::v1;
use causeway_proto::v1::path_service_client::PathServiceClient;
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::served::loadtest;

/// An answer with as many items as its revision says.
fn answer(revision: u8) -> v1::BatchResolvePathsResponse {
    let item = v1::BatchItem {
        verdict: v1::Verdict::Reachable.into(),
        ..v1::BatchItem::default()
    };
    v1::BatchResolvePathsResponse {
        revision: revision.into(),
        items: vec![item; revision.into()],
        traces: None,
    }
}

/// An echo of the answers, its standard input, and what it printed first.
async fn echo(answers: &[v1::BatchResolvePathsResponse]) -> (Child, ChildStdin, String) {
    let mut command = loadtest();
    let command = command.args(["echo", "--mode", "batch", "--calls"]);
    let command = command.arg(answers.len().to_string());
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for answer in answers {
        let bytes = answer.encode_to_vec();
        let length = u32::try_from(bytes.len()).unwrap();
        input.write_all(&length.to_be_bytes()).await.unwrap();
        input.write_all(&bytes).await.unwrap();
    }
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = output.next_line().await.unwrap().unwrap();
    (child, input, address)
}

async fn ask(
    client: &mut PathServiceClient<Channel>,
    call: &str,
) -> Result<v1::BatchResolvePathsResponse, Status> {
    let mut request = Request::new(v1::BatchResolvePathsRequest::default());
    let header = "causeway-loadtest-call";
    request.metadata_mut().insert(header, call.parse().unwrap());
    let answer = client.batch_resolve_paths(request).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn a_call_gets_the_answer_of_its_number_and_of_no_other() {
    let (_child, _input, address) = echo(&[answer(3), answer(0), answer(20)]).await;
    let client = PathServiceClient::connect(format!("http://{address}"));
    let mut client = client.await.unwrap();
    for (call, revision) in [("2", 20), ("0", 3), ("1", 0), ("0", 3)] {
        let found = ask(&mut client, call).await.unwrap();
        assert_eq!(found, answer(revision));
    }
    for call in ["3", "-1", "one"] {
        let refused = ask(&mut client, call).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    let request = v1::ResolvePathRequest::default();
    let refused = client.resolve_path(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
}

/// The system closes the pipe when a process ends, however it ends.
#[tokio::test]
async fn it_ends_when_its_standard_input_does() {
    let (mut child, input, _address) = echo(&[answer(1)]).await;
    assert!(child.try_wait().unwrap().is_none());
    drop(input);
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test]
async fn answers_that_end_too_early_or_are_none_are_an_error() {
    for bytes in [&[0, 0][..], &[0, 0, 0, 2, 8], &[255; 8], &[0, 0, 0, 1, 7]] {
        let mut command = loadtest();
        let command = command.args(["echo", "--mode", "batch", "--calls", "1"]);
        let command = command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(bytes).await.unwrap();
        drop(input);
        let output = child.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(1), "{bytes:?}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(
            complaint.starts_with("error: the echo failed: "),
            "{complaint}"
        );
    }
}
