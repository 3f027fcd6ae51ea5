//! What a path below `/v1/apps/` is about. Paths are read raw: an escaped slash belongs to a conference id.

use std::str::FromStr;

use sidetone_engine::ids::ConferenceKey;

use super::escape;

/// A path below `/v1/apps/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The app's number.
    pub app_id: u64,
    /// What of the app.
    pub target: Target,
}

/// What of an app a path is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `configurations`, `configurations/internal`.
    Configurations,
    /// `conferences/{id}`.
    Join {
        /// The app's name for the conference.
        conference_id: String,
    },
    /// `conferences/{id}/{ucID}/…`.
    InConference {
        /// The app's name for the conference.
        conference_id: String,
        /// The name that the answer to the join gave this occurrence.
        uc_id: String,
        /// What follows, such as `events/user/alive`.
        topic: String,
    },
    /// Anything else, such as `events/precall` or `stats/bridge/alive`: it belongs to no conference.
    Apart {
        /// The whole path below the app.
        topic: String,
    },
}

/// Why a path is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// It does not begin with a number.
    #[error("the path names the app {0:?}; an AppID is a number")]
    AppId(String),
    /// An escaped name is no text.
    #[error("the conference id in the path is not UTF-8 once its escapes are undone")]
    NotUtf8,
}

/// Reads what follows `/v1/apps/` in the path as it was sent.
///
/// # Errors
/// When the app or the conference cannot be read.
pub fn route(path: &str) -> Result<Route, RouteError> {
    let (app, rest) = path.split_once('/').unwrap_or((path, ""));
    let app_id = app.parse().map_err(|_| RouteError::AppId(app.chars().take(100).collect()))?;
    let target = match rest.strip_prefix("conferences/") {
        Some(conference) => in_conference(conference)?,
        None if matches!(rest.trim_end_matches('/'), "configurations" | "configurations/internal") => Target::Configurations,
        None => Target::Apart { topic: rest.trim_end_matches('/').to_owned() },
    };
    Ok(Route { app_id, target })
}

/// `{id}` or `{id}/{ucID}/…`. One client leaves slashes in the id as they are: then the ucID, which only we give out, tells where the id ends.
fn in_conference(path: &str) -> Result<Target, RouteError> {
    let segments: Vec<&str> = path.split('/').collect();
    let by_key = segments.iter().skip(1).position(|segment| ConferenceKey::from_str(segment).is_ok()).map(|index| index + 1);
    let by_topic = segments.get(2).filter(|first| matches!(**first, "events" | "stats" | "customstats" | "system")).map(|_| 1);
    let decoded = |segments: &[&str]| escape::decode(&segments.join("/")).ok_or(RouteError::NotUtf8);
    let Some(index) = by_key.or(by_topic).filter(|index| index + 1 < segments.len()) else {
        return Ok(Target::Join { conference_id: decoded(&segments)? });
    };
    Ok(Target::InConference {
        conference_id: decoded(&segments[..index])?,
        uc_id: segments[index].to_owned(),
        topic: segments[index + 1..].join("/").trim_end_matches('/').to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "01JD3V9Q4Z3X5Y7A8B9C0D1E2F";

    fn in_conference(conference_id: &str, uc_id: &str, topic: &str) -> Target {
        Target::InConference { conference_id: conference_id.into(), uc_id: uc_id.into(), topic: topic.into() }
    }

    #[test]
    fn paths_are_told_apart() {
        for (path, target) in [
            ("123/configurations", Target::Configurations),
            ("123/configurations/internal", Target::Configurations),
            ("123/conferences/room%201%2F%C3%BC%3F%2Bx", Target::Join { conference_id: "room 1/ü?+x".into() }),
            ("123/conferences/room+1%2Fx", Target::Join { conference_id: "room 1/x".into() }),
            (&format!("123/conferences/a%2Fb/{KEY}/events/user/alive"), in_conference("a/b", KEY, "events/user/alive")),
            (&format!("123/conferences/a/b/{KEY}/stats"), in_conference("a/b", KEY, "stats")),
            ("123/conferences/a/1795228000123/events/fabric/setup", in_conference("a", "1795228000123", "events/fabric/setup")),
            (&format!("123/conferences/a/{KEY}/something/new"), in_conference("a", KEY, "something/new")),
            ("123/conferences/a/b", Target::Join { conference_id: "a/b".into() }),
            ("123/events/precall", Target::Apart { topic: "events/precall".into() }),
            ("123/stats/bridge/alive/", Target::Apart { topic: "stats/bridge/alive".into() }),
        ] {
            assert_eq!(route(path), Ok(Route { app_id: 123, target }), "{path}");
        }
    }

    #[test]
    fn a_path_that_makes_no_sense_is_refused_with_the_reason() {
        assert_eq!(route("null/configurations"), Err(RouteError::AppId("null".into())));
        assert_eq!(route("1/conferences/%FF"), Err(RouteError::NotUtf8));
    }
}
