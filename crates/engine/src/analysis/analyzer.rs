//! The [`Analyzer`]: one pass over the reports of a peer connection.

mod admission;
mod arrival;
mod connection;

use std::time::Duration;

use self::{admission::admission, arrival::Arrival};
use super::{
    Analysis, Analyzer, Direction, MediaKind, MuteChange, Output, StreamAnalysis, StreamId, StreamTick, Summary, Tick,
    mute::{Mute, Mutes},
    notice::{Notice, Notices},
    summary::{Gather, Gatherer},
};
use crate::{
    issue::{Admission, Condition, Judge, RuleSet, Sample, Verdict},
    metric::{Draft, Metric, MetricValues, Scope},
    report::{Reports, Text},
    series::{Layout, Moment, MutedSpeech, Path, StreamState, Table, has_room},
    units::Timestamp,
};

/// Most streams of one peer connection that are followed. More are counted in [`Rejected`](super::Rejected) and left out.
pub const STREAMS_MAX: usize = 512;

/// Most issues of one peer connection that are kept. More are told as they come, counted in [`Rejected`](super::Rejected) and not kept.
pub const ISSUES_MAX: usize = 4096;

/// Makes what gathers the summaries of one stream or of the connection; nothing where nobody will ask for them. By way of a function, so that
/// a page, where nobody does, need not download it.
type MakeGatherer = fn() -> Option<Box<dyn Gather>>;

/// One stream with everything that is gathered of it.
#[derive(Debug)]
pub(super) struct Followed {
    state: StreamState,
    /// Its values in the report that is read.
    values: Draft,
    /// What is known of its silence then.
    mute: Mute,
    gatherer: Option<Box<dyn Gather>>,
    judge: Judge,
}

impl Followed {
    /// Whether it is received sound.
    fn is_heard(&self) -> bool {
        let id = self.state.stream.id;
        id.direction == Direction::Inbound && id.kind == MediaKind::Audio
    }
}

/// Everything an [`Analyzer`] remembers.
#[derive(Debug)]
pub(super) struct Memory {
    rules: RuleSet,
    mutes: Mutes,
    notices: Notices,
    /// Sorted by id.
    streams: Vec<Followed>,
    path: Path,
    muted: MutedSpeech,
    gatherer: Option<Box<dyn Gather>>,
    judge: Judge,
    /// Issues that were cleared.
    closed: Vec<crate::issue::Issue>,
    /// How many issues there are, with those that last.
    kept: usize,
    analysis: Analysis,
    tick: Tick,
    /// The connection's values in the report that is read.
    values: Draft,
    make_gatherer: MakeGatherer,
    /// The interval before.
    usual: Option<Duration>,
}

impl Analyzer {
    /// An analyzer that judges by `rules`.
    #[must_use]
    pub fn new(rules: &RuleSet) -> Self {
        Self::with(rules, || Some(Box::new(Gatherer::default())))
    }

    fn with(rules: &RuleSet, make_gatherer: MakeGatherer) -> Self {
        Self {
            memory: Box::new(Memory {
                rules: rules.clone(),
                mutes: Mutes::default(),
                notices: Notices::default(),
                streams: Vec::new(),
                path: Path::default(),
                muted: MutedSpeech::default(),
                gatherer: make_gatherer(),
                judge: Judge::new(rules, Scope::Connection, None),
                closed: Vec::new(),
                kept: 0,
                analysis: Analysis::default(),
                tick: Tick {
                    time: Timestamp::default(),
                    interval: Duration::ZERO,
                    connection: MetricValues::default(),
                    streams: Vec::new(),
                },
                values: Draft::new(),
                make_gatherer,
                usual: None,
            }),
        }
    }

    /// An analyzer for one who takes what it tells and asks for no analysis: it gathers no summaries and keeps no issue that was cleared.
    #[must_use]
    pub fn live(rules: &RuleSet) -> Self {
        Self::with(rules, || None)
    }

    /// Says what getStats cannot: that something is muted, or no more, from an instant on. Changes may be told in any order, before or after
    /// the reports of their time; judged by them are the reports that come afterwards.
    pub fn set_mute(&mut self, change: MuteChange) {
        self.memory.mutes.add(change);
    }

    /// Says what an event told of the connection. In any order, before or after the reports of their time.
    pub fn notice(&mut self, notice: Notice) {
        self.memory.notices.add(notice);
    }

