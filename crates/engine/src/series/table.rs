//! Where in a run of reports the engine's members stand: looked up once per run, then read row by row.

use super::field::Field;
use crate::{
    analysis::{Direction, MediaKind, StreamId},
    bits::Bits,
    order::order,
    report::{Column, Data, Object, Presence, Reports, Text, Value},
};

/// What an object is to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `inbound-rtp` or `outbound-rtp`.
    Stream(Direction),
    /// What the far end says of our stream of that direction: `remote-inbound-rtp` is about an outbound stream.
    Remote(Direction),
    /// `media-source`.
    Source,
    /// `media-playout`.
    Playout,
    /// `track` of Chrome before 2023.
    Track,
    /// `codec`.
    Codec,
    /// `candidate-pair`.
    Pair,
    /// `transport`.
    Transport,
    /// `local-candidate` or `remote-candidate`.
    Candidate,
    /// `muted-microphone`: what the page itself heard of a microphone that is muted.
    Muted,
}

impl Kind {
    /// How many sorts there are.
    const SORTS: usize = 10;

    /// Its number, whatever the direction.
    const fn sort(self) -> usize {
        match self {
            Self::Stream(_) => 0,
            Self::Remote(_) => 1,
            Self::Source => 2,
            Self::Playout => 3,
            Self::Track => 4,
            Self::Codec => 5,
            Self::Pair => 6,
            Self::Transport => 7,
            Self::Candidate => 8,
            Self::Muted => 9,
        }
    }
}

/// Members that name another object.
const LINKS: [Field; 8] = [
    Field::CodecId,
    Field::TrackId,
    Field::MediaSourceId,
    Field::PlayoutId,
    Field::SelectedCandidatePairId,
    Field::LocalCandidateId,
    Field::RemoteCandidateId,
    Field::TransportId,
];

/// A number of an object.
#[derive(Clone, Copy, Debug)]
struct Number {
    /// Place of its field among the numbers.
    place: u8,
    /// Whether every row has one, and a finite one.
    is_steady: bool,
    /// Place of its column in the object.
    column: u32,
    /// Its place among the [`Table::numbers`].
    at: u32,
}

/// No column, or no binding.
const NONE: u32 = u32::MAX;

/// Where the members of one object stand that the engine reads.
#[derive(Clone, Debug)]
struct Binding {
    /// Place of the object in the run.
    object: usize,
    kind: Kind,
    media: Option<MediaKind>,
    numbers: Vec<Number>,
    /// A bit for each place of a number that every row has.
    steady: Bits,
    /// Places of the columns that are no numbers.
    others: [u32; Field::OTHERS],
    /// For a member that names another object throughout: that binding.
    links: [u32; LINKS.len()],
    /// Place of the SSRC in `numbers`.
    ssrc: Option<usize>,
}

impl Binding {
    #[expect(clippy::cast_possible_truncation, reason = "fewer than 128 numbers, and no object has 2³² members")]
    fn new(place: usize, object: &Object, kind: Kind, mut at: u32) -> Self {
        let mut binding = Self {
            object: place,
            kind,
            media: None,
            numbers: Vec::with_capacity(object.columns.len()),
            steady: Bits::default(),
            others: [NONE; Field::OTHERS],
            links: [NONE; LINKS.len()],
            ssrc: None,
        };
        for (column_place, column) in object.columns.iter().enumerate() {
            let number = if is_constant_number(column) { at } else { NONE };
            at += u32::from(number != NONE);
            let Some(field) = Field::find(&column.name.name, column.name.key.as_deref()) else { continue };
            match field.place() {
                Ok(place) => {
                    if field == Field::Ssrc {
                        binding.ssrc = Some(binding.numbers.len());
                    }
                    let is_steady = is_steady(column);
                    binding.steady.set(place, is_steady);
                    binding.numbers.push(Number { place: place as u8, is_steady, column: column_place as u32, at: number });
                }
                Err(place) => binding.others[place] = column_place as u32,
            }
        }
        let is_remote = binding.others[Field::IsRemote as usize - Field::NUMBERS];
        if let Kind::Stream(direction) = kind
            && object.columns.get(is_remote as usize).and_then(first_bool) == Some(true)
        {
            binding.kind = Kind::Remote(opposite(direction));
        }
        binding
    }
}

