//! `/`: the conferences of an app, with search, filters and their quality at a glance.

use axum::{extract::State, response::Response};
use maud::{Markup, html};
use serde::Deserialize;
use sidetone_engine::{issue::RuleSet, score::grade::Grade, units::Timestamp};
use sidetone_store::record::{Conference, ConferenceKind, ConferenceState};

use super::{
    first_call, format, icon, quality,
    refusal::Refusal,
    session::Visitor,
    shell::{self, Place},
};
use crate::{
    calendar,
    problem::Problem,
    query::{
        Parameters,
        conferences::{self, SearchParameters, StateParameter},
        cursor,
    },
    state::AppState,
};

/// Rows of a page.
const ROWS: usize = 30;

/// What the form asks for; an empty field asks for nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// Name of the kind; empty: calls.
    kind: String,
    q: String,
    user: String,
    range: String,
    from: String,
    until: String,
    quality: String,
    issue: String,
    browser: String,
    site: String,
    additional_id: String,
    state: String,
    after: String,
}

const RANGES: [(&str, &str, i64); 4] =
    [("1h", "Last hour", 3_600), ("24h", "Last 24 hours", 86_400), ("7d", "Last 7 days", 604_800), ("30d", "Last 30 days", 2_592_000)];

impl Filter {
    fn search(&self, now: Timestamp) -> Result<SearchParameters, Problem> {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let day = |name: &str, text: &str| {
            let day = some(text).map(|text| calendar::parse(&text)).transpose();
            day.map_err(|error| Problem::bad_request("parameter_invalid", format!("{name}: {error}")))
        };
        let since = RANGES.iter().find(|(name, ..)| *name == self.range).map(|(.., seconds)| now.plus_micros(-seconds * 1_000_000));
        let from = day("from", &self.from)?.or(since);
        // The day named is meant as a whole.
        let until = day("until", &self.until)?.map(|day| day.plus_micros(86_400_000_000));
        let (mos_min, mos_max) = Grade::ALL.into_iter().find(|grade| grade.name() == self.quality).map_or((None, None), Grade::bounds);
        Ok(SearchParameters {
            from_ms: from.map(Timestamp::as_millis_f64),
            until_ms: until.map(Timestamp::as_millis_f64),
            conference_id_prefix: some(&self.q),
            user_id_prefix: some(&self.user),
            browser: some(&self.browser),
            site: some(&self.site),
            additional_id: some(&self.additional_id),
            issue: some(&self.issue),
            mos_min,
            mos_max,
            kind: Some(self.kind().into()),
            state: (self.state == "running").then_some(StateParameter::Running),
            after: some(&self.after),
            limit: Some(ROWS),
            ..SearchParameters::default()
        })
    }

    fn kind(&self) -> ConferenceKind {
        ConferenceKind::ALL.into_iter().find(|kind| kind.name() == self.kind).unwrap_or_default()
    }

    fn fields(&self) -> [(&'static str, &str); 12] {
        [
            ("kind", &self.kind),
            ("q", &self.q),
            ("user", &self.user),
            ("range", &self.range),
            ("from", &self.from),
            ("until", &self.until),
            ("quality", &self.quality),
            ("issue", &self.issue),
            ("browser", &self.browser),
            ("site", &self.site),
            ("additional_id", &self.additional_id),
            ("state", &self.state),
        ]
    }

    fn is_empty(&self) -> bool {
        self.fields().iter().all(|(name, value)| *name == "kind" || value.is_empty())
    }

    /// Whether something is asked that the closed form does not show.
    fn asks_more(&self) -> bool {
        [&self.from, &self.until, &self.issue, &self.browser, &self.site, &self.additional_id, &self.state]
            .iter()
            .any(|value| !value.is_empty())
    }

    /// The same question, from that place on.
    fn link(&self, visitor: &Visitor, after: Option<&str>) -> String {
        let asked = self.fields().into_iter().chain([("after", after.unwrap_or_default())]).filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = asked.map(|(name, value)| format!("{name}={}", format::percent_encoded(value))).collect();
        visitor.link(&if query.is_empty() { "/".to_owned() } else { format!("/?{}", query.join("&")) })
    }
}

pub(crate) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    Parameters(filter): Parameters<Filter>,
) -> Result<Response, Refusal> {
    let Some(app) = &visitor.app else { return Ok(no_app(&visitor, Place::Conferences, "Conferences")) };
    let found = conferences::find(&state, app.key, filter.search(state.clock.now())?).await?;
    let main = html! {
        div.page-head { h1 { "Conferences" } @if app.settings.callstats.is_some() { (kinds(filter.kind(), &visitor)) } }
        (form(&filter, &visitor))
        @if found.rows.is_empty() {
            @if filter.is_empty() && filter.after.is_empty() { @if filter.kind() == ConferenceKind::Call { (no_calls(&visitor, &app.name)) } @else { (none_of(filter.kind())) } } @else { (no_match(&filter, &visitor)) }
        } @else {
            (table(&found.rows, &visitor))
            nav.pages aria-label="Pages" {
                @if !filter.after.is_empty() { a.button href=(filter.link(&visitor, None)) { "Newest" } }
                @if let Some(next) = &found.next { a.button href=(filter.link(&visitor, Some(&cursor::write(next)))) rel="next" { "Older" } }
            }
        }
    };
    Ok(shell::page(&visitor, Some(Place::Conferences), "Conferences", main))
}

