//! SIGKILL under load, a hundred times: what was acknowledged is there exactly once, and the store opens at once.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use sidetone_engine::units::Timestamp;
use sidetone_store::{
    Store,
    query::{ConferenceQuery, TextMatch},
};
use sidetone_store_sqlite::{Role, SqliteConfig, SqliteStore};
use sidetone_wire::{batch::MEDIA_TYPE, codec};

use crate::{
    sidetone::{Server, agent, folder_with_app, post},
    traffic::Client,
};

const LIVES: u64 = 100;
const CLIENTS: usize = 6;

/// The store opens in less than this after a kill, on any machine that tests run on.
const OPEN_MAX: Duration = Duration::from_secs(1);

/// A splitmix64 generator: the moments of death repeat.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

#[test]
fn a_hundred_kills_lose_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let mut dice = Dice(20_261_121);
    let mut clients: Vec<Client> = Vec::new();
    let (mut slowest_open, mut slowest_ready) = (Duration::ZERO, Duration::ZERO);
    let (mut acknowledged, mut retried, mut stored_unacknowledged) = (0, 0, 0);
    for life in 0..LIVES {
        // Silence ends participants after a second, so that kills also hit the finaliser and its folding.
        let server =
            Server::start_with(folder.path(), &["--set", "presence.participant_timeout=1s", "--set", "presence.sweep_interval=100ms"]);
        slowest_ready = slowest_ready.max(server.ready_after);
        // New peer connections now and then; else the last ones go on, the batch first that nobody acknowledged.
        if life % 10 == 0 {
            clients.extend((0..CLIENTS).map(|number| Client::new(&format!("crash-{}", life / 10), &format!("{life}-{number}"))));
        }
        let active = clients.len() - CLIENTS;
        let before: u32 = clients.iter().map(|client| client.acknowledged).sum();
        let dead = AtomicBool::new(false);
        let url = server.url.clone();
        std::thread::scope(|scope| {
            for client in &mut clients[active..] {
                let (url, secrets, dead) = (&url, &secrets, &dead);
                scope.spawn(move || {
                    let agent = agent();
                    while !dead.load(Ordering::Relaxed) {
                        match post(&agent, url, MEDIA_TYPE, &client.next(), &secrets.intake) {
                            Ok((200, _)) => client.acknowledge(),
                            Ok((status, body)) => panic!("refused with {status}: {body}"),
                            // The server is dead; whether this batch was stored nobody knows.
                            Err(_) => break,
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(20 + dice.below(400)));
            server.kill();
            dead.store(true, Ordering::Relaxed);
        });
        acknowledged += clients.iter().map(|client| client.acknowledged).sum::<u32>() - before;
        let began = Instant::now();
        let store = SqliteStore::open(folder.path(), SqliteConfig::new(Role::Tool, life)).unwrap();
        slowest_open = slowest_open.max(began.elapsed());
        for client in &clients[active..] {
            let stored = stored(&store, client);
            let complete = (0..client.acknowledged).collect::<Vec<_>>();
            let one_more = (0..=client.acknowledged).collect::<Vec<_>>();
            assert!(stored == complete || stored == one_more, "life {life}: {} acknowledged, stored are {stored:?}", client.acknowledged);
            retried += 1;
            stored_unacknowledged += u32::from(stored == one_more);
        }
    }
    // All of it once more at the end, as the server tells it: also what later lives, the finaliser and folding went over.
    let server = Server::start(folder.path());
    for client in &clients {
        let stored = client.stored(&server, &secrets.query);
        let open = stored.len() > client.acknowledged as usize;
        assert_eq!(stored, (0..client.acknowledged + u32::from(open)).collect::<Vec<_>>());
    }
    println!(
        "{LIVES} kills, {acknowledged} batches acknowledged, {retried} left open of which {stored_unacknowledged} were stored; \
         slowest opening {slowest_open:?}, slowest start of a server {slowest_ready:?}"
    );
    assert!(u64::from(acknowledged) > LIVES, "{acknowledged} batches are no load");
    assert!(slowest_open < OPEN_MAX, "the store took {slowest_open:?} to open");
}

/// The numbers of the stored batches of a client.
fn stored(store: &SqliteStore, client: &Client) -> Vec<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let times: Vec<Timestamp> = runtime.block_on(async {
        let app = store.apps().await.unwrap()[0].key;
        let query = ConferenceQuery { conference_id: Some(TextMatch::Exact(client.conference().to_owned())), ..ConferenceQuery::default() };
        let mut times = Vec::new();
        for conference in store.search(app, &query).await.unwrap().rows {
            let detail = store.conference(app, conference.key).await.unwrap().unwrap();
            let of_client = detail.participants.iter().filter(|held| held.participant_id.as_str() == client.participant());
            let keys: Vec<_> = of_client.map(|participant| participant.key).collect();
            for connection in detail.peer_connections.iter().filter(|connection| keys.contains(&connection.participant)) {
                for chunk in store.chunks(app, connection.key).await.unwrap().map(Result::unwrap) {
                    times.extend(
                        codec::decode(&chunk.reports.bytes).unwrap().times().iter().map(|time| time.plus_micros(chunk.reports.shift_us)),
                    );
                }
            }
        }
        times
    });
    client.numbers(times)
}
