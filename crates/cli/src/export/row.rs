//! The rows of each table for one conference.

use anyhow::{Context, Result};
use sidetone_engine::{
    analysis::{Analyzer, Output, StreamId, Summary, Tick},
    ids::{AppKey, ConferenceKey, PeerConnectionKey},
    issue::RuleSet,
    metric::MetricValues,
    score::life::Scores,
    units::Timestamp,
};
use sidetone_server::{Mask, export::Names, finalise};
use sidetone_store::{
    Store,
    query::{EventQuery, PAGE_ROWS_MAX},
    record::{ConferenceDetail, ConferenceState, Participant, PeerConnection, StoredEvent},
};
use sidetone_wire::codec;

use super::table::{Cell, Table};
use crate::score::{direction, kind};

/// What the wanted tables need of one conference.
pub(super) struct Rows {
    detail: ConferenceDetail,
    events: Vec<StoredEvent>,
}

type Sink<'a> = &'a mut dyn FnMut(Vec<Cell>) -> Result<()>;

impl Rows {
    /// Reads it; `None` when the conference is gone.
    pub(super) async fn read(store: &dyn Store, app: AppKey, key: ConferenceKey, names: Names, tables: &[Table]) -> Result<Option<Self>> {
        let Some(mut detail) = store.conference(app, key).await? else { return Ok(None) };
        let mask = (names == Names::Hidden).then(|| Mask::of(&detail.participants));
        match &mask {
            None => super::note_names(store, app, &detail).await?,
            Some(_) => detail.participants.iter_mut().for_each(|participant| participant.facts.user_name.clear()),
        }
        let mut rows = Self { detail, events: Vec::new() };
        if tables.contains(&Table::Events) {
            let mut query = EventQuery { limit: PAGE_ROWS_MAX, ..EventQuery::default() };
            loop {
                let page = store.events(app, key, &query).await?;
                rows.events.extend(page.rows);
                if page.next.is_none() {
                    break;
                }
                query.after = page.next;
            }
            if let Some(mask) = mask {
                rows.events.iter_mut().for_each(|held| held.event.payload = mask.payload(&held.event.payload));
            }
        }
        Ok(Some(rows))
    }

    /// Hands every row of a table to `sink`.
    pub(super) async fn of(&self, store: &dyn Store, app: AppKey, table: Table, sink: Sink<'_>) -> Result<()> {
        match table {
            Table::Conferences => sink(self.conference()),
            Table::Participants => self.detail.participants.iter().try_for_each(|participant| sink(self.participant(participant))),
            Table::PeerConnections => self.detail.peer_connections.iter().try_for_each(|connection| sink(self.peer_connection(connection))),
            Table::Streams => self.streams(sink),
            Table::Issues => self.issues(sink),
            Table::Events => self.events.iter().try_for_each(|event| sink(self.event(event))),
            Table::Series => self.series(store, app, sink).await,
        }
    }

    fn key(&self) -> Cell {
        text(self.detail.conference.key)
    }

    fn conference(&self) -> Vec<Cell> {
        let conference = &self.detail.conference;
        let score = conference.score.as_ref();
        let issues = score.map(|score| score.issues.iter().map(|issue| issue.count).sum());
        let mut cells = vec![
            self.key(),
            text(&conference.conference_id),
            Cell::Time(conference.start),
            Cell::Time(conference.end),
            text(match conference.state {
                ConferenceState::Running => "running",
                ConferenceState::Ended => "ended",
                ConferenceState::Finalised => "finalised",
            }),
            Cell::Whole(conference.participant_count.into()),
            Cell::Whole(conference.peer_connection_count.into()),
        ];
        cells.extend(scores(score.map(|score| score.scores)));
        cells.push(issues.map_or(Cell::Absent, whole));
        cells
    }

    fn participant(&self, participant: &Participant) -> Vec<Cell> {
        let facts = &participant.facts;
        let mut cells = vec![
            self.key(),
            text(participant.key),
            text(&participant.participant_id),
            text(&participant.user_id),
            Cell::Time(participant.joined),
            Cell::Time(participant.last_seen),
            time(participant.ended),
            Cell::Flag(participant.timed_out),
        ];
        let told = [
            &facts.user_name,
            &facts.alias_name,
            &facts.site,
            &facts.app_version,
            &facts.user_agent,
            &facts.browser,
            &facts.browser_version,
            &facts.os,
            &facts.sdk,
        ];
        cells.extend(told.map(|fact| if fact.is_empty() { Cell::Absent } else { text(fact) }));
        let ids = &facts.additional_ids;
        cells.push(if ids.is_empty() { Cell::Absent } else { Cell::Text(serde_json::json!(ids).to_string()) });
        cells.extend(scores(participant.scores));
        cells
    }

