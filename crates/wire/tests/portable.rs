//! A conference goes out and comes back the same, and a damaged file says which line is wrong.

use sidetone_engine::ids::ConferenceId;
use sidetone_testkit::call::{Call, Who};
use sidetone_wire::portable::{self, PortableConference};

fn conference() -> PortableConference {
    let who = |user, participant| Who { conference: "インターネット", user, participant, peer_connection: "pc0" };
    let mut batches = Call::of_seconds(25).with_video().batches(who("ada", "stay-1"));
    batches.extend(Call::of_seconds(25).ssrcs_from(9).batches(who("bo", "stay-2")));
    PortableConference { conference_id: ConferenceId::new("インターネット").expect("a short id"), batches }
}

#[test]
fn a_conference_comes_back_the_same() {
    let conference = conference();
    let text = portable::write(&conference);
    assert!(portable::is_portable(&text));
    let back = portable::read(&text).unwrap();
    assert_eq!(back, conference);
    assert_eq!(portable::write(&back), text);
}

#[test]
fn a_damaged_file_says_where() {
    let text = String::from_utf8(portable::write(&conference())).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let problem = |lines: &[&str]| portable::read(lines.join("\n").as_bytes()).unwrap_err().to_string();
    assert_eq!(problem(&[]), "line 1: the file is empty");
    assert!(problem(&lines[..lines.len() - 1]).contains("the header promises 6 batches, the file holds 5"));
    let cut = &lines[2][..lines[2].len() - 10];
    assert!(problem(&[lines[0], lines[1], cut]).starts_with("line 3: "));
    let flipped = lines[1].replace("\":\"", "\":\"!");
    assert!(problem(&[lines[0], &flipped]).starts_with("line 2: batch is not base64"));
    let newer = lines[0].replace("\"version\":1", "\"version\":2");
    assert!(problem(&[&newer]).contains("version 2"));
    let foreign = lines[0].replace("インターネット", "elsewhere");
    assert!(problem(&[&foreign, lines[1]]).starts_with("line 2: the batch is of conference"));
    assert!(!portable::is_portable(b"RTCStatsDump\n") && !portable::is_portable(b"{\"PeerConnections\":{}}"));
}
