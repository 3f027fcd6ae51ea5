//! What goes wrong on real machines: each gets a clear error, and nothing that was acknowledged is lost.
#![expect(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "tests")]

use std::{fs, path::Path};

use sidetone_engine::{
    ids::{AppKey, ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::{MemberName, Report, Reports, Stats, Value},
    units::Timestamp,
};
use sidetone_store::{
    Store,
    error::StoreError,
    query::ConferenceQuery,
    record::{Append, Appended, EncodedReports, ParticipantFacts, Place},
};
use sidetone_store_sqlite::{FILE_NAME, Role, SqliteConfig, SqliteStore, back_up, version};
use sidetone_wire::{batch::Event, codec};
use tempfile::TempDir;

const START: i64 = 1_795_228_558_000_000;

fn app() -> AppKey {
    AppKey::mint(Timestamp::from_micros(START), 7)
}

fn open(folder: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(folder, SqliteConfig::new(Role::Server, 1))
}

fn batch(seq: u32, user: &str, payload_bytes: usize) -> Append {
    let time = Timestamp::from_micros(START + i64::from(seq) * 1_000_000);
    let mut stats = Stats { stats_type: "codec".into(), ..Stats::default() };
    stats.members.insert(MemberName::plain("seq"), Value::Number(f64::from(seq)));
    let run: Reports = [Report { time, stats: [("A".into(), stats)].into() }].into_iter().collect();
    Append {
        app: app(),
        conference_id: ConferenceId::new("c").unwrap(),
        user_id: UserId::new(user).unwrap(),
        participant_id: ParticipantId::new(format!("stay of {user}")).unwrap(),
        peer_connection_id: PeerConnectionId::new("pc").unwrap(),
        batch_seq: seq,
        received: time,
        span: (time, time),
        events: vec![Event { time, kind: "log".into(), payload: format!("{user}{}", "x".repeat(payload_bytes)) }],
        conference_kind: Default::default(),
        facts: ParticipantFacts::default(),
        is_hearsay: false,
        left: None,
        closed: None,
        reports: Some(EncodedReports { bytes: codec::encode(&run), count: 1, span: (time, time), shift_us: 0 }),
        delivery: None,
    }
}

async fn stored(store: &SqliteStore, seq: u32) -> Place {
    match store.append(batch(seq, "u", 0)).await.unwrap() {
        Appended::Stored(place) => place,
        Appended::Duplicate(_) => panic!("batch {seq} was there already"),
    }
}

/// The numbers of the batches that the store has, by their reports.
async fn numbers(store: &SqliteStore) -> Vec<u32> {
    let page = store.search(app(), &ConferenceQuery::default()).await.unwrap();
    let mut numbers = Vec::new();
    for row in page.rows {
        for peer_connection in store.conference(app(), row.key).await.unwrap().unwrap().peer_connections {
            for chunk in store.chunks(app(), peer_connection.key).await.unwrap().map(Result::unwrap) {
                let run = codec::decode(&chunk.reports.bytes).unwrap();
                numbers.extend(run.objects()[0].columns[0].number(0).map(|number| number as u32));
            }
        }
    }
    numbers
}

#[tokio::test]
async fn a_full_disk_refuses_new_batches_and_keeps_the_old_ones() {
    let folder = TempDir::new().unwrap();
    let config = SqliteConfig { pages_max: Some(120), ..SqliteConfig::new(Role::Server, 1) };
    let store = SqliteStore::open(folder.path(), config).unwrap();
    let mut kept = Vec::new();
    let error = loop {
        let seq = kept.len() as u32;
        assert!(seq < 500, "the disk never became full");
        match store.append(batch(seq, "u", 8000)).await {
            Ok(_) => kept.push(seq),
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, StoreError::Unwritable(reason) if reason.contains("disk is full")), "{error}");
    assert!(kept.len() > 3);
    assert_eq!(numbers(&store).await, kept, "still readable while it is full");
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(numbers(&store).await, kept);
    stored(&store, kept.len() as u32).await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [file.as_path(), Path::new("/proc/sidetone-data")] {
        let error = open(place).unwrap_err();
        assert!(matches!(error, StoreError::Unwritable(_)));
        assert!(error.to_string().contains(&place.display().to_string()), "{error}");
    }
}

/// Who may do what with a file, besides its owner.
fn others(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o077
}

#[tokio::test]
async fn what_is_kept_is_for_this_user_alone() {
    let folder = TempDir::new().unwrap();
    let (data, shared) = (folder.path().join("made/data"), folder.path().join("shared"));
    let store = open(&data).unwrap();
    stored(&store, 0).await;
    fs::create_dir(&shared).unwrap();
    store.backup(&shared).await.unwrap();
    let log = data.join(format!("{FILE_NAME}-wal"));
    for path in [&data, &data.join(FILE_NAME), &log, &shared.join(FILE_NAME)] {
        assert_eq!(others(path), 0, "{}", path.display());
    }
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_left_alone() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()).unwrap());
    let newer = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    newer.pragma_update(None, "user_version", version() + 1).unwrap();
    drop(newer);
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found, known } if found == version() + 1 && known == version()));
    assert!(error.to_string().contains("run the newer version"), "{error}");
}

