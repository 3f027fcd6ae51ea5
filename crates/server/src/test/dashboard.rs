//! Pages, as a browser asks for them.

use axum::http::HeaderValue;
use sidetone_engine::ids::{ConferenceId, UserId};
use sidetone_store::local_user::{LocalUser, Role};

use super::*;
use crate::password;

pub(super) const PASSWORD: &str = "correct horse battery";

/// A browser with the cookie of one local user.
pub(super) struct Browser<'a> {
    pub(super) server: &'a TestServer,
    cookie: HeaderValue,
}

impl TestServer {
    pub(super) async fn local_user(&self, name: &str, role: Role) {
        let password_hash = password::hash(PASSWORD, &FakeEntropy::default()).unwrap();
        let user = LocalUser { name: name.into(), role, password_hash, created: self.clock.now() };
        assert!(self.store.create_local_user(user).await.unwrap());
    }

    pub(super) async fn submit(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    pub(super) async fn browser(&self, name: &str, role: Role) -> Browser<'_> {
        self.local_user(name, role).await;
        let answer = self.submit("/login", &format!("name={name}&password={}", PASSWORD.replace(' ', "+")), &[]).await;
        assert_eq!((answer.status, answer.text(header::LOCATION)), (StatusCode::SEE_OTHER, "/"), "{}", answer.html());
        let cookie = answer.text(header::SET_COOKIE).split(';').next().unwrap().to_owned();
        Browser { server: self, cookie: cookie.try_into().unwrap() }
    }

    pub(super) async fn anonymous(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }
}

