//! Suspicions of calls that came to be, and late: what they waited for.
//!
//! Events tell when each part of a beginning was over. Some waiting harms nobody: of candidates that are gathered while the call stands already.

use super::{
    Cause, Evidence, Hop, Side, What,
    case::{Case, Suspicion},
    flow::{Beginning, Flow},
    network::{blocked, not_sent},
};
use crate::{metric::Metric, units::Timestamp};

/// Who waited for something goes on within this time, µs: an answer is sent, and ICE tries again.
const SOON_US: i64 = 3_000_000;

/// What a part of the beginning waited for.
pub(super) fn suspect(case: &Case<'_>, beginning: Beginning) -> Option<Suspicion> {
    let Flow { from, to, .. } = case.flow();
    match beginning {
        Beginning::Gathering => gathering(case, (from?, Side::Sender), to),
        Beginning::Connecting => connecting(case, from?, to),
        Beginning::FirstMedia => late_keys(case, from, to?).or_else(|| not_sent(case)).or_else(|| blocked(case)),
    }
}

/// When parts of a beginning were over, as far as events tell.
#[derive(Clone, Copy, Debug, Default)]
struct Course {
    gathering: Option<Timestamp>,
    gathered: Option<Timestamp>,
    /// The first description was there …
    negotiating: Option<Timestamp>,
    /// … both were …
    described: Option<Timestamp>,
    /// … ICE had found a way …
    path: Option<Timestamp>,
    /// … and keys were agreed upon.
    connected: Option<Timestamp>,
}

impl Course {
    fn of(case: &Case<'_>, end: usize) -> Self {
        let mut course = Self::default();
        for happening in case.begun(end) {
            let held = match &happening.what {
                What::Gathering(state) if &**state == "gathering" => &mut course.gathering,
                What::Gathering(state) if &**state == "complete" => &mut course.gathered,
                What::Signaling(state) if &**state == "stable" => &mut course.described,
                What::Signaling(_) => &mut course.negotiating,
                What::Ice(state) if matches!(&**state, "connected" | "completed") => &mut course.path,
                What::Connection(state) if &**state == "connected" => &mut course.connected,
                _ => continue,
            };
            held.get_or_insert(happening.time);
        }
        course
    }
}

fn us(from: Timestamp, until: Timestamp) -> i64 {
    until.as_micros() - from.as_micros()
}

fn took(case: &Case<'_>, end: usize, metric: Metric, us: i64) -> Evidence {
    Evidence::Series { connection: case.connections[end].key, stream: None, metric, value: us as f64 / 1000.0, before: None }
}

/// An end gathered candidates for long, and went on when it had them.
fn gathering(case: &Case<'_>, (end, side): (usize, Side), far: Option<usize>) -> Option<Suspicion> {
    let own = Course::of(case, end);
    let gathered = own.gathered.unwrap_or(case.until());
    let lasted = us(own.gathering?, gathered);
    // The far end had heard of the call before: candidates are told as they come.
    let is_known = far.and_then(|far| Course::of(case, far).negotiating.or(Course::of(case, far).described));
    let has_waited = own.connected.is_none_or(|connected| {
        let since = us(gathered, connected);
        since >= 0 && (since <= SOON_US || is_known.is_none_or(|known| known >= gathered))
    });
    let confidence = if own.connected.is_some_and(|connected| us(gathered, connected) <= SOON_US) { 0.85 } else { 0.7 };
    let evidence = vec![took(case, end, Metric::GatheringTime, lasted)];
    has_waited.then_some(Suspicion { cause: Cause::SlowGathering, side, hop: None, confidence, evidence })
}

/// Both descriptions were there, and it took long until the connection stood.
fn connecting(case: &Case<'_>, end: usize, far: Option<usize>) -> Option<Suspicion> {
    let own = Course::of(case, end);
    let stands = own.connected.unwrap_or(case.until());
    let lasted = us(own.described?, stands);
    let ends = [Some((end, Side::Sender)), far.map(|far| (far, Side::Receiver))].into_iter().flatten();
    for (whose, side) in ends {
        let course = Course::of(case, whose);
        let is_long = course.gathering.zip(course.gathered).is_some_and(|(from, until)| us(from, until) >= lasted / 2);
        let is_soon = course.gathered.is_some_and(|gathered| (0..=SOON_US).contains(&us(gathered, stands)));
        if let Some(found) = gathering(case, (whose, side), far).filter(|_| is_long && is_soon) {
            return Some(found);
        }
    }
    let found = |cause, side, hop, more: Option<Evidence>| {
        let evidence = [took(case, end, Metric::ConnectingTime, lasted)].into_iter().chain(more).collect();
        Some(Suspicion { cause, side, hop, confidence: 0.75, evidence })
    };
    // The far end had both descriptions much later: the answer was on its way.
    let described = far.and_then(|far| Course::of(case, far).described);
    if described.is_some_and(|described| us(own.described.unwrap_or(described), described) > lasted / 2) {
        return found(Cause::SlowSignalling, Side::Server, None, None);
    }
    if us(own.path?, stands) > lasted / 2 {
        return found(Cause::SlowKeys, Side::Path, None, None);
    }
    let relay = case.line(Some(end), Metric::Relayed).filter(|share| share.value >= 0.5);
    found(Cause::SlowPath, Side::Path, relay.map(|_| Hop::Relay), relay.map(|relay| case.evidence(&relay)))
}

/// Who sends had the keys much later than who listens, and could send nothing before.
fn late_keys(case: &Case<'_>, sender: Option<usize>, listener: usize) -> Option<Suspicion> {
    let since = Course::of(case, listener).connected?;
    let keys = Course::of(case, sender?).connected?;
    let lasted = us(case.onset(), case.until());
    let evidence = vec![took(case, listener, Metric::FirstMediaTime, lasted)];
    let found = Suspicion { cause: Cause::SlowKeys, side: Side::Path, hop: None, confidence: 0.75, evidence };
    (us(since, keys) > lasted / 2).then_some(found)
}
