//! `POST /v1/admin/apps/{key}/secrets`: new secrets of an app.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    NoApp, NoSetting, NotAdmin,
    admin::{Admin, Body},
    settings::SecretKind,
};
use crate::{problem::Problem, state::AppState};

/// Which secrets are to be new.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SecretsChange)]
pub(crate) struct Rotation {
    /// Kinds of secrets; absent: that which sends and that which reads.
    kinds: Option<Vec<SecretKind>>,
    /// Goes on to accept the earlier ones of these kinds, until a later time without it, or with `only_newest`.
    keep_old: bool,
    /// Makes none: the newest of these kinds is accepted alone from now on, once it is where it is used.
    only_newest: bool,
}

/// Secrets just made: shown this once, only their digests are kept. None was made where `only_newest` was asked for.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Secrets)]
pub(crate) struct SecretsBody {
    /// May send; `null` where it was not asked for.
    #[schema(example = "sti_…")]
    intake_secret: Option<String>,
    /// May read.
    #[schema(example = "stq_…")]
    query_secret: Option<String>,
    /// May read real names too.
    #[schema(example = "stn_…")]
    names_secret: Option<String>,
}

/// Make new secrets
///
/// The earlier ones of the same kinds are refused from now on, unless they are kept.
#[utoipa::path(
    post,
    path = "/v1/admin/apps/{key}/secrets",
    tag = "apps",
    params(("key" = String, Path, description = "Key of the app")),
    request_body = Rotation,
    responses((status = 200, body = SecretsBody), NotAdmin, NoApp, NoSetting),
    security(("admin" = []))
)]
pub(crate) async fn rotate(
    State(state): State<AppState>,
    admin: Admin,
    Path(key): Path<String>,
    Body(given): Body<Rotation>,
) -> Result<Json<SecretsBody>, Problem> {
    let app = super::find(&state, &key).await?;
    let kinds = given.kinds.unwrap_or_else(|| vec![SecretKind::Intake, SecretKind::Query]);
    let mut body = SecretsBody::default();
    if given.only_newest {
        if given.keep_old {
            let detail = "keep_old and only_newest say the opposite of each other; give one of them";
            return Err(Problem::bad_request("body_invalid", detail));
        }
        super::keep_newest(&state, app, &kinds, &admin.name).await?;
        return Ok(Json(body));
    }
    for (kind, made) in super::rotate(&state, app, &kinds, given.keep_old, &admin.name).await? {
        let place = match kind {
            SecretKind::Intake => &mut body.intake_secret,
            SecretKind::Query => &mut body.query_secret,
            SecretKind::Names => &mut body.names_secret,
        };
        *place = Some(made.text);
    }
    Ok(Json(body))
}