impl Browser<'_> {
    pub(super) fn request(&self, path: &str) -> Request<Body> {
        Request::get(path).header(header::COOKIE, &self.cookie).body(Body::empty()).unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.server.send(self.request(path)).await
    }

    pub(super) async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.html());
        answer.html()
    }

    pub(super) async fn submit(&self, path: &str, form: &str) -> Answer {
        self.server.submit(path, form, &[("cookie", self.cookie.to_str().unwrap()), ("sec-fetch-site", "same-origin")]).await
    }

    /// What the forms of this session carry.
    pub(super) async fn form_token(&self) -> String {
        let page = self.page("/").await;
        let (_, rest) = page.split_once(r#"name="form_token" value=""#).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }
}

impl Answer {
    pub(super) fn html(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(super) fn text(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[tokio::test]
async fn nobody_sees_a_page_without_logging_in() {
    let server = TestServer::new().await;
    let stored = server.batch(&a_batch()).await.ok();
    let conference = format!("/conferences/{}", stored["conference"].as_str().unwrap());
    for path in ["/", &conference, &format!("{conference}/series/{}", stored["peer_connection"].as_str().unwrap())] {
        for cookie in ["", "sidetone_session=", "sidetone_session=made-up"] {
            let answer = server.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            assert!(answer.text(header::LOCATION).starts_with("/login"), "{path}");
            assert!(answer.body.is_empty());
        }
    }
    let wanted = server.anonymous(&format!("{conference}?connection=x")).await;
    assert!(wanted.text(header::LOCATION).ends_with("%3Fconnection%3Dx"), "the way back is kept: {}", wanted.text(header::LOCATION));
}

#[tokio::test]
async fn a_session_begins_with_the_password_and_ends_with_the_button() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Admin).await;
    assert!(browser.page("/").await.contains("No call has been measured yet"));
    let refused = browser.submit("/logout", "form_token=guessed").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let told = refused.html();
    assert!(told.contains("load the page again") && !told.contains("an admin of this server can change it"), "{told}");
    browser.page("/").await;
    let left = browser.submit("/logout", &format!("form_token={}", browser.form_token().await)).await;
    assert!(left.text(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "the session is over, not only the cookie gone");
}

#[tokio::test(start_paused = true)]
async fn a_form_that_does_not_arrive_or_does_not_fit_is_refused_with_a_page() {
    let server = TestServer::new().await;
    let post = |body: Body| Request::post("/login").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body).unwrap();
    let began = futures_util::stream::iter([Ok::<_, std::io::Error>("name=")]);
    let silent = Body::from_stream(futures_util::StreamExt::chain(began, futures_util::stream::pending()));
    for (body, status) in [
        (silent, StatusCode::REQUEST_TIMEOUT),
        (Body::from(format!("name=ada&password={}", "x".repeat(300_000))), StatusCode::PAYLOAD_TOO_LARGE),
        (Body::from("name=ada"), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let refused = server.send(post(body)).await;
        assert_eq!((refused.status, refused.text(header::CONTENT_TYPE)), (status, "text/html; charset=utf-8"));
    }
}

#[tokio::test]
async fn a_session_expires() {
    let server = TestServer::with(|config, _| config.auth.session_ttl = "1h".parse().unwrap()).await;
    let browser = server.browser("ada", Role::Admin).await;
    server.clock.advance_ms(59 * 60_000);
    browser.page("/").await;
    server.clock.advance_ms(60_000);
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let server = TestServer::new().await;
    server.local_user("ada", Role::Admin).await;
    let form = format!("name=ada&password={}&next=//evil.example", PASSWORD.replace(' ', "+"));
    let plain = server.submit("/login", &form, &[]).await;
    assert_eq!(plain.text(header::LOCATION), "/");
    let cookie = plain.text(header::SET_COOKIE);
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    let behind_tls = server.submit("/login", &form, &[("x-forwarded-proto", "https")]).await;
    assert!(behind_tls.text(header::SET_COOKIE).contains("Secure"));
}

#[tokio::test]
async fn a_wrong_password_opens_nothing_and_guessing_is_slow() {
    let server = TestServer::new().await;
    server.local_user("ada", Role::Admin).await;
    for name in ["ada", "nobody"] {
        let answer = server.submit("/login", &format!("name={name}&password=wrong"), &[]).await;
        assert_eq!((answer.status, answer.text(header::SET_COOKIE)), (StatusCode::UNAUTHORIZED, ""));
        assert!(answer.html().contains("No user has this name and this password"), "the same answer for both");
    }
    let mut last = StatusCode::UNAUTHORIZED;
    for _ in 0..10 {
        last = server.submit("/login", "name=ada&password=wrong", &[]).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let right = server.submit("/login", &format!("name=ada&password={}", PASSWORD.replace(' ', "+")), &[]).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "a right guess does not show either");
    assert!(right.text(header::RETRY_AFTER).parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn posts_of_other_sites_are_not_carried_out() {
    let server = TestServer::new().await;
    server.local_user("ada", Role::Admin).await;
    let form = format!("name=ada&password={}", PASSWORD.replace(' ', "+"));
    for headers in [&[("sec-fetch-site", "cross-site")][..], &[("origin", "https://evil.example"), ("host", "stats.example")]] {
        let answer = server.submit("/login", &form, headers).await;
        assert_eq!((answer.status, answer.text(header::SET_COOKIE)), (StatusCode::FORBIDDEN, ""), "{headers:?}");
    }
}

#[tokio::test]
async fn the_first_user_needs_the_token_and_there_is_no_second() {
    let server = TestServer::new().await;
    let path = crate::dashboard::setup::path(&server.state).await.unwrap().unwrap();
    let token = path.strip_prefix("/setup?token=").unwrap();
    assert!(server.anonymous(&path).await.html().contains("Make the first user"));
    for wrong in ["/setup", "/setup?token=", "/setup?token=guessed"] {
        let refused = server.anonymous(wrong).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{wrong}");
        assert!(refused.html().contains("<code>sidetone user create NAME --role admin</code>"), "{wrong}: a command looks like one");
    }
    let with = |token: &str, name: &str, password: &str| format!("token={token}&name={name}&password={password}");
    assert_eq!(server.submit("/setup", &with("guessed", "eve", "long-enough-for-all"), &[]).await.status, StatusCode::FORBIDDEN);
    let short = server.submit("/setup", &with(token, "ada", "short"), &[]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.html().contains("at least 10 are needed") && short.html().contains(r#"value="ada""#));
    let made = server.submit("/setup", &with(token, "ada", "long-enough-for-all"), &[]).await;
    assert_eq!((made.status, made.text(header::LOCATION)), (StatusCode::SEE_OTHER, "/"));
    assert!(made.text(header::SET_COOKIE).starts_with("sidetone_session="));
    assert_eq!(server.submit("/setup", &with(token, "eve", "long-enough-for-all"), &[]).await.text(header::LOCATION), "/login");
    let users = server.store.local_users().await.unwrap();
    assert_eq!(users.iter().map(|user| (user.name.as_str(), user.role)).collect::<Vec<_>>(), [("ada", Role::Admin)]);
    assert_eq!(crate::dashboard::setup::path(&server.state).await.unwrap(), None);
}

#[tokio::test]
async fn an_app_shows_its_own_conferences_only() {
    let server = TestServer::new().await;
    let stored = server.batch(&a_batch()).await.ok();
    let (conference, connection) = (stored["conference"].as_str().unwrap(), stored["peer_connection"].as_str().unwrap());
    let browser = server.browser("ada", Role::Admin).await;
    let other = server.store.apps().await.unwrap().into_iter().find(|app| app.name == "other").unwrap().key;
    assert!(browser.page(&format!("/conferences/{conference}?app={}", server.app.key)).await.contains("standup"));
    assert!(browser.page("/").await.contains("standup"));
    assert!(!browser.page(&format!("/?app={other}")).await.contains("/conferences/"));
    for path in [
        format!("/conferences/{conference}?app={other}"),
        format!("/conferences/{conference}/series/{connection}?app={other}"),
        format!("/?app={}", AppKey::mint(start(), 9)),
        "/?app=nonsense".into(),
        "/conferences/nonsense".into(),
    ] {
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn hostile_names_are_text() {
    const HOSTILE: &str = r#"<script>alert(1)</script>"'><img src=x onerror=alert(2)>"#;
    let server = TestServer::new().await;
    let mut batch = a_batch();
    batch.conference_id = ConferenceId::new(HOSTILE).unwrap();
    batch.user_id = UserId::new(HOSTILE).unwrap();
    let payload =
        serde_json::json!({"user_name": HOSTILE, "browser": HOSTILE, "site": HOSTILE, "additional_ids": {HOSTILE: HOSTILE}}).to_string();
    batch.events = ["joined", HOSTILE]
        .map(|kind| sidetone_wire::batch::Event { time: batch.sent, kind: kind.into(), payload: payload.clone() })
        .to_vec();
    let stored = server.batch(&batch).await.ok();
    let browser = server.browser("ada", Role::Admin).await;
    let query = "%3Cscript%3Ealert(1)";
    for path in ["/".into(), format!("/?q={query}"), format!("/conferences/{}?kind={query}", stored["conference"].as_str().unwrap())] {
        let page = browser.page(&path).await;
        assert!(!page.contains("<script>alert") && !page.contains("<img"), "{path}");
        assert!(page.contains("&lt;script&gt;alert"), "{path}");
    }
    let answer = server.anonymous(&format!("/login?next={query}")).await;
    assert!(!answer.html().contains("<script>alert"));
}

#[tokio::test]
async fn every_page_forbids_what_is_not_of_this_server() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Admin).await;
    let missing = Request::get("/nothing").header(header::ACCEPT, "text/html").body(Body::empty()).unwrap();
    let answers =
        [browser.get("/").await, server.anonymous("/login").await, browser.get("/conferences/x").await, server.send(missing).await];
    for answer in answers {
        let policy = answer.text(header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.text(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(answer.text(header::CACHE_CONTROL), "no-store");
        let html = answer.html();
        assert!(!html.contains(" style=") && !html.contains("<style") && !html.contains(" onclick"), "nothing is inline");
    }
    let program = server.anonymous("/nothing").await;
    program.refused(404, "path_unknown");
}

#[tokio::test]
async fn each_page_shows_what_the_api_knows() {
    let server = TestServer::new().await;
    for who in [ADA, BOB] {
        server.call(&sidetone_testkit::call::Call::of_seconds(60), who).await;
    }
    let found = server.get("/v1/conferences").await.ok();
    let conference = format!("/conferences/{}", found["conferences"][0]["key"].as_str().unwrap());
    let detail = server.get(&format!("/v1{conference}")).await.ok();
    let connection = detail["peer_connections"][0]["key"].as_str().unwrap();
    let browser = server.browser("eve", Role::Support).await;
    let page = browser.page(&conference).await;
    for told in ["standup", "ada", "bob", "data-charts", "Raw reports"] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("Signalling"), "no SIP, no ladder");
    assert!(browser.get("/conferences?id=standup").await.text(header::LOCATION).starts_with(&conference));
    assert_eq!(browser.get("/conferences?id=another").await.status, StatusCode::NOT_FOUND);
    let series = browser.get(&format!("{conference}/series/{connection}?slots_max=10&metrics=bitrate_bps")).await.ok();
    assert!(series["slot_count"].as_u64().unwrap() <= 10 && !series["series"].as_array().unwrap().is_empty(), "{series}");
    let same = server.get(&format!("/v1/peer-connections/{connection}/series?slots_max=10&metrics=bitrate_bps")).await.ok();
    assert_eq!(series, same);
    let raw = browser.page(&format!("{conference}/raw/{connection}")).await;
    assert!(raw.contains("inbound-rtp") && raw.contains("packetsReceived"));
    let reports = server.get(&format!("/v1/peer-connections/{connection}/reports?limit=500")).await.ok()["reports"].clone();
    let told = browser.get(&format!("{conference}/raw/{connection}/reports.json")).await.ok();
    assert_eq!(told, reports);
    let stats = reports[0]["stats"].as_object().unwrap();
    let (id, object) = stats.iter().find(|(_, object)| object["type"] == "inbound-rtp").unwrap();
    let object_path = format!("{conference}/raw/{connection}/object?type=inbound-rtp&id={}", crate::dashboard::format::percent_encoded(id));
    let series = browser.get(&object_path).await.ok();
    assert_eq!(series["members"]["packetsReceived"][0].as_f64(), object["packetsReceived"].as_f64());
    assert_eq!(series["times_ms"].as_array().unwrap().len(), reports.as_array().unwrap().len());
    let history = browser.page("/users/ada").await;
    assert!(history.contains(&conference) && !history.contains("bob"));
    assert!(browser.page("/users/nobody").await.contains("was in no conference"));
    let copy = browser.get(&format!("{conference}/download")).await;
    assert!(copy.text(header::CONTENT_DISPOSITION).starts_with("attachment"));
    assert!(sidetone_wire::portable::read(&copy.body).is_ok());
}

#[tokio::test]
async fn a_running_conference_is_live() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    assert!(!browser.page("/live").await.contains("standup"));
    let stored = server.batch(&a_batch()).await.ok();
    let conference = format!("/conferences/{}", stored["conference"].as_str().unwrap());
    // The live side takes a batch in by itself, soon after it is acknowledged.
    let mut page = String::new();
    for _ in 0..200 {
        page = browser.page("/live").await;
        if page.contains(&conference) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(page.contains(&conference), "{page}");
    let page = browser.page(&conference).await;
    assert!(page.contains("This call is running") && page.contains(&format!("data-live=\"{conference}/live")), "{page}");
    for path in ["/live/events".to_owned(), format!("{conference}/live")] {
        let mut stream = server.router.clone().oneshot(browser.request(&path)).await.unwrap().into_body();
        let first = stream.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(first.starts_with(b"event: state"), "{path}: {first:?}");
        assert_eq!(server.anonymous(&path).await.status, StatusCode::SEE_OTHER, "{path}");
    }
}

#[tokio::test]
async fn who_is_removed_hears_no_more_of_running_calls() {
    let server = TestServer::with(|config, _| config.auth.app_cache_ttl = "1s".parse().unwrap()).await;
    let (gone, stays) = (server.browser("bob", Role::Support).await, server.browser("sue", Role::Support).await);
    let listen = async |browser: &Browser<'_>| {
        let request = Request::get("/live/events").header(header::COOKIE, &browser.cookie).body(Body::empty()).unwrap();
        let mut stream = server.router.clone().oneshot(request).await.unwrap().into_body();
        assert!(stream.frame().await.unwrap().unwrap().into_data().unwrap().starts_with(b"event: state"));
        stream
    };
    let (mut of_gone, mut of_stays) = (listen(&gone).await, listen(&stays).await);
    assert!(server.store.remove_local_user("bob").await.unwrap());
    let ended = async { while of_gone.frame().await.is_some() {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), ended).await.expect("the stream ends");
    server.batch(&a_batch()).await.ok();
    let told = of_stays.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(told.starts_with(b"event: conference_started"), "{told:?}");
}

#[tokio::test]
async fn before_there_is_an_app_the_pages_of_an_app_lead_to_making_one() {
    let server = TestServer::new().await;
    for app in server.store.apps().await.unwrap() {
        assert!(server.store.remove_app(app.key).await.unwrap());
    }
    let (admin, support) = (server.browser("ada", Role::Admin).await, server.browser("sue", Role::Support).await);
    for path in ["/", "/live", "/import"] {
        let page = admin.page(path).await;
        assert!(page.contains("There is no app yet") && page.contains(r#"href="/apps">Create an app"#), "{path}");
        assert!(page.contains(&format!(r#"href="{path}" aria-current="page""#)), "{path}: with the way to the other pages");
        assert!(support.page(path).await.contains("Ask an admin"), "{path}");
    }
}

#[tokio::test]
async fn only_admins_manage() {
    let server = TestServer::new().await;
    for (name, role) in [("sue", Role::Support), ("eli", Role::Engineer)] {
        let browser = server.browser(name, role).await;
        let token = browser.form_token().await;
        assert!(!browser.page("/").await.contains("/team"));
        for path in ["/apps", "/team"] {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{name} {path}");
        }
        let app = server.app.key;
        for (path, form) in [
            ("/apps".to_owned(), "name=more".to_owned()),
            (format!("/apps/{app}"), "origins=https://evil.example".to_owned()),
            (format!("/apps/{app}/rotate"), "which=both".to_owned()),
            ("/team".to_owned(), format!("name=more&role=admin&password={}", PASSWORD.replace(' ', "+"))),
            ("/team/change".to_owned(), "name=sue&role=admin".to_owned()),
            ("/team/remove".to_owned(), "name=sue".to_owned()),
        ] {
            let answer = browser.submit(&path, &format!("form_token={token}&{form}")).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} {path}");
        }
    }
    assert_eq!((server.store.apps().await.unwrap().len(), server.store.local_users().await.unwrap().len()), (2, 2));
    server.get("/v1/conferences").await.ok();
}

#[tokio::test]
async fn an_admin_makes_apps_and_lets_people_in() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Admin).await;
    let token = browser.form_token().await;
    for (path, form) in [("/apps", "name=shop"), ("/team", "name=bob&role=support&password=correct+horse+battery")] {
        assert_eq!(browser.submit(path, &format!("form_token=stale&{form}")).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let made = browser.submit("/apps", &format!("form_token={token}&name=shop")).await.html();
    let secret = |page: &str, prefix: &str| {
        let (_, rest) = page.split_once(prefix).unwrap();
        format!("{prefix}{}", rest.split_once('<').unwrap().0)
    };
    let (intake, query) = (secret(&made, "sti_"), secret(&made, "stq_"));
    server.ask(Method::GET, "/v1/conferences", &query).await.ok();
    let again = browser.page("/apps").await;
    assert!(!again.contains(&intake) && !again.contains(&query), "shown once");
    let shop = server.store.apps().await.unwrap().into_iter().find(|app| app.name == "shop").unwrap().key;
    let change =
        format!("form_token={token}&origins=https%3A%2F%2FA.example%0Ahttp%3A%2F%2Fb.example%3A81&retention_days=7&keep_addresses=yes");
    assert_eq!(browser.submit(&format!("/apps/{shop}"), &change).await.status, StatusCode::SEE_OTHER);
    let wrong = browser.submit(&format!("/apps/{shop}"), &format!("form_token={token}&origins=a.example")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let settings = server.store.apps().await.unwrap().into_iter().find(|app| app.name == "shop").unwrap().settings;
    assert_eq!(
        (settings.origins, settings.retention_days, settings.keep_addresses),
        (vec!["https://a.example".to_owned(), "http://b.example:81".to_owned()], Some(7), true)
    );
    let rules = |preset: &str, thresholds: &str| format!("form_token={token}&preset={preset}&thresholds={thresholds}");
    let path = format!("/apps/{shop}");
    assert_eq!(
        browser.submit(&path, &rules("twilio", "high_rtt.major%3D600%0D%0Alow_mos.major%3Doff")).await.status,
        StatusCode::SEE_OTHER
    );
    for (preset, thresholds, why) in [
        ("zoom", "", "There is no preset"),
        ("twilio", "av_skew.minor%3D1", "has no rule"),
        ("twilio", "high_rtt", "write rule.severity=value"),
    ] {
        let refused = browser.submit(&path, &rules(preset, thresholds)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.html().contains(why), "{why}");
    }
    let settings = server.store.apps().await.unwrap().into_iter().find(|app| app.name == "shop").unwrap().settings;
    assert_eq!(settings.rules.to_string(), "twilio high_rtt.major=600 low_mos.major=off");
    assert!(browser.page("/apps").await.contains("high_rtt.major=600\nlow_mos.major=off"));
    let rotated = browser.submit(&format!("/apps/{shop}/rotate"), &format!("form_token={token}&which=query")).await.html();
    let old = secret(&rotated, "stq_");
    server.ask(Method::GET, "/v1/conferences", &old).await.ok();
    let rotate = |what: &str| format!("form_token={token}&which=query&{what}=yes");
    assert!(!browser.page("/apps").await.contains("Refuse all but the newest"));
    let new = secret(&browser.submit(&format!("/apps/{shop}/rotate"), &rotate("keep_old")).await.html(), "stq_");
    server.ask(Method::GET, "/v1/conferences", &old).await.ok();
    assert!(browser.page("/apps").await.contains("Refuse all but the newest"));
    assert_eq!(browser.submit(&format!("/apps/{shop}/rotate"), &rotate("only_newest")).await.status, StatusCode::SEE_OTHER);
    server.ask(Method::GET, "/v1/conferences", &old).await.refused(401, "secret_unknown");
    server.ask(Method::GET, "/v1/conferences", &new).await.ok();
    let add = |name: &str, password: &str| format!("form_token={token}&name={name}&role=support&password={password}");
    assert_eq!(browser.submit("/team", &add("bob", "correct+horse+battery")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.submit("/team", &add("bob", "correct+horse+battery")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.submit("/team", &add("eve", "short")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.submit("/team/remove", &format!("form_token={token}&name=ada")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let promoted = browser.submit("/team/change", &format!("form_token={token}&name=bob&role=admin&password=")).await;
    assert_eq!(promoted.status, StatusCode::SEE_OTHER);
    assert_eq!(server.store.local_users().await.unwrap()[1].role, Role::Admin);
    assert_eq!(browser.submit("/team/remove", &format!("form_token={token}&name=bob")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(server.store.local_users().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_engineer_sees_aliases() {
    let server = TestServer::new().await;
    let mut batch = a_batch();
    let payload = serde_json::json!({"user_name": "Ada Lovelace", "alias_name": "Otter"}).to_string();
    batch.events = vec![sidetone_wire::batch::Event { time: batch.sent, kind: "joined".into(), payload }];
    let stored = server.batch(&batch).await.ok();
    let path = format!("/conferences/{}?kind=left", stored["conference"].as_str().unwrap());
    let (support, engineer) = (server.browser("sue", Role::Support).await, server.browser("eli", Role::Engineer).await);
    assert!(support.page(&path).await.contains("Ada Lovelace"));
    let seen = engineer.page(&path).await;
    assert!(seen.contains("Otter") && !seen.contains("Ada Lovelace"));
}

#[tokio::test]
async fn a_file_is_imported_or_refused_with_its_first_fault() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let token = browser.form_token().await;
    let send = async |token: &str, name: &str, body: Vec<u8>| {
        let request = Request::post(format!("/import?name={name}"))
            .header(header::COOKIE, &browser.cookie)
            .header("sec-fetch-site", "same-origin")
            .header("x-form-token", token);
        server.send(request.body(Body::from(body)).unwrap()).await
    };
    let dump = sidetone_testkit::traces::file("traces/webrtc-internals-av.json");
    send("guessed", "dump.json", dump.clone()).await.refused(403, "form_token_wrong");
    assert!(server.get("/v1/conferences").await.ok()["conferences"].as_array().unwrap().is_empty());
    let imported = send(&token, "dump.json", dump.clone()).await.ok();
    assert_eq!((imported["format"].as_str(), imported["stored"].as_bool()), (Some("webrtc-internals"), Some(true)), "{imported}");
    let (key, id) = imported["conferences"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(id, "dump");
    assert!(browser.page(&format!("/conferences/{key}")).await.contains("A good call"));
    assert_eq!(send(&token, "dump.json", dump).await.ok()["stored"], false);
    let detail = send(&token, "broken.json", b"{\"PeerConnections\": {".to_vec()).await.refused(422, "file_not_understood");
    assert!(detail.contains("line 1"), "{detail}");
}
