//! The API document and its viewer.

use super::*;

#[test]
fn the_committed_document_is_the_one_of_the_code() {
    let committed = include_str!("../../../../docs/openapi.json");
    assert!(crate::openapi().trim() == committed.trim(), "the API changed: run `cargo xtask gen` and look at the difference");
}

#[tokio::test]
async fn the_document_and_its_viewer_are_served() {
    let server = TestServer::new().await;
    let open = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let document = server.send(open("/v1/openapi.json")).await.ok();
    assert_eq!(document, serde_json::from_str::<Value>(&crate::openapi()).unwrap());
    let page = server.send(open("/docs/api/")).await;
    assert_eq!(page.status, 200);
    assert!(String::from_utf8(page.body).unwrap().contains(r#"data-api="/v1/openapi.json""#));
    for (file, kind) in [("swagger-ui-bundle.js", "text/javascript"), ("swagger-ui.css", "text/css")] {
        let file = server.send(open(&format!("/docs/api/{file}"))).await;
        assert_eq!((file.status.as_u16(), file.text(header::CONTENT_TYPE)), (200, kind));
    }
    server.send(open("/docs/api/index.php")).await.refused(404, "path_unknown");
}

#[test]
fn every_operation_tells_what_it_is_for_and_what_it_answers() {
    let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 11);
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["summary"].is_string() && operation["description"].is_string(), "{method} {path}");
            assert!(["200", "201", "204"].iter().any(|status| operation["responses"][status].is_object()), "{method} {path}");
        }
    }
}

/// What [`crate::auth::authorize`] may answer, and where there are parameters, that one does not fit.
#[test]
fn every_operation_for_an_app_tells_how_it_is_refused() {
    let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
    let operations = document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    let mut seen = 0;
    for (name, operation) in operations {
        let of_app = |scheme: &Value| scheme.get("intake").is_some() || scheme.get("query").is_some();
        if !operation["security"].as_array().is_some_and(|schemes| schemes.iter().any(of_app)) {
            continue;
        }
        seen += 1;
        let has_query = operation["parameters"].as_array().is_some_and(|all| all.iter().any(|parameter| parameter["in"] == "query"));
        for status in ["401", "403", "429"].into_iter().chain(has_query.then_some("400")) {
            assert!(operation["responses"][status].is_object(), "{name} does not tell of {status}");
        }
    }
    assert!(seen >= 11);
}

#[tokio::test]
async fn health_is_told() {
    let server = TestServer::new().await;
    let health = server.send(Request::get("/healthz").body(Body::empty()).unwrap()).await.ok();
    assert_eq!(health["status"], "ok");
}

#[tokio::test]
async fn the_metrics_tell_how_the_store_is_doing() {
    let server = TestServer::new().await;
    for batch in batches(60).iter().take(3) {
        server.batch(batch).await.ok();
        server.batch(batch).await.ok();
    }
    assert_eq!(server.metric("sidetone_store_committed_batches_total").await, 3.0);
    assert_eq!(server.metric("sidetone_store_commits_total").await, 6.0);
    assert!(server.metric("sidetone_store_commit_seconds_total").await > 0.0);
    assert!(server.metric("sidetone_store_size_bytes").await >= 4096.0);
    assert_eq!(server.metric("sidetone_store_waiting_batches").await, 0.0);
    assert!(String::from_utf8(server.get("/metrics").await.body).unwrap().contains("\nsidetone_store_free_bytes "));
}

#[tokio::test]
async fn who_makes_methods_up_makes_no_figures_without_end() {
    let server = TestServer::new().await;
    for method in ["BREW", "WHEN", "GETS"] {
        let request = Request::builder().method(method).uri("/v1/conferences").body(Body::empty()).unwrap();
        assert_eq!(server.send(request).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    let told = String::from_utf8(server.get("/metrics").await.body).unwrap();
    let requests: Vec<_> = told.lines().filter(|line| line.starts_with("sidetone_http_requests_total{")).collect();
    assert_eq!(requests, [r#"sidetone_http_requests_total{method="other",route="/v1/conferences",status="405"} 3"#]);
}