#[tokio::test]
async fn one_server_a_folder_and_tools_beside_it() {
    let folder = TempDir::new().unwrap();
    let server = open(folder.path()).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("in use by another server"), "{error}");
    let tool = SqliteStore::open(folder.path(), SqliteConfig::new(Role::Tool, 2)).unwrap();
    stored(&server, 0).await;
    stored(&tool, 1).await;
    stored(&server, 2).await;
    assert_eq!(numbers(&tool).await, [0, 1, 2]);
    drop(server);
    open(folder.path()).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_damage_is_found() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(FILE_NAME), "this is no database, it is a letter to somebody".repeat(99)).unwrap();
    assert!(open(folder.path()).unwrap_err().to_string().contains("not a database"));

    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    let place = stored(&store, 0).await;
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    let damaged = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    damaged.execute("UPDATE chunks SET bytes = substr(bytes, 2)", []).unwrap();
    let findings = store.check().await.unwrap();
    assert!(findings.len() == 1 && findings[0].starts_with("chunk 1 of peer connection 1: "), "{findings:?}");
    // Folding leaves what it cannot read.
    store.fold(app(), place.peer_connection.unwrap()).await.unwrap();
    assert_eq!(store.chunks(app(), place.peer_connection.unwrap()).await.unwrap().count(), 1);
}

#[tokio::test]
async fn a_full_queue_says_so_and_loses_nothing_that_it_took() {
    let folder = TempDir::new().unwrap();
    let config = SqliteConfig { queue_max: 3, ..SqliteConfig::new(Role::Server, 1) };
    let store = std::sync::Arc::new(SqliteStore::open(folder.path(), config).unwrap());
    let tasks: Vec<_> = (0..200)
        .map(|seq| {
            let store = store.clone();
            tokio::spawn(async move { (seq, store.append(batch(seq, "u", 0)).await) })
        })
        .collect();
    let (mut kept, mut busy) = (Vec::new(), 0);
    for task in tasks {
        match task.await.unwrap() {
            (seq, Ok(_)) => kept.push(seq),
            (_, Err(StoreError::Busy(_))) => busy += 1,
            (_, Err(error)) => panic!("{error}"),
        }
    }
    assert!(busy > 0 && !kept.is_empty());
    kept.sort_unstable();
    assert_eq!(numbers(&store).await, kept);
}

#[tokio::test]
async fn too_many_waiting_bytes_are_refused() {
    let folder = TempDir::new().unwrap();
    let config = SqliteConfig { queue_bytes_max: 10_000, ..SqliteConfig::new(Role::Server, 1) };
    let store = SqliteStore::open(folder.path(), config).unwrap();
    assert!(matches!(store.append(batch(0, "u", 20_000)).await, Err(StoreError::Busy(_))));
    stored(&store, 1).await;
}

