//! What goes wrong around a server: each is told in one line, and nothing acknowledged is lost.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::PathBuf,
    process::Command,
};

use crate::{
    sidetone::{Server, command, folder_with_app, run_failing, run_ok, stderr, text, trace},
    traffic::Client,
};

fn one_line(error: &str) {
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
}

#[test]
fn a_taken_port_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = run_failing(&["serve", "--data", text(folder.path()), "--listen", &address, "--set", "log.filter=error"]);
    assert!(error.contains(&address) && error.contains("taken"), "{error}");
    one_line(&error);
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    folder_with_app(folder.path());
    let file = folder.path().join("sidetone.db");
    let newer = || rusqlite::Connection::open(&file).unwrap();
    newer().pragma_update(None, "user_version", 9999).unwrap();
    for arguments in [&["serve", "--listen", "127.0.0.1:0", "--set", "log.filter=error"][..], &["app", "list"], &["doctor"]] {
        let mut arguments = arguments.to_vec();
        arguments.extend(["--data", text(folder.path())]);
        let output = command().args(&arguments).output().unwrap();
        let told = stderr(&output) + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1));
        assert!(told.contains("9999") && told.contains("newer version"), "{told}");
    }
    let version: u32 = newer().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let apps: u32 = newer().query_row("SELECT count(*) FROM apps", [], |row| row.get(0)).unwrap();
    assert_eq!((version, apps), (9999, 1));
}

#[test]
fn a_second_server_on_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let error = run_failing(&["serve", "--data", text(folder.path()), "--listen", "127.0.0.1:0", "--set", "log.filter=error"]);
    assert!(error.contains("in use by another server"), "{error}");
    one_line(&error);
    server.stop();
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = unprivileged(folder.path());
    let output = command.args(["serve", "--data", text(&data), "--listen", "127.0.0.1:0", "--set", "log.filter=error"]).output().unwrap();
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains(text(&data)) && error.contains("ermission denied"), "{error}");
    one_line(&error);
}

/// The binary as a user whom permissions bind, also when the tests are run by root.
fn unprivileged(folder: &std::path::Path) -> Command {
    const NOBODY: u32 = 65_534;
    if !rustix::process::geteuid().is_root() {
        return command();
    }
    // Where nobody can reach it.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let binary = folder.join("sidetone");
    fs::copy(PathBuf::from(env!("CARGO_BIN_EXE_sidetone")), &binary).unwrap();
    let mut command = Command::new(binary);
    command.uid(NOBODY).gid(NOBODY);
    command
}

/// The largest file that the server may write is small: to it, the disk is full.
#[test]
fn a_full_disk_refuses_and_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let mut shell = Command::new("sh");
    // 4,000 blocks of 512 bytes; the signal that comes with the limit is ignored, so that a write fails as on a full disk.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 4000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_sidetone")]);
    shell.args(["serve", "--data", text(folder.path()), "--listen", "127.0.0.1:0"]);
    let server = Server::spawn(shell);
    let mut client = Client::new("full", "stay-1");
    let refusal = loop {
        let batch = client.next();
        let (status, body) = server.post(sidetone_wire::batch::MEDIA_TYPE, &batch, &secrets.intake);
        if status != 200 {
            break (status, body);
        }
        client.acknowledge();
        assert!(client.acknowledged < 5_000, "the disk is never full");
    };
    assert!(client.acknowledged > 10, "{} batches", client.acknowledged);
    assert!(refusal.0 >= 500 && refusal.1["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{refusal:?}");
    // It goes on to answer.
    assert_eq!(server.get("/v1/conferences?conference_id=full", &secrets.query).0, 200);
    server.kill();
    let server = Server::start(folder.path());
    assert_eq!(client.stored(&server, &secrets.query), (0..client.acknowledged).collect::<Vec<_>>());
    // With room again the refused batch is taken.
    assert_eq!(server.post(sidetone_wire::batch::MEDIA_TYPE, &client.next(), &secrets.intake).0, 200);
}

