//! The end of a session, in whatever it comes: nothing goes on, and the way leads back by the login.

use sidetone_store::local_user::Role;

use super::*;

#[tokio::test]
async fn a_form_without_a_session_leads_by_the_login_back_to_its_page_and_says_that_it_was_not_carried_out() {
    let server = TestServer::new().await;
    server.local_user("ada", Role::Admin).await;
    let path = format!("/apps/{}", server.app.key);
    let before = server.store.apps().await.unwrap();
    let referer = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate"), ("referer", "https://stats.example/apps?saved=1")];
    let answer = server.submit(&path, "form_token=of+before&retention_days=7", &referer).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let login = answer.text(header::LOCATION).to_owned();
    assert!(login.starts_with("/login?next=%2Fapps%3Fsaved%3D1&"), "{login}");
    let form = server.anonymous(&login).await.html();
    assert!(form.contains("was not carried out") && form.contains(r#"value="/apps?saved=1""#), "{form}");
    assert_eq!(server.store.apps().await.unwrap(), before);
    let logout = server.submit("/logout", "form_token=of+before", &referer).await;
    assert_eq!(logout.text(header::LOCATION), "/login", "there is nothing to send again");
}

#[tokio::test]
async fn what_only_a_form_is_sent_to_leads_to_the_page_of_the_form() {
    let server = TestServer::new().await;
    let app = server.app.key;
    for (path, page) in [
        (format!("/apps/{app}"), "/apps"),
        (format!("/apps/{app}/rotate"), "/apps"),
        (format!("/apps/{app}/remove"), "/apps"),
        ("/team/change".to_owned(), "/team"),
        ("/team/remove".to_owned(), "/team"),
        ("/logout".to_owned(), "/"),
    ] {
        let answer = server.anonymous(&path).await;
        assert_eq!((answer.status, answer.text(header::LOCATION)), (StatusCode::SEE_OTHER, page), "{path}");
    }
    let stray = server.send(Request::delete("/team/change").body(Body::empty()).unwrap()).await;
    assert_eq!((stray.status, stray.text(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD,POST"));
    assert!(stray.html().contains("There is no page here") && stray.html().contains(r#"href="/""#));
}

#[tokio::test]
async fn a_script_without_a_session_is_told_so_and_gets_no_page() {
    let server = TestServer::new().await;
    for mode in ["cors", "same-origin"] {
        for path in ["/conferences/1/series/2", "/live/events", "/"] {
            let request = Request::get(path).header("sec-fetch-mode", mode).body(Body::empty()).unwrap();
            let detail = server.send(request).await.refused(401, "session_ended");
            assert!(detail.contains("log in"), "{detail}");
        }
    }
    let request = Request::get("/live").header("sec-fetch-mode", "navigate").body(Body::empty()).unwrap();
    assert_eq!(server.send(request).await.text(header::LOCATION), "/login?next=%2Flive", "a person is led");
}
