//! Clients that send numbered batches of a real call, and what the server holds of them.

use sidetone_engine::{
    ids::{ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::{Report, Reports},
    units::Timestamp,
};
use sidetone_store::clock::{Clock, SystemClock};
use sidetone_testkit::traces;
use sidetone_wire::batch::{self, Batch};

use crate::sidetone::{Server, folder_with_app, run_ok};

/// Reports in a batch.
pub(crate) const REPORTS: usize = 4;

/// One peer connection of a real audio and video call. Report `i` of batch `b` is taken `b * REPORTS + i` ms after the start, so that its
/// time tells which batch it came with.
pub(crate) struct Client {
    conference: String,
    participant: String,
    start: Timestamp,
    /// The reports of a batch, as if it were the first.
    runs: Vec<Reports>,
    /// Number of batches that were acknowledged: those below this one.
    pub(crate) acknowledged: u32,
}

impl Client {
    pub(crate) fn new(conference: &str, participant: &str) -> Self {
        // A whole millisecond, so that times are exact in JSON.
        let start = Timestamp::from_micros(SystemClock.now().as_millis() * 1000);
        let reports: Vec<_> = traces::load("lite/av-pc0").reports.iter().skip(10).take(5 * REPORTS).collect();
        let at = |(index, mut report): (usize, Report)| {
            report.time = start.plus_micros(i64::try_from(index).unwrap() * 1000);
            report
        };
        let runs = reports.chunks(REPORTS).map(|run| run.iter().cloned().enumerate().map(at).collect()).collect();
        Self { conference: conference.to_owned(), participant: participant.to_owned(), start, runs, acknowledged: 0 }
    }

    /// The batch that is to be sent next: the same one until it is acknowledged.
    pub(crate) fn next(&self) -> Vec<u8> {
        let mut reports = self.runs[self.acknowledged as usize % self.runs.len()].clone();
        reports.shift(i64::from(self.acknowledged) * i64::try_from(REPORTS).unwrap() * 1000);
        batch::encode(&Batch {
            conference_id: ConferenceId::new(self.conference.as_str()).unwrap(),
            user_id: UserId::new(self.participant.as_str()).unwrap(),
            participant_id: ParticipantId::new(self.participant.as_str()).unwrap(),
            peer_connection_id: PeerConnectionId::new("pc").unwrap(),
            batch_seq: self.acknowledged,
            sent: SystemClock.now(),
            events: Vec::new(),
            reports,
        })
    }

    pub(crate) fn conference(&self) -> &str {
        &self.conference
    }

    pub(crate) fn participant(&self) -> &str {
        &self.participant
    }

    pub(crate) fn acknowledge(&mut self) {
        self.acknowledged += 1;
    }

    /// The numbers of the batches that are stored, in order; a batch that is stored twice is there twice. Half a batch is a failure.
    pub(crate) fn numbers(&self, mut times: Vec<Timestamp>) -> Vec<u32> {
        times.sort_unstable();
        let micros = |time: &Timestamp| time.as_micros() - self.start.as_micros();
        let index = |time: &Timestamp| usize::try_from(micros(time) / 1000).expect("after the start");
        let mut numbers = Vec::new();
        for within in 0..REPORTS {
            let of: Vec<u32> = times
                .iter()
                .map(index)
                .filter(|index| index % REPORTS == within)
                .map(|index| u32::try_from(index / REPORTS).unwrap())
                .collect();
            if within == 0 {
                numbers = of;
            } else {
                assert_eq!(of, numbers, "a batch is stored in part");
            }
        }
        numbers
    }

    /// As the query API of a server tells it.
    pub(crate) fn stored(&self, server: &Server, secret: &str) -> Vec<u32> {
        let (_, found) = server.get(&format!("/v1/conferences?conference_id={}", self.conference), secret);
        let mut times = Vec::new();
        for conference in found["conferences"].as_array().unwrap() {
            let (_, detail) = server.get(&format!("/v1/conferences/{}", conference["key"].as_str().unwrap()), secret);
            let mine = |held: &&serde_json::Value| held["participant_id"] == self.participant.as_str();
            let keys: Vec<_> = detail["participants"].as_array().unwrap().iter().filter(mine).map(|held| &held["key"]).collect();
            for connection in detail["peer_connections"].as_array().unwrap().iter().filter(|held| keys.contains(&&held["participant"])) {
                let mut path = format!("/v1/peer-connections/{}/reports?limit=500", connection["key"].as_str().unwrap());
                loop {
                    let (status, page) = server.get(&path, secret);
                    assert_eq!(status, 200, "{page}");
                    let time = |report: &serde_json::Value| Timestamp::from_millis_f64(report["time_ms"].as_f64().unwrap()).unwrap();
                    times.extend(page["reports"].as_array().unwrap().iter().map(time));
                    let Some(next) = page["next"].as_str() else { break };
                    path = format!("{}&after={next}", path.split("&after=").next().unwrap());
                }
            }
        }
        self.numbers(times)
    }
}

#[test]
fn load_is_sent_measured_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let server = Server::start(folder.path());
    let arguments = [
        "load",
        "--server",
        &server.url,
        "--token",
        &secrets.intake,
        "--clients",
        "4",
        "--interval",
        "100ms",
        "--duration",
        "2s",
        "--json",
    ];
    let told: serde_json::Value = serde_json::from_str(&run_ok(&arguments)).unwrap();
    let batches = told["batch_count"].as_u64().unwrap();
    // 4 clients, 20 intervals each.
    assert!((8..=84).contains(&batches), "{told}");
    assert!(told["latency_ms"]["p99"].as_f64().unwrap() > 0.0 && told["duration_ms"].as_f64().unwrap() < 10_000.0, "{told}");
    let (_, page) = server.get("/v1/conferences?limit=500", &secrets.query);
    let mut reports = 0;
    for conference in page["conferences"].as_array().unwrap() {
        let (_, detail) = server.get(&format!("/v1/conferences/{}", conference["key"].as_str().unwrap()), &secrets.query);
        reports += detail["peer_connections"].as_array().unwrap().iter().map(|held| held["report_count"].as_u64().unwrap()).sum::<u64>();
    }
    assert_eq!(Some(reports), told["report_count"].as_u64());
    let wrong = crate::sidetone::run(&[
        "load",
        "--server",
        &server.url,
        "--token",
        "sti_wrong",
        "--clients",
        "1",
        "--interval",
        "100ms",
        "--duration",
        "300ms",
    ]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("status 401"), "{}", crate::sidetone::stderr(&wrong));
    assert!(crate::sidetone::run_failing(&["load", "--server", "http://192.0.2.1", "--token", "x"]).contains("--allow-remote"));
}