    fn peer_connection(&self, connection: &PeerConnection) -> Vec<Cell> {
        vec![
            self.key(),
            text(connection.participant),
            text(connection.key),
            text(&connection.peer_connection_id),
            Cell::Time(connection.start),
            Cell::Time(connection.end),
            whole(connection.report_count),
            whole(connection.report_bytes),
        ]
    }

    fn streams(&self, sink: Sink<'_>) -> Result<()> {
        for connection in &self.detail.peer_connections {
            let mut row = |stream: Vec<Cell>, summary: &Summary| {
                let Summary { metric, count, mean, min, max, p5, p50, p95 } = *summary;
                let mut cells = vec![self.key(), text(connection.key)];
                cells.extend(stream);
                cells.push(text(metric.name()));
                cells.push(whole(count));
                cells.extend([mean, min, max, p5, p50, p95].map(Cell::Real));
                sink(cells)
            };
            for summary in &connection.summaries {
                row(vec![Cell::Absent; 9], summary)?;
            }
            for record in &connection.streams {
                let stream = &record.stream;
                for summary in &record.summaries {
                    let mut cells = stream_id(Some(stream.id));
                    let told = [&stream.mid, &stream.rid, &stream.codec, &stream.track];
                    cells.extend(told.map(|fact| fact.as_ref().map_or(Cell::Absent, text)));
                    cells.extend([Cell::Time(stream.first), Cell::Time(stream.last)]);
                    row(cells, summary)?;
                }
            }
        }
        Ok(())
    }

    fn issues(&self, sink: Sink<'_>) -> Result<()> {
        for connection in &self.detail.peer_connections {
            for issue in &connection.issues {
                let mut cells = vec![self.key(), text(connection.key), text(&*issue.rule), text(issue.severity.name())];
                cells.extend(stream_id(issue.stream));
                cells.extend([Cell::Time(issue.onset), Cell::Time(issue.raised), time(issue.cleared)]);
                cells.extend([text(issue.evidence.metric.name()), Cell::Real(issue.evidence.threshold)]);
                sink(cells)?;
            }
        }
        Ok(())
    }

    fn event(&self, held: &StoredEvent) -> Vec<Cell> {
        vec![
            self.key(),
            text(held.participant),
            held.peer_connection.map_or(Cell::Absent, text),
            Cell::Time(held.event.time),
            text(&held.event.kind),
            text(&held.event.payload),
        ]
    }

    async fn series(&self, store: &dyn Store, app: AppKey, sink: Sink<'_>) -> Result<()> {
        for key in self.detail.peer_connections.iter().map(|connection| connection.key) {
            let mutes = finalise::mutes_of(store, app, key).await?;
            let mut analyzer = Analyzer::live(&RuleSet::default());
            mutes.into_iter().for_each(|change| analyzer.set_mute(change));
            // This is all that the program does: it may wait here.
            for chunk in store.chunks(app, key).await? {
                let chunk = chunk?;
                let mut run =
                    codec::decode(&chunk.reports.bytes).with_context(|| format!("stored reports of peer connection {key} are damaged"))?;
                run.shift(chunk.reports.shift_us);
                let mut outcome = Ok(());
                analyzer.push(&run, &mut |output| {
                    if let (Output::Tick(tick), true) = (output, outcome.is_ok()) {
                        outcome = self.tick(key, tick, &mut *sink);
                    }
                });
                outcome?;
            }
        }
        Ok(())
    }

    fn tick(&self, key: PeerConnectionKey, tick: &Tick, sink: Sink<'_>) -> Result<()> {
        let mut values = |stream: Option<StreamId>, values: &MetricValues| {
            values.iter().try_for_each(|(metric, value)| {
                let mut cells = vec![self.key(), text(key)];
                cells.extend(stream_id(stream));
                cells.extend([Cell::Time(tick.time), text(metric.name()), Cell::Real(value)]);
                sink(cells)
            })
        };
        values(None, &tick.connection)?;
        tick.streams.iter().try_for_each(|stream| values(Some(stream.stream), &stream.values))
    }
}

fn text(value: impl ToString) -> Cell {
    Cell::Text(value.to_string())
}

fn whole(value: u64) -> Cell {
    Cell::Whole(i64::try_from(value).unwrap_or(i64::MAX))
}

fn time(value: Option<Timestamp>) -> Cell {
    value.map_or(Cell::Absent, Cell::Time)
}

fn scores(scores: Option<Scores>) -> [Cell; 3] {
    let Scores { mos_lq, mos_cq, mos_v } = scores.unwrap_or_default();
    [mos_lq, mos_cq, mos_v].map(|score| score.map_or(Cell::Absent, Cell::Real))
}

/// Direction, kind and SSRC; absent for the connection itself.
fn stream_id(id: Option<StreamId>) -> Vec<Cell> {
    id.map_or_else(|| vec![Cell::Absent; 3], |id| vec![text(direction(id.direction)), text(kind(id.kind)), Cell::Whole(id.ssrc.into())])
}
