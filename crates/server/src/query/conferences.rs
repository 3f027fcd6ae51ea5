//! `GET /v1/conferences`: search.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use sidetone_engine::{ids::AppKey, issue::Severity};
use sidetone_store::{
    query::{ConferencePage, ConferenceQuery, PAGE_ROWS_MAX, TextMatch},
    record::ConferenceState,
};
use utoipa::{IntoParams, ToSchema};

use super::{NoParameter, Parameters, cursor, names::Reader};
use crate::{
    auth::NotAllowed,
    model::conference::{ConferenceBody, ConferenceKindName},
    problem::Problem,
    state::AppState,
};

/// Which conferences. Every condition given must hold; those on users must hold for one and the same participant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchParameters {
    /// Ended at or after (ms since 1970).
    pub(crate) from_ms: Option<f64>,
    /// Started before (ms since 1970).
    pub(crate) until_ms: Option<f64>,
    /// Conference id, exactly.
    pub(crate) conference_id: Option<String>,
    /// Beginning of the conference id, letter case folded.
    pub(crate) conference_id_prefix: Option<String>,
    /// User id, exactly.
    pub(crate) user_id: Option<String>,
    /// Beginning of the user id, letter case folded.
    pub(crate) user_id_prefix: Option<String>,
    /// Browser, letter case folded.
    #[param(example = "Firefox")]
    pub(crate) browser: Option<String>,
    /// Site, exactly.
    pub(crate) site: Option<String>,
    /// Value of an additional id, exactly.
    pub(crate) additional_id: Option<String>,
    /// Name of that additional id; any when absent.
    pub(crate) additional_id_name: Option<String>,
    /// A rule that fired.
    #[param(example = "high_rtt")]
    pub(crate) issue: Option<String>,
    /// Least severity of that rule, or of any.
    pub(crate) severity: Option<SeverityParameter>,
    /// Score at least (`mos_cq`, or `mos_v` where there is no audio).
    pub(crate) mos_min: Option<f64>,
    /// Score at most.
    pub(crate) mos_max: Option<f64>,
    /// What it is; anything when absent.
    pub(crate) kind: Option<ConferenceKindName>,
    /// Where it stands.
    pub(crate) state: Option<StateParameter>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// Most rows, 1 to 500; 50 when absent.
    pub(crate) limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeverityParameter {
    Minor,
    Major,
    Critical,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateParameter {
    Running,
    Ended,
    Finalised,
}

/// Some conferences.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConferencesBody {
    /// Newest first.
    conferences: Vec<ConferenceBody>,
    /// To be given as `after` for the next page; `null` at the end.
    next: Option<String>,
}

/// Search conferences
///
/// Newest first, in pages. All conditions must hold.
#[utoipa::path(
    get,
    path = "/v1/conferences",
    tag = "query",
    params(SearchParameters),
    responses(
        (status = 200, body = ConferencesBody),
        NoParameter,
        NotAllowed,
    ),
    security(("query" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    reader: Reader,
    Parameters(parameters): Parameters<SearchParameters>,
) -> Result<Json<ConferencesBody>, Problem> {
    let page = find(&state, reader.app, parameters).await?;
    Ok(Json(ConferencesBody { conferences: page.rows.into_iter().map(Into::into).collect(), next: page.next.as_ref().map(cursor::write) }))
}

/// The conferences of an app that match.
pub(crate) async fn find(state: &AppState, app: AppKey, parameters: SearchParameters) -> Result<ConferencePage, Problem> {
    let query = parameters.query()?;
    state.store.search(app, &query).await.map_err(super::store(state))
}

impl SearchParameters {
    fn query(self) -> Result<ConferenceQuery, Problem> {
        if self.additional_id.is_none() && self.additional_id_name.is_some() {
            return Err(Problem::bad_request(
                "parameter_invalid",
                "additional_id_name is given without additional_id; give the value to look for",
            ));
        }
        Ok(ConferenceQuery {
            from: super::time("from_ms", self.from_ms)?,
            until: super::time("until_ms", self.until_ms)?,
            conference_id: text_match("conference_id", self.conference_id, self.conference_id_prefix)?,
            user_id: text_match("user_id", self.user_id, self.user_id_prefix)?,
            browser: self.browser,
            site: self.site,
            additional_id: self.additional_id.map(|value| (self.additional_id_name, value)),
            issue: self.issue,
            severity: self.severity.map(|severity| match severity {
                SeverityParameter::Minor => Severity::Minor,
                SeverityParameter::Major => Severity::Major,
                SeverityParameter::Critical => Severity::Critical,
            }),
            mos_min: mos("mos_min", self.mos_min)?,
            mos_max: mos("mos_max", self.mos_max)?,
            kind: self.kind.map(Into::into),
            state: self.state.map(|state| match state {
                StateParameter::Running => ConferenceState::Running,
                StateParameter::Ended => ConferenceState::Ended,
                StateParameter::Finalised => ConferenceState::Finalised,
            }),
            after: cursor::read(self.after.as_deref())?,
            limit: super::limit(self.limit, 50, PAGE_ROWS_MAX)?,
        })
    }
}

fn text_match(name: &str, exact: Option<String>, prefix: Option<String>) -> Result<Option<TextMatch>, Problem> {
    match (exact, prefix) {
        (Some(_), Some(_)) => {
            Err(Problem::bad_request("parameter_invalid", format!("{name} and {name}_prefix exclude each other; give one")))
        }
        (Some(exact), None) => Ok(Some(TextMatch::Exact(exact))),
        (None, Some(prefix)) => Ok(Some(TextMatch::Prefix(prefix))),
        (None, None) => Ok(None),
    }
}

fn mos(name: &str, value: Option<f64>) -> Result<Option<f64>, Problem> {
    match value {
        Some(value) if !(1.0..=5.0).contains(&value) => {
            Err(Problem::bad_request("parameter_invalid", format!("{name} is {value}, scores go from 1 to 5")))
        }
        value => Ok(value),
    }
}
