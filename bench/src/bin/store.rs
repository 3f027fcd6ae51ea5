//! The embedded store: what a batch costs, opening an hour of four people, searching among many conferences.
//!
//! `cargo run --release --manifest-path bench/Cargo.toml --bin store -- [CONFERENCES]` (1 000 000 unless told; takes minutes). Every figure is of this run.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use sidetone_bench::hour;
use sidetone_engine::{
    ids::{AppKey, ConferenceId, ParticipantId, PeerConnectionId, UserId},
    issue::Severity,
    score::life::Scores,
    units::Timestamp,
};
use sidetone_server::{
    finalise::finalise,
    intake::{
        kept::KeptBatch,
        prepare::{TimePolicy, prepare},
    },
};
use sidetone_store::{
    Store,
    query::{ConferenceQuery, TextMatch},
    record::{App, AppSettings, Append, Appended, ConferenceKind, ConferenceState, Ended, ParticipantFacts, Place},
    summary::{ConferenceScore, ConferenceSummary, IssueCount},
};
use sidetone_store_sqlite::{Role, SqliteConfig, SqliteStore};

/// 2026-01-01T00:00:00Z
const START_US: i64 = 1_767_225_600_000_000;
const SECOND_US: i64 = 1_000_000;
/// From one conference's start to the next one's.
const APART_US: i64 = 15 * SECOND_US;
/// Conferences at once, as many clients would make them.
const AT_ONCE: usize = 500;

type Error = Box<dyn std::error::Error>;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let conferences: u32 = std::env::args().nth(1).map_or(Ok(1_000_000), |count| count.parse())?;
    let folder = tempfile::tempdir()?;
    let store = Arc::new(SqliteStore::open(folder.path(), SqliteConfig::new(Role::Server, 1))?);
    let app = AppKey::mint(Timestamp::from_micros(START_US), 1);

    let hour = an_hour_of_four(&store, app).await?;
    let peer_connection = hour.peer_connection.ok_or("no peer connection")?;
    fill(&store, app, conferences).await?;
    println!("data folder: {:.2} GB", size(folder.path())? as f64 / 1e9);

    println!("\nopen a 1-hour conference of 4 (12 peer connections, 24 streams each way), {conferences} others beside it");
    time("the conference with everything but events and reports", || async {
        store.conference(app, hour.conference).await.map(|detail| detail.map_or(0, |detail| detail.peer_connections.len()))
    })
    .await?;
    time("the reports of one of its peer connections, encoded", || async {
        store.chunks(app, peer_connection).await?.try_fold(0, |count, chunk| chunk.map(|_| count + 1))
    })
    .await?;

    println!("\nsearch among {conferences} conferences, newest 50");
    let day = |day: i64| Timestamp::from_micros(START_US + day * 86_400 * SECOND_US);
    let any = ConferenceQuery::default;
    let queries = [
        ("no condition", any()),
        ("conference id", ConferenceQuery { conference_id: Some(TextMatch::Exact("room 4711".into())), ..any() }),
        ("conference id, prefix", ConferenceQuery { conference_id: Some(TextMatch::Prefix("ROOM 47".into())), ..any() }),
        ("user", ConferenceQuery { user_id: Some(TextMatch::Exact("user 1234".into())), ..any() }),
        ("user, prefix", ConferenceQuery { user_id: Some(TextMatch::Prefix("user 12".into())), ..any() }),
        ("browser", ConferenceQuery { browser: Some("Firefox".into()), ..any() }),
        ("rare browser", ConferenceQuery { browser: Some("Rare".into()), ..any() }),
        (
            "site, 7 days, mos below 3",
            ConferenceQuery { site: Some("site 3".into()), from: Some(day(3)), until: Some(day(10)), mos_max: Some(3.0), ..any() },
        ),
        ("mos below 2", ConferenceQuery { mos_max: Some(2.0), ..any() }),
        ("issue, critical", ConferenceQuery { issue: Some("high_rtt".into()), severity: Some(Severity::Critical), ..any() }),
        ("additional id", ConferenceQuery { additional_id: Some((None, "ticket 777".into())), ..any() }),
        ("a day", ConferenceQuery { from: Some(day(3)), until: Some(day(4)), ..any() }),
        ("severity, whatever the rule", ConferenceQuery { severity: Some(Severity::Critical), ..any() }),
        (
            "two severities and a user",
            ConferenceQuery { severity: Some(Severity::Major), user_id: Some(TextMatch::Exact("user 1234".into())), ..any() },
        ),
        ("site that is common but old", ConferenceQuery { site: Some("closed site".into()), ..any() }),
        ("site that is common but old, mos below 2", ConferenceQuery { site: Some("closed site".into()), mos_max: Some(2.0), ..any() }),
        ("browser and site, both common", ConferenceQuery { browser: Some("Safari".into()), site: Some("site 5".into()), ..any() }),
        ("running", ConferenceQuery { state: Some(ConferenceState::Running), ..any() }),
        ("mos within a tenth", ConferenceQuery { mos_min: Some(2.0), mos_max: Some(2.1), ..any() }),
        ("nothing found", ConferenceQuery { user_id: Some(TextMatch::Exact("nobody".into())), ..any() }),
    ];
    for (name, query) in &queries {
        time(name, || async { store.search(app, query).await.map(|page| page.rows.len()) }).await?;
    }
    Ok(())
}

/// Times a question 20 times after a first one, which finds the disk cold.
async fn time<F: Future<Output = Result<usize, sidetone_store::error::StoreError>>>(name: &str, ask: impl Fn() -> F) -> Result<(), Error> {
    let began = Instant::now();
    let rows = ask().await?;
    let first = began.elapsed();
    let mut times = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        ask().await?;
        times.push(began.elapsed());
    }
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!("  {name:<55} {rows:>4} rows   first {:>8.2} ms   p50 {:>8.2} ms   max {:>8.2} ms", ms(first), ms(times[10]), ms(times[19]));
    Ok(())
}

