//! Lists that come in pages.

use causeway_client::v1;

use crate::fake::{Fake, Outcome};

#[tokio::test]
async fn a_list_follows_the_page_tokens_to_the_end() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    let topologies = client.list_topologies().await?;
    let names: Vec<_> = topologies.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    Ok(())
}

#[tokio::test]
async fn pages_of_resources_repeat_the_filter_and_tell_the_revision() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    let filter = v1::ResourceFilter {
        vpc_id: "vpc-1".to_owned(),
        ..v1::ResourceFilter::default()
    };
    let list = client
        .list_resources("prod", Some(5), filter.clone())
        .await?;
    assert_eq!((list.revision, list.resources.len()), (5, 4));
    let state = fake.state();
    let tokens: Vec<_> = state.lists.iter().map(|l| l.page_token.as_str()).collect();
    assert_eq!(tokens, ["", "next"]);
    assert!(
        state
            .lists
            .iter()
            .all(|l| l.filter.as_ref() == Some(&filter) && l.revision == Some(5))
    );
    Ok(())
}

#[tokio::test]
async fn an_answer_that_lacks_its_topology_is_an_error() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    let created = client.create_topology("prod", "").await;
    let message = created.err().map(|error| error.to_string());
    assert_eq!(
        message.as_deref(),
        Some(
            "the answer to CreateTopology lacks the topology: client and service are of versions that do not fit"
        )
    );
    Ok(())
}
