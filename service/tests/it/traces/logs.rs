//! The log on stderr: lines that tell the call that they belong to.

use causeway_proto::v1::topology_service_client::TopologyServiceClient;
use tokio::task::spawn_blocking;
use tonic::transport::Channel;

use super::{SPAN_ID, TRACE_ID, get, within};
use crate::harness::Process;

/// Each line of a call has its ids, in both forms; what belongs to no call has none.
#[tokio::test(flavor = "multi_thread")]
async fn lines_of_the_log_tell_the_call_that_they_belong_to() {
    for format in ["text", "json"] {
        let arguments = [
            "--log-format",
            format,
            "--log-filter",
            "info,causeway_grpc=debug",
        ];
        let directory = tempfile::tempdir().unwrap();
        let process = Process::serve(directory.path(), &arguments);
        let channel = Channel::from_shared(process.endpoint.clone()).unwrap();
        let mut topologies = TopologyServiceClient::new(channel.connect().await.unwrap());
        topologies
            .get_topology(within(get(), "01"))
            .await
            .unwrap_err();
        topologies.get_topology(get()).await.unwrap_err();
        let (_, log) = spawn_blocking(|| process.terminate()).await.unwrap();
        let lines: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("GetTopology"))
            .collect();
        let [known, new] = lines.as_slice() else {
            panic!("{log}")
        };
        let ids = match format {
            "text" => format!("trace_id={TRACE_ID} span_id={SPAN_ID}"),
            _ => format!(r#""trace_id":"{TRACE_ID}","span_id":"{SPAN_ID}""#),
        };
        assert!(known.contains(&ids), "{known}");
        assert!(new.contains("trace_id") && !new.contains(TRACE_ID), "{new}");
        assert!(!log.contains("ERROR"), "{log}");
        let other = log.lines().find(|line| line.contains("stopped")).unwrap();
        assert!(!other.contains("trace_id"), "{other}");
        if format == "json" {
            let line: serde_json::Value = serde_json::from_str(known).unwrap();
            assert_eq!(line["trace_id"], TRACE_ID);
            assert_eq!(line["fields"]["status"], "NOT_FOUND");
        }
    }
}