/// [An hour of four](hour), really encoded, finalised and folded.
async fn an_hour_of_four(store: &Arc<SqliteStore>, app: AppKey) -> Result<Place, Error> {
    let began = Instant::now();
    let mut place = None;
    let start = Timestamp::from_micros(START_US);
    let settings = AppSettings { keep_addresses: true, ..AppSettings::default() };
    let keeping = App { key: app, name: "bench".into(), created: start, settings };
    let (mut batches, mut bytes) = (0_u32, 0);
    for batch in hour::batches(start).flatten() {
        let append = prepare(&mut KeptBatch::new(&keeping, batch, None), start, TimePolicy::Recorded)?;
        (batches, bytes) = (batches + 1, bytes + append.reports.as_ref().map_or(0, |reports| reports.bytes.len()));
        match store.append(append).await? {
            Appended::Stored(stored) => place = Some(stored),
            Appended::Duplicate(_) => return Err("a batch was there already".into()),
        }
    }
    let place = place.ok_or("no batch")?;
    println!(
        "an hour of four: {batches} batches one after another, {bytes} bytes encoded, made and kept in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    let (began, cpu_before) = (Instant::now(), cpu()?);
    if !finalise(&**store, Ended { app, conference: place.conference }).await? {
        return Err("the conference has not ended".into());
    }
    let detail = store.conference(app, place.conference).await?.ok_or("the conference is gone")?;
    let (reports, folded) = detail.peer_connections.iter().fold((0, 0), |(r, b), pc| (r + pc.report_count, b + pc.report_bytes));
    println!(
        "  finalised and folded in {:.2} s, {:.2} s of CPU: {reports} reports, {folded} bytes",
        began.elapsed().as_secs_f64(),
        (cpu()? - cpu_before).as_secs_f64()
    );
    Ok(place)
}

/// Makes conferences of two, [`APART_US`] apart, each with its summary.
async fn fill(store: &Arc<SqliteStore>, app: AppKey, conferences: u32) -> Result<(), Error> {
    let (began, cpu_before) = (Instant::now(), cpu()?);
    let mut number = 0;
    while number < conferences {
        let until = conferences.min(number + AT_ONCE as u32);
        let tasks: Vec<_> = (number..until)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { conference(&store, app, number).await.map_err(|error| error.to_string()) })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        number = until;
    }
    let seconds = began.elapsed().as_secs_f64();
    let batches = f64::from(conferences) * 2.0;
    println!(
        "{conferences} conferences of 2 made and finalised in {seconds:.0} s: {:.0} batches/s, {:.1} us of CPU per batch (its half of the summary included)",
        batches / seconds,
        (cpu()? - cpu_before).as_secs_f64() * 1e6 / batches
    );
    Ok(())
}

async fn conference(store: &SqliteStore, app: AppKey, number: u32) -> Result<(), Error> {
    stay(store, app, number, 0).await?;
    let conference = stay(store, app, number, 1).await?.conference;
    let mos = 1.5 + f64::from(number.wrapping_mul(2_654_435_761) >> 16) / 65_536.0 * 3.0;
    let severity = [Severity::Minor, Severity::Major, Severity::Critical][(number % 3) as usize];
    let issues = if number.is_multiple_of(10) { vec![IssueCount { rule: "high_rtt".into(), severity, count: 1 }] } else { Vec::new() };
    let score = ConferenceScore { scores: Scores { mos_lq: Some(mos), mos_cq: Some(mos), mos_v: None }, issues };
    match store.finalise(app, conference, ConferenceSummary { revision: 2, score, ..ConferenceSummary::default() }).await? {
        true => Ok(()),
        false => Err(format!("conference {number} is not as it was made").into()),
    }
}

/// Makes one stay, of a single batch.
async fn stay(store: &SqliteStore, app: AppKey, number: u32, party: u32) -> Result<Place, Error> {
    let start = Timestamp::from_micros(START_US + i64::from(number) * APART_US);
    let end = start.plus_micros(50 * SECOND_US);
    let facts = ParticipantFacts {
        browser: if number % 50_000 == 1 { "Rare" } else { ["Chrome", "Firefox", "Safari"][(number % 3) as usize] }.into(),
        site: if number < 100_000 && number.is_multiple_of(5) { "closed site".into() } else { format!("site {}", number % 200) },
        additional_ids: [("ticket".to_owned(), format!("ticket {number}"))].into(),
        ..ParticipantFacts::default()
    };
    let append = Append {
        app,
        conference_id: ConferenceId::new(format!("room {}", number % 100_000))?,
        user_id: UserId::new(format!("user {}", (number * 7 + party * 13) % 2000))?,
        participant_id: ParticipantId::new(format!("stay {number} {party}"))?,
        peer_connection_id: PeerConnectionId::new("pc")?,
        batch_seq: 0,
        received: end,
        span: (start, end),
        events: Vec::new(),
        conference_kind: ConferenceKind::Call,
        facts,
        is_hearsay: false,
        left: Some(end),
        closed: Some(end),
        reports: None,
        delivery: None,
    };
    let (Appended::Stored(place) | Appended::Duplicate(place)) = store.append(append).await?;
    Ok(place)
}

/// CPU time of this process so far, user and system.
fn cpu() -> Result<Duration, Error> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit_once(')').ok_or("no stat")?.1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    // Linux counts in hundredths of a second wherever Rust runs.
    Ok(Duration::from_millis(ticks * 10))
}

fn size(folder: &Path) -> Result<u64, Error> {
    fs::read_dir(folder)?.map(|file| Ok(file?.metadata()?.len())).sum()
}
