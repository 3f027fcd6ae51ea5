//! A whole conference as a portable one, as its reader may see it.

use sidetone_engine::ids::ConferenceKey;
use sidetone_wire::portable::PortableConference;

use super::{conference, names::Reader};
use crate::{export, problem::Problem, state::AppState};

/// The conference of this key with everything in it.
pub(crate) async fn read(state: &AppState, reader: &Reader, key: ConferenceKey) -> Result<PortableConference, Problem> {
    let detail = conference::with_names(state, reader.app, key).await?;
    let names = if reader.sees_names() {
        reader.note(state, &detail.conference, &detail.participants).await?;
        export::Names::Shown
    } else {
        export::Names::Hidden
    };
    let read = export::conference(&*state.store, reader.app, key, names).await.map_err(Problem::internal)?;
    read.ok_or_else(|| super::no_conference(key))
}
