//! Silence that is meant is no issue, neither while the call runs nor in its summary.

use sidetone_wire::batch::{Event, kind};

use super::*;

/// Bob is silent from second 20 to 80; Ada hears nothing of him in that time.
fn calls(events: &[(u32, &str)]) -> Vec<Batch> {
    let bob = Call::of_seconds(120).during(20..80, |line| line.mic_level = 0.0001).batches(BOB);
    let ada = Call::of_seconds(120).during(20..80, |line| line.heard_level = 0.0).batches(ADA);
    let mut batches: Vec<Batch> = bob.into_iter().chain(ada).collect();
    batches.sort_by_key(|batch| batch.sent);
    for &(second, kind) in events {
        let time = start().plus_micros(i64::from(second) * 1_000_000);
        let is_next = |batch: &&mut Batch| batch.user_id.as_str() == "bob" && batch.sent >= time;
        let batch = batches.iter_mut().find(is_next).unwrap();
        batch.events.push(Event { time, kind: kind.into(), payload: r#"{"kind": "audio"}"#.into() });
    }
    batches
}

/// The rules that fired in the summary, and whether the live view told any.
async fn issues(events: &[(u32, &str)]) -> (Vec<String>, bool) {
    let server = TestServer::new().await;
    let mut conference = String::new();
    let mut told = false;
    for batch in calls(events) {
        server.clock.set(batch.sent.max(server.clock.now()));
        conference = server.batch(&batch).await.ok()["conference"].as_str().unwrap().to_owned();
        // On the one thread of this test the live view does all it has to do meanwhile.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let state = server.state.live.conference(server.app.key, conference.parse().unwrap());
        told |= serde_json::to_value(state).unwrap().to_string().contains("\"rule\"");
    }
    server.sweep().await;
    let detail = server.get(&format!("/v1/conferences/{conference}")).await.ok();
    assert_eq!(detail["state"], "finalised");
    let mut rules: Vec<String> =
        detail["issues"].as_array().unwrap().iter().map(|issue| issue["rule"].as_str().unwrap().to_owned()).collect();
    rules.sort();
    (rules, told)
}

#[tokio::test]
async fn a_muted_microphone_is_no_issue_at_either_end() {
    let unexplained = issues(&[]).await;
    assert_eq!(unexplained, (vec!["dead_microphone".to_owned(), "silent_inbound_audio".to_owned()], true));
    assert_eq!(issues(&[(20, kind::MUTED), (80, kind::UNMUTED)]).await, (vec![], false));
    assert_eq!(issues(&[(20, kind::HELD), (80, kind::RESUMED)]).await, (vec![], false));
}

#[tokio::test]
async fn after_the_mute_silence_counts_again() {
    let (rules, told) = issues(&[(20, kind::MUTED), (30, kind::UNMUTED)]).await;
    assert_eq!(rules, ["dead_microphone", "silent_inbound_audio"]);
    assert!(told);
}