/// Whether it is one number, as every number is of a run of one report.
fn is_constant_number(column: &Column) -> bool {
    matches!(column.data, Data::Constant(Value::Number(_)))
}

/// Whether every row has a number, and a finite one.
fn is_steady(column: &Column) -> bool {
    matches!(column.presence, Presence::All)
        && match &column.data {
            Data::Numbers(numbers) => !numbers.is_empty() && numbers.iter().all(|number| number.is_finite()),
            Data::Constant(Value::Number(number)) => number.is_finite(),
            _ => false,
        }
}

/// Where everything stands in a run that the engine reads. It holds for every run that differs in numbers only.
#[derive(Debug, Default)]
pub struct Layout {
    bindings: Vec<Binding>,
    /// Those of each [`Kind::sort`].
    sorts: [Vec<usize>; Kind::SORTS],
    /// Ids of the bindings that others name, in order.
    by_id: Vec<(Text, usize)>,
}

impl Layout {
    /// Looks up every member.
    #[must_use]
    pub fn new(reports: &Reports) -> Self {
        let objects = reports.objects();
        let mut layout = Self::default();
        let mut at = 0;
        for (place, object) in objects.iter().enumerate() {
            layout.bindings.extend(kind(&object.stats_type).map(|kind| Binding::new(place, object, kind, at)));
            at += object.columns.iter().map(|column| u32::from(is_constant_number(column))).sum::<u32>();
        }
        let id = |index: usize| &objects[layout.bindings[index].object].id;
        let mut by_id: Vec<(Text, usize)> = Vec::with_capacity(layout.bindings.len());
        for index in order(layout.bindings.len(), &|a, b| id(a).cmp(id(b))) {
            match by_id.last_mut() {
                _ if matches!(layout.bindings[index].kind, Kind::Stream(_) | Kind::Remote(_)) => {}
                // Of two with one id the last counts.
                Some((held, last)) if held == id(index) => *last = index,
                _ => by_id.push((id(index).clone(), index)),
            }
        }
        layout.by_id = by_id;
        for (index, binding) in layout.bindings.iter().enumerate() {
            layout.sorts[binding.kind.sort()].push(index);
        }
        for index in 0..layout.bindings.len() {
            let table = Table { reports, layout: &layout, numbers: &[] };
            let bound = table.bound(&layout.bindings[index]);
            let media = bound.find_media();
            let links = LINKS.map(|field| {
                let column = bound.column(field).filter(|column| matches!(column.presence, Presence::All));
                let Some(Data::Constant(Value::Text(id))) = column.map(|column| &column.data) else { return NONE };
                layout.by_id(id).and_then(|index| u32::try_from(index).ok()).unwrap_or(NONE)
            });
            layout.bindings[index].media = media;
            layout.bindings[index].links = links;
        }
        layout
    }

    /// The binding of that id, RTP streams apart.
    fn by_id(&self, id: &str) -> Option<usize> {
        self.by_id.binary_search_by(|(held, _)| (**held).cmp(id)).ok().map(|place| self.by_id[place].1)
    }
}

/// A run and where everything stands in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a> {
    /// The run.
    pub(crate) reports: &'a Reports,
    pub(crate) layout: &'a Layout,
    /// The numbers of its one report in order of objects and columns, where they are others than its columns hold.
    pub(crate) numbers: &'a [f64],
}

impl<'a> Table<'a> {
    fn bound(self, binding: &'a Binding) -> Bound<'a> {
        Bound { table: self, object: &self.reports.objects()[binding.object], binding }
    }

    /// The objects of one kind; of streams those of both directions.
    pub(crate) fn of(self, kind: Kind) -> Chosen<'a> {
        Chosen { table: self, rest: self.layout.sorts[kind.sort()].iter() }
    }

