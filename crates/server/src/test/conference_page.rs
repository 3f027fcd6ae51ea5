//! The page of one conference: complete where it is long, and a link to what it shows.

use sidetone_engine::{
    ids::{ParticipantId, PeerConnectionId, UserId},
    report::Reports,
};
use sidetone_store::local_user::Role;
use sidetone_wire::batch::Event;

use super::{live::listen, *};

/// Events of one participant alone, a second apart; the first comes `from` seconds after the beginning.
fn told(from: u32, kinds: impl Iterator<Item = &'static str>) -> Batch {
    let event = |(index, kind): (i64, &str)| {
        let time = start().plus_micros((i64::from(from) + index) * 1_000_000);
        Event { time, kind: kind.into(), payload: r#"{"rating":1,"comment":"It broke up at the end."}"#.into() }
    };
    let events: Vec<Event> = (0..).zip(kinds).map(event).collect();
    let sent = start().plus_micros(i64::from(from + 100) * 1_000_000);
    Batch { sent, peer_connection_id: PeerConnectionId::default(), batch_seq: from / 100, events, reports: Reports::default(), ..a_batch() }
}

#[tokio::test]
async fn of_a_thousand_events_none_is_missing() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let mut page = String::new();
    for hundred in 0..10 {
        let last = if hundred == 9 { "feedback" } else { "mute" };
        let batch = told(hundred * 100, std::iter::repeat_n("mute", 99).chain([last]));
        server.clock.set(batch.sent);
        let stored = server.batch(&batch).await.ok();
        page = format!("/conferences/{}", stored["conference"].as_str().unwrap());
    }
    let html = browser.page(&page).await;
    assert!(html.contains("It broke up at the end."), "what is told last is there");
    assert!(html.contains(r#"<option value="feedback""#), "and its kind can be chosen");
    let marks: Vec<f64> =
        html.split(r#"<circle class="event" cx=""#).skip(1).map(|rest| rest.split('%').next().unwrap().parse().unwrap()).collect();
    assert!(marks.iter().any(|at| *at < 2.0) && marks.iter().any(|at| *at > 98.0), "marks over the whole row: {marks:?}");
    assert!(marks.len() < 300, "marks that would cover each other are one: {}", marks.len());
    assert!(html.contains("<title>mute ×"), "and that one tells how many");
}

#[tokio::test]
async fn the_filter_and_the_next_page_keep_what_is_shown() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let connection = server.batch(&a_batch()).await.ok()["peer_connection"].as_str().unwrap().to_owned();
    let stored = server.batch(&told(100, std::iter::repeat_n("mute", 150))).await.ok();
    let page = format!("/conferences/{}", stored["conference"].as_str().unwrap());
    let html = browser.page(&format!("{page}?connection={connection}&from_ms=1000&until_ms=2000")).await;
    for (name, value) in [("connection", connection.as_str()), ("from_ms", "1000"), ("until_ms", "2000")] {
        assert!(html.contains(&format!(r#"<input type="hidden" name="{name}" value="{value}">"#)), "{name} in the form");
    }
    let (before, _) = html.split_once(r#"rel="next""#).unwrap();
    let later = before.rsplit_once("<a ").unwrap().1;
    assert!(later.contains(&format!("&amp;connection={connection}&amp;from_ms=1000&amp;until_ms=2000")), "{later}");
}

#[tokio::test]
async fn the_graph_says_whom_it_leaves_out() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let mut page = String::new();
    for number in 0..27 {
        let stay = ParticipantId::new(format!("stay-{number}")).unwrap();
        let batch = Batch { participant_id: stay, user_id: UserId::new(format!("user-{number}")).unwrap(), ..a_batch() };
        page = format!("/conferences/{}", server.batch(&batch).await.ok()["conference"].as_str().unwrap());
    }
    assert!(browser.page(&page).await.contains("and 3 more participants, with their connections"));
}

#[tokio::test]
async fn a_link_to_a_search_of_raw_reports_shows_the_members_it_names() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let stored = server.batch(&a_batch()).await.ok();
    let text = |name: &str| stored[name].as_str().unwrap().to_owned();
    let raw = browser.page(&format!("/conferences/{}/raw/{}?q=packetsReceived", text("conference"), text("peer_connection"))).await;
    assert!(raw.contains(r#"<tr data-member="packetsReceived">"#), "what was searched for");
    assert!(raw.contains(r#"<tr data-member="packetsLost" hidden>"#), "and nothing else");
}

#[tokio::test]
async fn the_parts_of_a_running_page_can_be_asked_for_again() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let stored = server.batch(&a_batch()).await.ok();
    let page = format!("/conferences/{}", stored["conference"].as_str().unwrap());
    let html = browser.page(&page).await;
    let connection = stored["peer_connection"].as_str().unwrap();
    let value = |name: &str| html.split_once(&format!(r#"{name}=""#)).map(|(_, rest)| rest.split('"').next().unwrap());
    assert_eq!(value("data-connections"), Some(connection));
    let stream = value("data-running").unwrap();
    assert!(stream.starts_with(&format!("{page}/live")), "{stream}");
    assert_eq!(html.matches(&format!(r#"data-live="{stream}""#)).count(), 2, "reasons and charts listen to the same");
    for part in ["facts", "timeline", "participants", "graph", "chooser", "streams"] {
        assert!(html.contains(&format!(r#"id="{part}" data-grows"#)), "{part}");
    }
}

#[tokio::test]
async fn the_timeline_of_a_running_call_keeps_the_issues_of_who_left() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let ada = Call::of_seconds(60).throughout(|conditions| conditions.rtt_ms = 1200.0).batches(ADA);
    let bob = Call::of_seconds(60).answering().batches(BOB);
    let first = server.batch(&bob[0]).await.ok();
    let key = first["conference"].as_str().unwrap();
    let mut listening = listen(&server, &format!("/v1/conferences/{key}/live?ticks=false")).await;
    // Ada leaves with her last, Bob stays.
    for batch in bob[1..bob.len() - 1].iter().chain(&ada) {
        server.batch(batch).await.ok();
    }
    while listening.until("participant_left").await["user_id"] != "ada" {}
    let page = browser.page(&format!("/conferences/{key}")).await;
    assert!(page.contains("This call is running") && page.contains("<title>High RTT, "), "{page}");
}

/// Who joins by a batch of their own.
fn stay(participant: &str, user: &str, name: &str) -> Batch {
    let payload = serde_json::json!({ "user_name": name }).to_string();
    let joined = Event { time: start(), kind: "joined".into(), payload };
    let participant_id = ParticipantId::new(participant).unwrap();
    Batch { participant_id, user_id: UserId::new(user).unwrap(), events: vec![joined], ..a_batch() }
}

#[tokio::test]
async fn participants_of_one_name_are_told_apart() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let mut page = String::new();
    for (participant, user, name) in [("a", "kim-1", "Kim"), ("b", "kim-2", "Kim"), ("c", "kim-2", "Kim"), ("d", "lee", "Lee")] {
        page = format!("/conferences/{}", server.batch(&stay(participant, user, name)).await.ok()["conference"].as_str().unwrap());
    }
    let html = browser.page(&page).await;
    let (_, timeline) = html.split_once(r#"id="timeline""#).unwrap();
    let names: Vec<&str> = timeline.split("<bdi>").skip(1).map(|rest| rest.split("</bdi>").next().unwrap()).take(4).collect();
    assert_eq!(names, ["Kim (kim-1)", "Kim (kim-2)", "Kim (kim-2) #2", "Lee"]);
}

#[tokio::test]
async fn who_told_no_user_id_has_no_page_to_be_led_to() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let page = format!("/conferences/{}", server.batch(&stay("a", "", "Guest")).await.ok()["conference"].as_str().unwrap());
    let html = browser.page(&page).await;
    assert!(html.contains("<bdi>Guest</bdi>") && !html.contains(r#"href="/users/"#), "{html}");
}

#[tokio::test]
async fn times_of_a_conference_over_midnight_stand_with_their_day() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let stored = server.batch(&a_batch()).await.ok();
    let page = format!("/conferences/{}", stored["conference"].as_str().unwrap());
    let html = browser.page(&page).await;
    let first = |html: &str, part: &str| {
        let (_, from) = html.split_once(&format!(r#"id="{part}""#)).unwrap();
        let (_, from) = from.split_once("<time").unwrap();
        from.split_once('>').unwrap().1.split_once('<').unwrap().0.to_owned()
    };
    for part in ["timeline", "participants", "events"] {
        assert!(!first(&html, part).contains('-'), "within a day the time says it");
    }
    let mut batch = told(100, std::iter::once("mute"));
    // The next midnight, which is less than a day away.
    let day = 86_400_000_000 - batch.events[0].time.as_micros().rem_euclid(86_400_000_000);
    (batch.sent, batch.events[0].time) = (batch.sent.plus_micros(day), batch.events[0].time.plus_micros(day));
    server.clock.set(batch.sent);
    server.batch(&batch).await.ok();
    let html = browser.page(&page).await;
    for part in ["timeline", "participants", "events"] {
        assert!(first(&html, part).starts_with("20"), "{part}: {}", first(&html, part));
    }
}