/// Of the conference a row is damaged, as by a bad disk. A person gets a page, a program a problem document, and the reason goes to the log alone.
#[test]
fn damage_is_told_in_a_page_and_its_reason_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let data = text(folder.path());
    let made = run_ok(&["user", "create", "ada", "--role", "support", "--generate", "--data", data]);
    let password = made.lines().find_map(|line| line.strip_prefix("password  ")).unwrap();
    let server = Server::start(folder.path());
    let (status, stored) = server.post(sidetone_wire::batch::MEDIA_TYPE, &Client::new("damaged", "stay-1").next(), &secrets.intake);
    assert_eq!(status, 200, "{stored}");
    let agent = || ureq::Agent::from(ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build());
    let answer = agent().post(format!("{}/login", server.url)).send_form([("name", "ada"), ("password", password)]).unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let path = format!("/conferences/{}", stored["conference"].as_str().unwrap());
    let open = || {
        let mut answer = agent().get(format!("{}{path}", server.url)).header("cookie", &cookie).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    assert_eq!(open().0, 200);

    let store = rusqlite::Connection::open(folder.path().join("sidetone.db")).unwrap();
    store.execute("UPDATE peer_connections SET analysis = '{\"connection\": 7'", []).unwrap();
    let (status, page) = open();
    assert_eq!(status, 500, "{page}");
    for said in ["<h1>Something broke here</h1>", "its log says why", "<code>sidetone doctor</code> looks for damage", "href=\"/\""] {
        assert!(page.contains(said), "{said:?} in {page}");
    }
    let peer_connection = stored["peer_connection"].as_str().unwrap();
    let log = server.logged("request failed");
    assert!(log.contains(&format!("peer_connections, row {peer_connection}: invalid type: integer `7`, expected a sequence")), "{log}");
    let (status, problem) = server.get(&format!("/v1{path}"), &secrets.query);
    assert_eq!((status, &problem["code"]), (500, &"internal".into()), "{problem}");
    for told in [page, problem.to_string()] {
        assert!(!told.contains("peer_connections") && !told.contains("integer"), "what is within stays within: {told}");
    }
    // The others go on.
    assert_eq!(server.get("/v1/conferences", &secrets.query).0, 200);
    store.execute("UPDATE peer_connections SET analysis = NULL", []).unwrap();
    assert_eq!(open().0, 200);
}

#[test]
fn a_doctor_finds_nothing_wrong_with_a_sound_house() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    run_ok(&["import", "--data", text(folder.path()), &trace("chrome-rtcstats-dump-av.gz")]);
    let server = Server::start(folder.path());
    let data = text(folder.path());
    let told = run_ok(&["doctor", "--data", data, "--server", &server.url, "--token", &secrets.intake, "--send-test-batch"]);
    for fine in ["the store is sound", "1 app\n", "may send only", "\"stored\"", "\"duplicate\"", "clock"] {
        assert!(told.contains(fine), "{fine} in {told}");
    }
    let output = command().args(["doctor", "--server", &server.url, "--token", "stq_wrong"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("WRONG  the token is refused: 401"), "{}", stderr(&output));
    let nowhere = folder.path().join("nowhere");
    assert_eq!(command().args(["doctor", "--data", text(&nowhere)]).output().unwrap().status.code(), Some(1));
    assert!(!nowhere.exists());
}

#[test]
fn a_doctor_says_which_address_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let told = |url: &str| {
        let output = command().args(["doctor", "--server", url]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{url}");
        String::from_utf8(output.stdout).unwrap()
    };
    let plain = Server::start(&folder.path().join("plain"));
    let swapped = plain.url.replace("http://", "https://");
    assert!(told(&swapped).contains(&format!("speaks no TLS; {} may be meant", plain.url)), "{}", told(&swapped));
    let encrypted = Server::start_with(&folder.path().join("encrypted"), &["--tls-self-signed", "localhost"]);
    let swapped = encrypted.url.replace("https://", "http://");
    assert!(told(&swapped).contains(&format!("speaks no plain HTTP; {} may be meant", encrypted.url)), "{}", told(&swapped));
    assert!(told(&encrypted.url).contains("--ca FILE trusts one more"), "{}", told(&encrypted.url));

    // Another program, as on a port that was taken for Sidetone's.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", other.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in other.incoming().map_while(Result::ok) {
            use std::io::{Read, Write};
            if stream.read(&mut [0; 1024]).is_ok() {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").ok();
            }
        }
    });
    assert!(told(&url).contains("is no Sidetone"), "{}", told(&url));
}

#[test]
fn what_the_folder_holds_is_for_its_user_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("below/data");
    folder_with_app(&data);
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(!run_ok(&["doctor", "--data", text(&data)]).contains("may read it"));
}

/// Who forgets `--data` beside a server makes an app that the server does not know.
#[test]
fn a_new_folder_for_an_app_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let create = |name: &str| {
        let output = command().args(["app", "create", name]).env("XDG_DATA_HOME", folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    };
    let made = folder.path().join("sidetone");
    assert!(create("first").contains(&format!("data folder {} is new", text(&made))), "where the secrets hold");
    assert!(!create("second").contains("is new"));
}