    /// The streams that are sent and received here.
    pub(crate) fn streams(self) -> Chosen<'a> {
        self.of(Kind::Stream(Direction::Inbound))
    }

    /// What the far end says of them.
    pub(crate) fn remotes(self) -> Chosen<'a> {
        self.of(Kind::Remote(Direction::Inbound))
    }
}

/// Some objects of a run.
#[derive(Debug)]
pub(crate) struct Chosen<'a> {
    table: Table<'a>,
    rest: std::slice::Iter<'a, usize>,
}

impl<'a> Iterator for Chosen<'a> {
    type Item = Bound<'a>;

    // Once, not in every loop over it.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn next(&mut self) -> Option<Bound<'a>> {
        self.rest.next().map(|&index| self.table.bound(&self.table.layout.bindings[index]))
    }
}

/// One object of a run and where its members stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound<'a> {
    table: Table<'a>,
    /// The object.
    pub(crate) object: &'a Object,
    binding: &'a Binding,
}

impl<'a> Bound<'a> {
    /// What it is.
    pub(crate) fn kind(self) -> Kind {
        self.binding.kind
    }

    /// Sound or pictures, for streams and sources.
    pub(crate) fn media(self) -> Option<MediaKind> {
        self.binding.media
    }

    /// Whether the object is in the report.
    pub(crate) fn is_in(self, row: usize) -> bool {
        self.object.presence.contains(row)
    }

    /// The column of a member that is not a number.
    fn column(self, field: Field) -> Option<&'a Column> {
        self.object.columns.get(self.binding.others[field.place().err()?] as usize)
    }

    /// A string member in `row`.
    pub(crate) fn text(self, field: Field, row: usize) -> Option<&'a Text> {
        self.column(field)?.text(row)
    }

    /// A boolean member in `row`.
    pub(crate) fn bool(self, field: Field, row: usize) -> Option<bool> {
        self.column(field)?.bool(row)
    }

    /// Whether a boolean member in `row` is there and true.
    pub(crate) fn is(self, field: Field, row: usize) -> bool {
        self.bool(field, row) == Some(true)
    }

    /// A number in `row`.
    pub(crate) fn number(self, field: Field, row: usize) -> Option<f64> {
        let number = self.binding.numbers.iter().find(|number| usize::from(number.place) == field as usize)?;
        self.at(*number, row)
    }

    /// A number in `row`, when it is finite.
    fn at(self, number: Number, row: usize) -> Option<f64> {
        if let Some(&value) = self.table.numbers.get(number.at as usize) {
            return Some(value);
        }
        let column = self.object.columns.get(number.column as usize)?;
        match &column.data {
            Data::Constant(Value::Number(value)) if number.is_steady => Some(*value),
            Data::Numbers(values) if number.is_steady => values.get(row).copied(),
            _ => column.number(row).filter(|value| value.is_finite()),
        }
    }

    /// Every number in `row`, by its place; gives a bit for each place that has one.
    #[inline]
    pub(crate) fn each_number(self, row: usize, mut take: impl FnMut(usize, f64)) -> Bits {
        let mut present = self.binding.steady;
        for &number in &self.binding.numbers {
            let Some(value) = self.at(number, row) else { continue };
            present.set(usize::from(number.place), true);
            take(usize::from(number.place), value);
        }
        present
    }

    /// The stream that it describes in `row`.
    pub(crate) fn stream_id(self, row: usize) -> Option<StreamId> {
        let (Kind::Stream(direction) | Kind::Remote(direction)) = self.kind() else { return None };
        if !self.is_in(row) {
            return None;
        }
        let ssrc = self.at(self.binding.numbers[self.binding.ssrc?], row)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range checked here")]
        let ssrc = (0.0..=f64::from(u32::MAX)).contains(&ssrc).then_some(ssrc as u32)?;
        Some(StreamId { direction, kind: self.media()?, ssrc })
    }

    /// The object that a member names in `row`.
    pub(crate) fn linked(self, field: Field, row: usize) -> Option<Bound<'a>> {
        let place = LINKS.iter().position(|held| *held == field)?;
        let index = match self.binding.links[place] {
            NONE => self.table.layout.by_id(self.text(field, row)?)?,
            index => index as usize,
        };
        Some(self.table.bound(self.table.layout.bindings.get(index)?))
    }

    /// Sound or pictures: said by `kind` or `mediaType`, else told by the codec, else by its members.
    fn find_media(self) -> Option<MediaKind> {
        let said = [Field::KindName, Field::MediaType].iter().find_map(|&field| first_text(self.column(field)?));
        match said.map(|text| &**text) {
            Some("audio") => return Some(MediaKind::Audio),
            Some("video") => return Some(MediaKind::Video),
            _ => {}
        }
        let Table { layout, .. } = self.table;
        let codec = self.column(Field::CodecId).and_then(first_text).and_then(|id| layout.by_id(id));
        let codec = codec.map(|index| self.table.bound(&layout.bindings[index]));
        let mime = codec.and_then(|codec| codec.column(Field::MimeType)).and_then(first_text);
        match mime {
            Some(mime) if mime.starts_with("video/") => return Some(MediaKind::Video),
            Some(mime) if mime.starts_with("audio/") => return Some(MediaKind::Audio),
            _ => {}
        }
        let has = |field: &Field| self.binding.numbers.iter().any(|number| usize::from(number.place) == *field as usize);
        let is_video = [Field::FramesDecoded, Field::FramesEncoded, Field::FrameWidth, Field::Frames].iter().any(has);
        match self.kind() {
            Kind::Stream(_) | Kind::Source if is_video => Some(MediaKind::Video),
            Kind::Stream(_) | Kind::Source => Some(MediaKind::Audio),
            _ => None,
        }
    }
}

