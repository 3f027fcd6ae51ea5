//! A backup of a running server, restored; and a folder of an older version, looked at without a change.

use std::sync::atomic::{AtomicBool, Ordering};

use sidetone_wire::batch::MEDIA_TYPE;

use crate::{
    sidetone::{Server, agent, folder_with_app, post, run_failing, run_ok, text},
    traffic::Client,
};

#[test]
fn a_backup_under_load_restores_all_that_was_acknowledged_before() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let server = Server::start(folder.path());
    let mut clients: Vec<Client> = (0..3).map(|number| Client::new("busy", &format!("client-{number}"))).collect();
    let agent_of_setup = agent();
    for client in &mut clients {
        while client.acknowledged < 20 {
            assert_eq!(post(&agent_of_setup, &server.url, MEDIA_TYPE, &client.next(), &secrets.intake).unwrap().0, 200);
            client.acknowledge();
        }
    }
    let before: Vec<u32> = clients.iter().map(|client| client.acknowledged).collect();
    let copy = folder.path().join("copy");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for client in &mut clients {
            let (url, secrets, done) = (&server.url, &secrets, &done);
            scope.spawn(move || {
                let agent = agent();
                while !done.load(Ordering::Relaxed) {
                    assert_eq!(post(&agent, url, MEDIA_TYPE, &client.next(), &secrets.intake).unwrap().0, 200);
                    client.acknowledge();
                }
            });
        }
        run_ok(&["backup", "--data", text(folder.path()), text(&copy)]);
        done.store(true, Ordering::Relaxed);
    });
    server.stop();
    let again = run_failing(&["backup", "--data", text(folder.path()), text(&copy)]);
    assert!(again.contains("there already"), "{again}");
    assert!(run_ok(&["doctor", "--data", text(&copy)]).contains("the store is sound"));
    let restored = Server::start(&copy);
    for (client, before) in clients.iter().zip(before) {
        assert!(client.acknowledged > before, "nothing came in while the copy was made");
        let stored = client.stored(&restored, &secrets.query);
        assert!(stored.len() >= before as usize, "{} of {before} batches", stored.len());
        assert!(stored.iter().copied().eq(0..u32::try_from(stored.len()).unwrap()), "{stored:?}");
    }
}

#[test]
fn a_doctor_migrates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    folder_with_app(folder.path());
    let database = folder.path().join("sidetone.db");
    let version =
        || rusqlite::Connection::open(&database).unwrap().pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).unwrap();
    let current = version();
    rusqlite::Connection::open(&database).unwrap().pragma_update(None, "user_version", 1).unwrap();
    let told = run_ok(&["doctor", "--data", text(folder.path())]);
    let expected =
        format!("this folder was written by an older version (schema 1, this version has {current}); `sidetone serve` will migrate it");
    assert!(told.contains(&expected), "{told}");
    assert_eq!(version(), 1);
}