    /// Judges by other rules from the next report on. What changed rules had raised and still lasts is over with the last report.
    pub fn set_rules(&mut self, rules: &RuleSet, output: &mut dyn FnMut(Output<'_>)) {
        self.memory.set_rules(rules, output);
    }

    /// Takes the next reports. Duplicated and late reports are counted and left out.
    pub fn push(&mut self, reports: &Reports, output: &mut dyn FnMut(Output<'_>)) {
        self.push_in(&Layout::new(reports), reports, &[], output);
    }

    /// Takes the next reports, whose layout is known. `numbers` are those of a single report, in order of objects and columns, where they are
    /// others than the ones it was made with. They have to be finite.
    pub fn push_in(&mut self, layout: &Layout, reports: &Reports, numbers: &[f64], output: &mut dyn FnMut(Output<'_>)) {
        let table = Table { reports, layout, numbers };
        self.memory.admit(table);
        for row in 0..reports.len() {
            self.memory.read(table, row, output);
        }
    }

    /// The analysis up to the last report.
    #[must_use]
    pub fn analysis(&self) -> Analysis {
        let memory = &self.memory;
        let seen = memory.streams.iter().filter(|followed| followed.state.is_seen);
        let streams = seen.map(|followed| StreamAnalysis {
            stream: followed.state.stream.clone(),
            summaries: summaries(&followed.gatherer),
            unjudged: followed.gatherer.as_ref().map_or_else(Vec::new, |gatherer| gatherer.unjudged()),
        });
        let active = memory.judge.active().chain(memory.streams.iter().flat_map(|followed| followed.judge.active()));
        let mut issues: Vec<_> = memory.closed.iter().chain(active).cloned().collect();
        let order = |name: &str| memory.rules.rules.iter().position(|rule| rule.name == name);
        issues.sort_by_key(|issue| (issue.onset, issue.raised, order(&issue.rule), issue.stream));
        Analysis {
            connection: summaries(&memory.gatherer),
            streams: streams.collect(),
            issues,
            network: memory.path.network.clone(),
            ..memory.analysis.clone()
        }
    }

    /// The analysis of the whole.
    #[must_use]
    pub fn finish(self) -> Analysis {
        self.analysis()
    }
}

impl Memory {
    /// Makes room for every stream of a run, so that their order is settled before its rows are read.
    fn admit(&mut self, table: Table<'_>) {
        for object in table.streams() {
            let mut last = None;
            for row in 0..table.reports.len() {
                let Some(id) = object.stream_id(row).filter(|id| last != Some(*id)) else { continue };
                last = Some(id);
                if let Err(place) = self.streams.binary_search_by_key(&id, |followed| followed.state.stream.id)
                    && self.streams.len() < STREAMS_MAX
                {
                    let judge = Judge::new(&self.rules, scope(id), Some(id));
                    let followed = Followed {
                        state: StreamState::new(id),
                        values: Draft::new(),
                        mute: Mute::default(),
                        gatherer: (self.make_gatherer)(),
                        judge,
                    };
                    self.streams.insert(place, followed);
                }
            }
        }
    }

    fn set_rules(&mut self, rules: &RuleSet, output: &mut dyn FnMut(Output<'_>)) {
        let Self { rules: before, streams, judge, closed, kept, analysis, gatherer, .. } = self;
        let time = analysis.span.unwrap_or_default().1;
        let mut tell = |issue| {
            output(Output::Cleared(&issue));
            if gatherer.is_some() {
                closed.push(issue);
            } else {
                *kept -= 1;
            }
        };
        judge.change(before, rules, Scope::Connection, time, &mut tell);
        for Followed { state, judge, .. } in streams {
            judge.change(before, rules, scope(state.stream.id), time, &mut tell);
        }
        *before = rules.clone();
    }

    fn read(&mut self, table: Table<'_>, row: usize, output: &mut dyn FnMut(Output<'_>)) {
        let interval = match self.arrival(table, row) {
            Arrival::Next(interval) => interval,
            Arrival::Duplicate => {
                self.analysis.rejected.duplicate += 1;
                return;
            }
            Arrival::Late => {
                self.analysis.rejected.out_of_order += 1;
                return;
            }
        };
        let time = table.reports.times()[row];
        self.analysis.report_count += 1;
        let first = self.analysis.span.map_or(time, |(first, _)| first.min(time));
        self.analysis.span = Some((first, time));
        if interval.is_zero() {
            self.judge.forget();
            self.streams.iter_mut().for_each(|followed| followed.judge.forget());
        } else {
            self.usual = Some(interval);
        }
        self.mutes.advance(time);
        let mut tick = std::mem::replace(&mut self.tick, Tick { time, interval, connection: MetricValues::default(), streams: Vec::new() });
        tick.time = time;
        tick.interval = interval;
        self.values(table, row, &mut tick);
        output(Output::Tick(&tick));
        self.judge(&tick, output);
        self.tick = tick;
    }

    /// Fills the tick.
    fn values(&mut self, table: Table<'_>, row: usize, tick: &mut Tick) {
        let draft = &mut self.values;
        draft.clear();
        for object in table.remotes() {
            let place = object.stream_id(row).and_then(|id| place(&self.streams, id));
            if let Some(place) = place {
                self.streams[place].state.read_remote(object, row, tick.time);
            }
        }
        let told = self.streams.iter().filter_map(|followed| followed.state.rtcp.newest(tick.time));
        let told_ms = told.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, rtt_ms)| rtt_ms);
        self.path.read(table, row, tick.time, told_ms, draft);
        self.notices.values(tick.time, draft);
        self.muted.read(table, row, draft);
        let mut moment = Moment {
            time: tick.time,
            interval: tick.interval,
            number: self.analysis.report_count,
            rtt_ms: draft.get(Metric::Rtt),
            starved_ratio: 0.0,
        };
        for object in table.streams() {
            let Some(id) = object.stream_id(row) else { continue };
            match place(&self.streams, id) {
                Some(index) => {
                    self.streams[index].state.read(table, object, row, &moment);
                }
                None => self.analysis.rejected.excess_streams += 1,
            }
        }
        // Mostly nobody asks.
        let received: Vec<Text> = if self.mutes.names_others() {
            self.streams.iter().filter(|followed| followed.is_heard()).filter_map(|followed| followed.state.stream.track.clone()).collect()
        } else {
            Vec::new()
        };
        let mut used = 0;
        for followed in self.streams.iter_mut().filter(|followed| followed.state.last_number == moment.number) {
            let stream = followed.state.stream.id;
            if used == tick.streams.len() {
                tick.streams.push(StreamTick { stream, values: MetricValues::default(), unjudged: None });
            }
            let place = &mut tick.streams[used];
            used += 1;
            place.stream = stream;
            followed.values.clear();
            followed.mute = self.mutes.of(followed.state.stream.track.as_ref(), &received);
            let seconds = followed.state.values(&moment, followed.mute.meant(stream.direction), &mut followed.values);
            // What is received stands before what is sent.
            let starved = followed.values.get(Metric::SynthesizedPlayoutRatio);
            moment.starved_ratio = starved.map_or(moment.starved_ratio, |starved| starved.max(moment.starved_ratio));
            place.values.take(&followed.values);
            place.unjudged = followed.state.unjudged;
            if let Some(gatherer) = &mut followed.gatherer {
                gatherer.add(&place.values, seconds);
                if let Some(reason) = place.unjudged {
                    gatherer.add_unjudged(reason, seconds);
                }
            }
        }
        tick.streams.truncate(used);
        self.connection(&moment);
        tick.connection.take(&self.values);
        if let Some(gatherer) = &mut self.gatherer {
            gatherer.add(&tick.connection, tick.interval.as_secs_f64());
        }
    }

    fn judge(&mut self, tick: &Tick, output: &mut dyn FnMut(Output<'_>)) {
        let Self { rules, mutes, streams, judge, closed, kept, analysis, values, gatherer, .. } = self;
        let mut tell = |verdict: Verdict| match verdict {
            Verdict::Raised(issue) => {
                *kept += 1;
                output(Output::Raised(&issue));
            }
            Verdict::Escalated(issue) => output(Output::Escalated(&issue)),
            Verdict::Cleared(issue) => {
                output(Output::Cleared(&issue));
                if *kept > ISSUES_MAX {
                    analysis.rejected.excess_issues += 1;
                    *kept -= 1;
                } else if gatherer.is_some() {
                    closed.push(issue);
                } else {
                    *kept -= 1;
                }
            }
        };
        let sample = Sample { time: tick.time, interval: tick.interval, seconds: tick.interval.as_secs_f64() };
        if tick.interval.is_zero() {
            return;
        }
        let line = values.get(Metric::AvailableOutgoingBitrate).zip(values.get(Metric::SendBitrate));
        let has_room = line.is_some_and(|(available_bps, sent_bps)| has_room(available_bps, sent_bps));
        let mute = mutes.of(None, &[]);
        judge.judge(rules, sample, values, &|rule, _| Admission::only(rule.condition != Condition::OffHold || !mute.is_held), &mut tell);
        for Followed { state, values, mute, judge, .. } in streams {
            if state.last_number == analysis.report_count {
                judge.judge(
                    rules,
                    sample,
                    values,
                    &|rule, value| admission(rule.condition, value, state, values, *mute, has_room),
                    &mut tell,
                );
            } else if judge.has_active() {
                // A stream that is gone has no bad values any more.
                judge.judge(rules, sample, values, &|_, _| Admission::Absent, &mut tell);
            } else {
                judge.forget();
            }
        }
    }
}

fn summaries(gatherer: &Option<Box<dyn Gather>>) -> Vec<Summary> {
    gatherer.as_ref().map_or_else(Vec::new, |gatherer| gatherer.summaries())
}

fn place(streams: &[Followed], id: StreamId) -> Option<usize> {
    streams.binary_search_by_key(&id, |followed| followed.state.stream.id).ok()
}

fn scope(id: StreamId) -> Scope {
    match (id.direction, id.kind) {
        (Direction::Inbound, MediaKind::Audio) => Scope::InboundAudio,
        (Direction::Inbound, MediaKind::Video) => Scope::InboundVideo,
        (Direction::Outbound, MediaKind::Audio) => Scope::OutboundAudio,
        (Direction::Outbound, MediaKind::Video) => Scope::OutboundVideo,
    }
}