#[tokio::test]
async fn erased_bytes_are_in_no_file() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    for seq in 0..50 {
        store.append(batch(seq, "Wolfeschlegelsteinhausen", 3000)).await.unwrap();
    }
    store.append(batch(0, "somebody else", 10)).await.unwrap();
    let holds = |needle: &str| {
        fs::read_dir(folder.path()).unwrap().any(|file| {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            bytes.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
        })
    };
    assert!(holds("Wolfeschlegelsteinhausen"));
    let erased = store.erase_user(app(), &UserId::new("Wolfeschlegelsteinhausen").unwrap()).await.unwrap();
    assert_eq!((erased.participants, erased.reports, erased.events), (1, 50, 50));
    assert!(!holds("Wolfeschlegelsteinhausen"));
    assert!(holds("somebody else"));
}

/// A reader keeps the write-ahead log while it reads: the erasure does not wait for it, and the log is emptied once it is done.
#[tokio::test]
async fn erased_bytes_go_when_a_long_reader_is_done() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    store.append(batch(0, "Wolfeschlegelsteinhausen", 3000)).await.unwrap();
    let reader = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM events").unwrap();
    let began = std::time::Instant::now();
    store.erase_user(app(), &UserId::new("Wolfeschlegelsteinhausen").unwrap()).await.unwrap();
    assert!(began.elapsed().as_secs() < 5, "waited for the reader");
    let holds = || {
        fs::read_dir(folder.path()).unwrap().any(|file| {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            bytes.windows(24).any(|window| window.eq_ignore_ascii_case(b"Wolfeschlegelsteinhausen"))
        })
    };
    assert!(holds(), "the reader does not read from the log; this test proves nothing");
    reader.execute_batch("COMMIT").unwrap();
    // Any write will do; the writer answers it before it empties the log.
    for _ in 0..100 {
        store.end_silent(Timestamp::from_micros(0)).await.unwrap();
        if !holds() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the erased bytes are still there");
}

#[tokio::test]
async fn expiry_gives_the_room_back() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    let mut last = batch(300, "u", 20_000);
    last.left = Some(last.span.1);
    for seq in 0..300 {
        store.append(batch(seq, "u", 20_000)).await.unwrap();
    }
    store.append(last).await.unwrap();
    drop(store);
    let size = || fs::metadata(folder.path().join(FILE_NAME)).unwrap().len();
    let full = size();
    assert!(full > 6_000_000, "{full}");
    let store = open(folder.path()).unwrap();
    let expired = store.expire(app(), Timestamp::from_micros(START + 1_000_000_000_000), 10).await.unwrap();
    assert_eq!(expired.conferences, 1);
    drop(store);
    assert!(size() < 500_000, "{} of {full} bytes are left", size());
}

/// A fault that only one batch meets refuses that batch, not those that came with it.
#[tokio::test]
async fn one_bad_batch_does_not_refuse_its_neighbours() {
    let folder = TempDir::new().unwrap();
    let store = std::sync::Arc::new(open(folder.path()).unwrap());
    let other = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER damage BEFORE INSERT ON batches_seen WHEN new.batch_seq % 10 = 7 BEGIN SELECT raise(ABORT, 'damaged'); END",
        )
        .unwrap();
    let tasks: Vec<_> = (0..100)
        .map(|seq| {
            let store = store.clone();
            tokio::spawn(async move { (seq, store.append(batch(seq, "u", 0)).await) })
        })
        .collect();
    for task in tasks {
        let (seq, result) = task.await.unwrap();
        match result {
            Ok(Appended::Stored(_)) => assert_ne!(seq % 10, 7),
            Ok(Appended::Duplicate(_)) => panic!("batch {seq} was there already"),
            Err(error) => assert!(seq % 10 == 7 && error.to_string().contains("damaged"), "{seq}: {error}"),
        }
    }
    assert_eq!(numbers(&store).await, (0..100).filter(|seq| seq % 10 != 7).collect::<Vec<_>>());
    assert!(store.health().await.unwrap().commits <= 90);
}