/// Leads to what is kept like a call and is none; only the clients of callstats.io tell of it.
fn kinds(shown: ConferenceKind, visitor: &Visitor) -> Markup {
    html! {
        nav.kinds aria-label="What is shown" {
            @for kind in ConferenceKind::ALL {
                @let path = if kind == ConferenceKind::Call { "/".to_owned() } else { format!("/?kind={}", kind.name()) };
                a href=(visitor.link(&path)) aria-current=[(kind == shown).then_some("page")] { (plural(kind)) }
            }
        }
    }
}

fn plural(kind: ConferenceKind) -> &'static str {
    match kind {
        ConferenceKind::Call => "Calls",
        ConferenceKind::PreCallTest => "Pre-call tests",
        ConferenceKind::Bridge => "Bridges",
        ConferenceKind::Device => "Devices",
    }
}

fn none_of(kind: ConferenceKind) -> Markup {
    let what = match kind {
        ConferenceKind::Call => "",
        ConferenceKind::PreCallTest => {
            "A page that initialises callstats.js tests its network where this server has a TURN server to lend ([turn] in its configuration)."
        }
        ConferenceKind::Bridge => "A Jitsi videobridge tells of itself once it reports here.",
        ConferenceKind::Device => "The Java SDK tells of the machine that it runs on.",
    };
    html! { div.empty { (icon::search()) h2 { "No " (plural(kind).to_lowercase()) " yet" } p.muted { (what) } } }
}

fn form(filter: &Filter, visitor: &Visitor) -> Markup {
    let select = |name: &str, value: &str, any: &str, options: &[(String, String)]| {
        html! {
            select name=(name) {
                option value="" { (any) }
                @for (option, shown) in options { option value=(option) selected[option == value] { (shown) } }
            }
        }
    };
    let text = |name: &str, label: &str, value: &str| {
        html! { label { span { (label) } input type="text" name=(name) value=(value) autocomplete="off" autocapitalize="none" spellcheck="false"; } }
    };
    let ranges: Vec<_> = RANGES.iter().map(|(name, shown, _)| ((*name).to_owned(), (*shown).to_owned())).collect();
    let grades: Vec<_> = Grade::ALL.iter().map(|grade| (grade.name().to_owned(), format::rule(grade.name()))).collect();
    let rules: Vec<_> = RuleSet::default().rules.iter().map(|rule| (rule.name.to_owned(), format::rule(rule.name))).collect();
    html! {
        form.filters method="get" action="/" role="search" {
            @if visitor.apps.len() > 1 { @if let Some(app) = &visitor.app { input type="hidden" name="app" value=(app.key); } }
            @if !filter.kind.is_empty() { input type="hidden" name="kind" value=(filter.kind); }
            div.filter-row {
                label.search-field { span.unseen { "Conference id" } (icon::search()) input type="search" name="q" value=(filter.q) placeholder="Conference id" autocomplete="off" autocapitalize="none" spellcheck="false"; }
                label.search-field { span.unseen { "User id" } (icon::people()) input type="search" name="user" value=(filter.user) placeholder="User id" autocomplete="off" autocapitalize="none" spellcheck="false"; }
                label { span.unseen { "Time" } (select("range", &filter.range, "Any time", &ranges)) }
                label { span.unseen { "Quality" } (select("quality", &filter.quality, "Any quality", &grades)) }
                button.primary type="submit" { "Search" }
                @if !filter.is_empty() { a.button.quiet href=(visitor.link("/")) { "Clear" } }
            }
            details.more open[filter.asks_more()] {
                summary { "More filters" }
                div.filter-grid {
                    label { span { "From (UTC)" } input type="date" name="from" value=(filter.from); }
                    label { span { "Until (UTC)" } input type="date" name="until" value=(filter.until); }
                    label { span { "Issue" } (select("issue", &filter.issue, "Any", &rules)) }
                    label { span { "State" } (select("state", &filter.state, "Any", &[("running".to_owned(), "Running now".to_owned())])) }
                    (text("browser", "Browser", &filter.browser))
                    (text("site", "Site", &filter.site))
                    (text("additional_id", "Additional id", &filter.additional_id))
                }
            }
        }
    }
}