/// Whether the engine reads the member of an object: of another one it need not be told.
#[must_use]
pub fn is_read(name: &str, key: Option<&str>) -> bool {
    Field::find(name, key).is_some()
}

fn kind(stats_type: &str) -> Option<Kind> {
    Some(match stats_type {
        "inbound-rtp" | "inboundrtp" => Kind::Stream(Direction::Inbound),
        "outbound-rtp" | "outboundrtp" => Kind::Stream(Direction::Outbound),
        "remote-inbound-rtp" => Kind::Remote(Direction::Outbound),
        "remote-outbound-rtp" => Kind::Remote(Direction::Inbound),
        "media-source" => Kind::Source,
        "media-playout" => Kind::Playout,
        "track" => Kind::Track,
        "codec" => Kind::Codec,
        "candidate-pair" | "candidatepair" => Kind::Pair,
        "transport" => Kind::Transport,
        "local-candidate" | "localcandidate" | "remote-candidate" | "remotecandidate" => Kind::Candidate,
        "muted-microphone" => Kind::Muted,
        _ => return None,
    })
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Inbound => Direction::Outbound,
        Direction::Outbound => Direction::Inbound,
    }
}

fn values(column: &Column) -> impl Iterator<Item = &Value> {
    let (constant, values) = match &column.data {
        Data::Constant(value) => (Some(value), &[][..]),
        Data::Values(values) => (None, &values[..]),
        Data::Numbers(_) => (None, &[][..]),
    };
    constant.into_iter().chain(values.iter().enumerate().filter(|(row, _)| column.presence.contains(*row)).map(|(_, value)| value))
}

fn first_text(column: &Column) -> Option<&Text> {
    values(column).find_map(|value| if let Value::Text(text) = value { Some(text) } else { None })
}

fn first_bool(column: &Column) -> Option<bool> {
    values(column).find_map(|value| if let Value::Bool(value) = value { Some(*value) } else { None })
}
