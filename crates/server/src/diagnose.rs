//! Diagnosing a conference: its analyses, its events and, of its poor stretches, its reports once more.

use sidetone_engine::{
    analysis::{Analyzer, Output},
    diagnosis::{Connection, Diagnosis, Happening, Inquiry},
    ids::{AppKey, PeerConnectionKey},
    issue::RuleSet,
};
use sidetone_store::{Store, chunks::Chunks};

use crate::{
    finalise::FinaliseError,
    run::{self, ReadError},
};

/// Why a conference was poor where it was. Reads the stored reports of its poor stretches; a good conference costs nothing.
pub(crate) async fn diagnose(
    store: &dyn Store,
    app: AppKey,
    connections: Vec<Connection>,
    happenings: Vec<Happening>,
) -> Result<Vec<Diagnosis>, FinaliseError> {
    let keys: Vec<PeerConnectionKey> = connections.iter().map(|connection| connection.key).collect();
    let mut inquiry = Inquiry::new(connections, happenings);
    for key in keys {
        let Some(span) = inquiry.wanted(key) else { continue };
        let chunks = store.chunks_between(app, key, span).await?;
        let read = tokio::task::spawn_blocking(move || read(&mut inquiry, key, chunks).map(|()| inquiry));
        let read = read.await.map_err(|_| FinaliseError::Panicked)?;
        inquiry = read.map_err(|error| FinaliseError::read(key, error))?;
    }
    tokio::task::spawn_blocking(move || inquiry.finish()).await.map_err(|_| FinaliseError::Panicked)
}

/// Gives the ticks of some chunks to the inquiry.
fn read(inquiry: &mut Inquiry, key: PeerConnectionKey, chunks: Chunks) -> Result<(), ReadError> {
    // Values alone are wanted: no rule is judged twice.
    let no_rules = RuleSet { rules: Vec::new(), ..RuleSet::default() };
    let mut analyzer = Analyzer::live(&no_rules);
    for run in run::in_order(chunks) {
        analyzer.push(&run?, &mut |output| {
            if let Output::Tick(tick) = output {
                inquiry.read(key, tick);
            }
        });
    }
    Ok(())
}
