//! What every backend must do, as one suite that each of them runs.
//!
//! A backend's test calls [`conformance_tests!`](crate::conformance_tests) with a function that makes an empty store; every case becomes
//! a test of its own. Cases panic, as tests do, with what was expected.

mod batches;
mod deliveries;
mod local_users;
mod name_views;
mod phone_users;
mod presence;
mod queries;
mod removal;
mod summaries;

pub use batches::*;
pub use deliveries::*;
pub use local_users::*;
pub use name_views::*;
pub use phone_users::*;
pub use presence::*;
pub use queries::*;
pub use removal::*;
pub use summaries::*;

use sidetone_engine::{
    ids::{AppKey, ConferenceId, ParticipantId, PeerConnectionId, UserId},
    units::Timestamp,
};
use sidetone_wire::batch::Event;

use crate::{
    Store,
    query::ConferenceQuery,
    record::{Append, Appended, Conference, ConferenceKind, EncodedReports, ParticipantFacts, Place},
};

/// Makes each case a test of the calling crate. `$make` is an async function without arguments that gives an empty store, and whatever must
/// live as long as it (a temporary folder).
#[macro_export]
macro_rules! conformance_tests {
    ($make:expr) => {
        $crate::conformance_tests! { $make;
            a_batch_is_stored_once, batches_of_both_orders_end_up_the_same, a_participant_is_of_one_user,
            ids_are_exact_and_found_again, chunks_come_back_as_given, events_come_back_in_order, hearsay_stands_where_nothing_else_was_said,
            a_leave_ends_the_conference, silence_ends_the_conference, a_late_batch_reopens_its_conference,
            an_id_used_again_is_another_conference, a_user_may_be_there_twice, who_returns_after_silence_is_there_again,
            an_afterthought_does_not_go_on_with_the_call,
            apps_do_not_see_each_other, pages_hold_every_row_once, every_condition_selects, summaries_are_written_once_true, what_another_judged_is_named,
            folding_keeps_every_report, folding_nothing_is_no_failure, a_user_is_erased, conferences_expire_by_age,
            an_app_goes_with_all_it_has, apps_are_kept, health_tells_what_was_done,
            a_delivery_waits_until_it_is_done, a_delivery_goes_with_its_participant,
            local_users_are_kept, only_one_can_be_the_first, a_session_lasts_until_it_ends, a_session_ends_with_what_it_stands_on,
            name_views_are_kept, phone_users_are_kept, a_phone_user_goes_with_its_app
        }
    };
    ($make:expr; $($case:ident),+) => {$(
        #[tokio::test]
        async fn $case() {
            let (store, _keep) = $make().await;
            $crate::conformance::$case(&store).await;
        }
    )+};
}

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

/// When the suite's calls begin.
const START: i64 = 1_795_228_558 * SECOND;

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(START + second * SECOND)
}

fn app(number: u128) -> AppKey {
    AppKey::mint(at(-1000), number)
}

/// A batch of `user` from second `from` to second `until`.
#[expect(clippy::expect_used, reason = "a test")]
fn batch(conference: &str, user: &str, seq: u32, from: i64, until: i64) -> Append {
    Append {
        app: app(1),
        conference_id: ConferenceId::new(conference).expect("short"),
        user_id: UserId::new(user).expect("short"),
        participant_id: ParticipantId::new(format!("stay of {user}")).expect("short"),
        peer_connection_id: PeerConnectionId::new("pc").expect("short"),
        batch_seq: seq,
        received: at(until),
        span: (at(from), at(until)),
        events: Vec::new(),
        conference_kind: ConferenceKind::Call,
        facts: ParticipantFacts::default(),
        is_hearsay: false,
        left: None,
        closed: None,
        reports: None,
        delivery: None,
    }
}

fn leaving(mut batch: Append) -> Append {
    batch.left = Some(batch.span.1);
    batch
}

fn event(second: i64, kind: &str, payload: &str) -> Event {
    Event { time: at(second), kind: kind.into(), payload: payload.into() }
}

/// Reports of some seconds, really encoded.
fn reports(from: i64, until: i64) -> EncodedReports {
    use sidetone_engine::report::{MemberName, Report, Reports, Stats, Value};
    let report = |second: i64| {
        let mut stats = Stats { stats_type: "inbound-rtp".into(), ..Stats::default() };
        stats.members.insert(MemberName::plain("packetsReceived"), Value::Number((second * 50) as f64));
        Report { time: at(second), stats: [("IT01A".into(), stats)].into() }
    };
    let run: Reports = (from..=until).map(report).collect();
    let bytes = sidetone_wire::codec::encode(&run);
    EncodedReports { bytes, count: u32::try_from(run.len()).unwrap_or(0), span: (at(from), at(until)), shift_us: 0 }
}

#[expect(clippy::expect_used, reason = "a test")]
async fn stored(store: &dyn Store, batch: Append) -> Place {
    match store.append(batch).await.expect("a good batch is kept") {
        Appended::Stored(place) => place,
        Appended::Duplicate(place) => panic!("{place:?} is no duplicate"),
    }
}

#[expect(clippy::expect_used, reason = "a test")]
async fn found(store: &dyn Store, query: ConferenceQuery) -> Vec<Conference> {
    store.search(app(1), &query).await.expect("a query is answered").rows
}
