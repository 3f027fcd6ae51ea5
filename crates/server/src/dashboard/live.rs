//! `/live`: the running conferences, moving while one looks; and the streams that pages listen to.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use maud::html;

use super::{
    conferences, format, icon,
    refusal::Refusal,
    session::Visitor,
    shell::{self, Place},
};
use crate::{
    live::{channel::Topic, sse, stream::LiveParameters},
    problem::Problem,
    query::{self, Parameters},
    state::AppState,
};

pub(crate) async fn page(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Refusal> {
    let Some(app) = &visitor.app else { return Ok(conferences::no_app(&visitor, Place::Live, "Live")) };
    let running = state.live.app(app.key).conferences;
    let main = html! {
        div.page-head { div { h1 { "Live" } p.muted { "Conferences that somebody is in, as reports come." } } }
        div.card.flush data-live-list=(visitor.link("/live/events")) data-conference=(visitor.link("/conferences/KEY")) {
            table.rows.live-rows hidden[running.is_empty()] {
                thead { tr { th scope="col" { "Conference" } th scope="col" { "Since" } th.number scope="col" { "People" } th.number scope="col" { "Open issues" } } }
                tbody {
                    @for conference in &running {
                        tr data-key=(conference.key) {
                            td.cell-name {
                                a.row-link href=(visitor.link(&format!("/conferences/{}", conference.key))) { (conferences::name(&conference.conference_id)) }
                                @if let Some(why) = &conference.why { p.live-why.muted { (why) } }
                            }
                            td.cell-time { (format::instant(conference.start_ms.0, "minute")) }
                            td.number { (conference.participant_count) span.only-narrow { " " (conferences::people(conference.participant_count as u64)) } }
                            td.number { (conference.open_issue_count) span.only-narrow { @if conference.open_issue_count == 1 { " issue" } @else { " issues" } } }
                        }
                    }
                }
            }
            div.empty.small.live-none hidden[!running.is_empty()] {
                (icon::live())
                h2 { "Nobody is calling just now" }
                p.muted { "A conference appears here with its first report. This page need not be loaded again." }
                p.actions { a.button href="/handbook/first-call.html" { "How a page reports its calls" } }
            }
        }
        p.muted.live-state role="status" {}
    };
    Ok(shell::page(&visitor, Some(Place::Live), "Live", main))
}

/// What happens in an app.
pub(crate) async fn app_events(State(state): State<AppState>, visitor: Visitor) -> Response {
    let stream = || {
        let app = visitor.app()?;
        sse::response(&state, Topic::App(app), false, visitor.still_good(&state), || sse::state_message(&state.live.app(app)))
    };
    stream().unwrap_or_else(Problem::into_response)
}

/// What happens in a conference.
pub(crate) async fn conference_events(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(key): Path<String>,
    Parameters(parameters): Parameters<LiveParameters>,
) -> Response {
    let open = async {
        let app = visitor.app()?;
        let conference = query::conference::head(&state, app, query::conference_key(&key)?).await?.key;
        sse::response(&state, Topic::Conference(app, conference), parameters.ticks(true), visitor.still_good(&state), || {
            sse::state_message(&state.live.conference(app, conference).unwrap_or_default())
        })
    };
    open.await.unwrap_or_else(Problem::into_response)
}