fn table(rows: &[Conference], visitor: &Visitor) -> Markup {
    html! {
        div.card.flush {
            table.rows {
                thead { tr { th scope="col" { "Score" } th scope="col" { "Conference" } th scope="col" { "Started" } th.number scope="col" { "Duration" } th.number scope="col" { "People" } th scope="col" { "Issues" } } }
                tbody { @for row in rows { (line(row, visitor)) } }
            }
        }
    }
}

fn line(row: &Conference, visitor: &Visitor) -> Markup {
    html! {
        tr {
            td.cell-score { @if row.state == ConferenceState::Running { (running()) } @else { (quality::badge(row.score.as_ref().and_then(|score| score.scores.overall()))) } }
            td.cell-name { a.row-link href=(visitor.link(&format!("/conferences/{}", row.key))) { (name(row.conference_id.as_str())) } }
            td.cell-time { (format::instant(row.start, "minute")) }
            td.cell-span.number { (format::span_us(row.end.as_micros() - row.start.as_micros())) }
            td.cell-people.number { (row.participant_count) span.only-narrow { " " (people(row.participant_count.into())) } }
            td.cell-issues {
                @match &row.score {
                    Some(score) => (quality::issues(score)),
                    None => span.muted { @if row.state == ConferenceState::Running { "running" } @else { "being judged" } },
                }
            }
        }
    }
}

/// What stands behind a number of participants.
pub(crate) fn people(count: u64) -> &'static str {
    if count == 1 { "person" } else { "people" }
}

pub(crate) fn running() -> Markup {
    html! { span.running { span.pulse aria-hidden="true" {} "Live" } }
}

/// An id as the app gave it; an empty one has to be seen as well.
pub(crate) fn name(id: &str) -> Markup {
    html! { @if id.is_empty() { i.muted { "no id" } } @else { bdi { (id) } } }
}

/// What stands on the pages of an app before there is one.
pub(super) fn no_app(visitor: &Visitor, place: Place, title: &str) -> Response {
    let main = html! {
        div.page-head { h1 { (title) } }
        div.empty {
            (icon::key())
            h2 { "There is no app yet" }
            p.muted { "An app is whose calls are measured. It has secrets of its own for sending and for reading." }
            @if visitor.is_admin() {
                p.actions { a.button.primary href="/apps" { "Create an app" } }
            } @else {
                p { "Ask an admin to create one." }
            }
        }
    };
    shell::page(visitor, Some(place), title, main)
}

fn no_calls(visitor: &Visitor, app: &str) -> Markup {
    html! {
        div.empty {
            (icon::wave())
            h2 { "No call has been measured yet" }
            p.muted { "Put this into the page that makes calls, with the intake secret of " b { (app) } ":" }
            (first_call::lines("sti_…"))
            p.muted { "Or take a call that was recorded already:" }
            p.actions { a.button.primary href=(visitor.link("/import")) { (icon::upload()) "Import a dump" } a.button href="/handbook/" { "Read the handbook" } @if visitor.is_admin() { a.button.quiet href="/docs/api" { "See the API" } } }
        }
    }
}

fn no_match(filter: &Filter, visitor: &Visitor) -> Markup {
    html! {
        div.empty {
            (icon::search())
            h2 { "No conference fits" }
            p.muted { "Ids are searched by their beginning, letter case does not matter; browser, site and additional id must be whole." }
            p.actions {
                @if !filter.after.is_empty() { a.button href=(filter.link(visitor, None)) { "Back to the newest" } }
                a.button href=(visitor.link("/")) { "Show all conferences" }
            }
        }
    }
}