/// Chunks arrive and others fold at the same time: every report stays, once.
#[tokio::test(flavor = "multi_thread")]
async fn folding_while_batches_arrive_keeps_every_report() {
    let folder = TempDir::new().unwrap();
    let store = std::sync::Arc::new(open(folder.path()).unwrap());
    let peer_connection = stored(&store, 0).await.peer_connection.unwrap();
    let folds: Vec<_> = (0..3)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    store.fold(app(), peer_connection).await.unwrap();
                }
            })
        })
        .collect();
    for seq in 1..1300 {
        stored(&store, seq).await;
    }
    for fold in folds {
        fold.await.unwrap();
    }
    store.fold(app(), peer_connection).await.unwrap();
    let chunks: Vec<_> = store.chunks(app(), peer_connection).await.unwrap().map(Result::unwrap).collect();
    assert_eq!(chunks.len(), 3);
    let times: Vec<_> = chunks.iter().flat_map(|chunk| codec::decode(&chunk.reports.bytes).unwrap().times().to_vec()).collect();
    assert_eq!(times, (0..1300).map(|seq| Timestamp::from_micros(START + seq * 1_000_000)).collect::<Vec<_>>());
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_failed_backup_harms_nothing() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    stored(&store, 0).await;
    let into = folder.path().join("backup");
    fs::create_dir_all(&into).unwrap();
    // The name's target is missing, so the copy begins and fails.
    std::os::unix::fs::symlink("/nowhere/at/all", into.join("sidetone.db.partial")).unwrap();
    store.backup(&into).await.unwrap_err();
    assert_eq!(numbers(&store).await, [0]);
    stored(&store, 1).await;
    assert!(!into.join(FILE_NAME).exists(), "what is not complete has not the name of a store");
    fs::remove_file(into.join("sidetone.db.partial")).unwrap();
    store.backup(&into).await.unwrap();
    assert_eq!(numbers(&open(&into).unwrap()).await, [0, 1]);
}

#[tokio::test]
async fn a_backup_taken_while_batches_arrive_is_whole() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    for seq in 0..20 {
        stored(&store, seq).await;
    }
    let into = folder.path().join("backup");
    let (backup, ()) = tokio::join!(store.backup(&into), async {
        for seq in 20..40 {
            stored(&store, seq).await;
        }
    });
    backup.unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&into).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "for nobody else: {mode:o}");
    let copy = open(&into).unwrap();
    let numbers = numbers(&copy).await;
    assert!(numbers.len() >= 20 && numbers.iter().copied().eq(0..numbers.len() as u32), "{numbers:?}");
    assert_eq!(copy.check().await.unwrap(), Vec::<String>::new());
    assert!(store.backup(&into).await.unwrap_err().to_string().contains("there already"));
}

#[tokio::test]
async fn what_was_handed_in_is_written_before_the_store_closes() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    for seq in 0..10 {
        stored(&store, seq).await;
    }
    drop(store);
    assert_eq!(numbers(&open(folder.path()).unwrap()).await, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_only_reads_migrates_nothing() {
    let folder = TempDir::new().unwrap();
    assert!(SqliteStore::open_to_read(folder.path()).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    let store = open(folder.path()).unwrap();
    stored(&store, 0).await;
    let reader = SqliteStore::open_to_read(folder.path()).unwrap();
    assert_eq!(numbers(&reader).await, [0]);
    let refused = reader.append(batch(1, "ada", 0)).await.unwrap_err().to_string();
    assert!(refused.contains("read only"), "{refused}");
    drop((store, reader));
    let version_of = |folder: &TempDir| {
        let db = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
        db.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).unwrap()
    };
    rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap().pragma_update(None, "user_version", 1).unwrap();
    let older = SqliteStore::open_to_read(folder.path()).unwrap_err();
    assert!(matches!(older, StoreError::Older { found: 1, known } if known == version()), "{older}");
    assert_eq!(version_of(&folder), 1);
    // A copy of it is one of the same version: what one takes before an upgrade.
    let into = TempDir::new().unwrap();
    back_up(folder.path(), into.path()).await.unwrap();
    assert_eq!(version_of(&into), 1);
}
