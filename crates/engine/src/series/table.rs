//! Where in a run of reports the engine's members stand: looked up once per run, then read row by row.

use std::collections::HashMap;

use super::field::Field;
use crate::{
    analysis::{Direction, MediaKind, StreamId},
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

/// A number of an object, row by row.
#[derive(Debug)]
pub(crate) struct Number<'a> {
    /// Place of its field among the numbers.
    pub(crate) place: u8,
    /// Where every row has one, and a finite one: a value for each row, or one for all. Otherwise none.
    values: &'a [f64],
    column: &'a Column,
}

impl<'a> Number<'a> {
    fn new(place: u8, column: &'a Column) -> Self {
        let values = match (&column.presence, &column.data) {
            (Presence::All, Data::Numbers(numbers)) => &numbers[..],
            (Presence::All, Data::Constant(Value::Number(number))) => std::slice::from_ref(number),
            _ => &[],
        };
        Self { place, values: if values.iter().all(|value| value.is_finite()) { values } else { &[] }, column }
    }

    /// Whether every row has one.
    pub(crate) fn is_steady(&self) -> bool {
        !self.values.is_empty()
    }

    /// The number in `row`, when it is finite.
    pub(crate) fn at(&self, row: usize) -> Option<f64> {
        match self.values {
            [] => self.column.number(row).filter(|value| value.is_finite()),
            [value] => Some(*value),
            values => values.get(row).copied(),
        }
    }
}

/// One object and the columns that the engine reads.
#[derive(Debug)]
pub(crate) struct Binding<'a> {
    /// The object.
    pub(crate) object: &'a Object,
    /// What it is.
    pub(crate) kind: Kind,
    /// Sound or pictures, for streams and sources.
    pub(crate) media: Option<MediaKind>,
    /// Its numbers.
    pub(crate) numbers: Vec<Number<'a>>,
    /// A bit for each place of a number that every row has.
    pub(crate) steady: u128,
    others: [Option<&'a Column>; Field::OTHERS],
    /// For a member that names another object throughout: that binding.
    links: [Option<usize>; LINKS.len()],
    /// Place of the SSRC in `numbers`.
    ssrc: Option<usize>,
}

impl<'a> Binding<'a> {
    fn new(object: &'a Object, kind: Kind) -> Self {
        let mut binding = Self {
            object,
            kind,
            media: None,
            numbers: Vec::with_capacity(object.columns.len()),
            steady: 0,
            others: [None; Field::OTHERS],
            links: [None; LINKS.len()],
            ssrc: None,
        };
        for column in &object.columns {
            let Some(field) = Field::find(&column.name.name, column.name.key.as_deref()) else { continue };
            match field.place() {
                Ok(place) => {
                    if field == Field::Ssrc {
                        binding.ssrc = Some(binding.numbers.len());
                    }
                    #[expect(clippy::cast_possible_truncation, reason = "fewer than 128 numbers")]
                    let number = Number::new(place as u8, column);
                    binding.steady |= u128::from(number.is_steady()) << place;
                    binding.numbers.push(number);
                }
                Err(place) => binding.others[place] = Some(column),
            }
        }
        if let Kind::Stream(direction) = kind
            && binding.column(Field::IsRemote).and_then(first_bool) == Some(true)
        {
            binding.kind = Kind::Remote(opposite(direction));
        }
        binding
    }

    /// Whether the object is in the report.
    pub(crate) fn is_in(&self, row: usize) -> bool {
        self.object.presence.contains(row)
    }

    /// The column of a member that is not a number.
    fn column(&self, field: Field) -> Option<&'a Column> {
        self.others[field.place().err()?]
    }

    /// A string member in `row`.
    pub(crate) fn text(&self, field: Field, row: usize) -> Option<&'a Text> {
        self.column(field)?.text(row)
    }

    /// A boolean member in `row`.
    pub(crate) fn is(&self, field: Field, row: usize) -> bool {
        self.column(field).and_then(|column| column.bool(row)).unwrap_or(false)
    }

    /// A number in `row`.
    pub(crate) fn number(&self, field: Field, row: usize) -> Option<f64> {
        self.numbers.iter().find(|number| usize::from(number.place) == field as usize)?.at(row)
    }

    /// The stream that it describes in `row`.
    pub(crate) fn stream_id(&self, row: usize) -> Option<StreamId> {
        let (Kind::Stream(direction) | Kind::Remote(direction)) = self.kind else { return None };
        if !self.is_in(row) {
            return None;
        }
        let ssrc = self.numbers[self.ssrc?].at(row)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range checked here")]
        let ssrc = (0.0..=f64::from(u32::MAX)).contains(&ssrc).then_some(ssrc as u32)?;
        Some(StreamId { direction, kind: self.media?, ssrc })
    }
}

/// All objects of a run that the engine reads.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    /// The run.
    pub(crate) reports: &'a Reports,
    /// Its objects.
    pub(crate) bindings: Vec<Binding<'a>>,
    by_id: HashMap<&'a str, usize>,
}

impl<'a> Table<'a> {
    /// Looks up every column.
    pub(crate) fn new(reports: &'a Reports) -> Self {
        let known = reports.objects().iter().filter_map(|object| Some(Binding::new(object, kind(&object.stats_type)?)));
        let mut table = Self { reports, bindings: known.collect(), by_id: HashMap::new() };
        let linked = table.bindings.iter().enumerate().filter(|(_, binding)| !matches!(binding.kind, Kind::Stream(_) | Kind::Remote(_)));
        table.by_id = linked.map(|(index, binding)| (&*binding.object.id, index)).collect();
        for index in 0..table.bindings.len() {
            table.bindings[index].media = table.media(&table.bindings[index]);
            for (place, field) in LINKS.into_iter().enumerate() {
                let column = table.bindings[index].column(field).filter(|column| matches!(column.presence, Presence::All));
                let Some(Data::Constant(Value::Text(id))) = column.map(|column| &column.data) else { continue };
                table.bindings[index].links[place] = table.by_id.get(&**id).copied();
            }
        }
        table
    }

    /// Bindings of one kind.
    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &Binding<'a>> {
        self.bindings.iter().filter(move |binding| binding.kind == kind)
    }

    /// Bindings of the streams that are sent and received here.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &Binding<'a>> {
        self.bindings.iter().filter(|binding| matches!(binding.kind, Kind::Stream(_)))
    }

    /// Bindings of what the far end says of them.
    pub(crate) fn remotes(&self) -> impl Iterator<Item = &Binding<'a>> {
        self.bindings.iter().filter(|binding| matches!(binding.kind, Kind::Remote(_)))
    }

    /// The object that a member of `binding` names in `row`.
    pub(crate) fn linked(&self, binding: &Binding<'_>, field: Field, row: usize) -> Option<&Binding<'a>> {
        let place = LINKS.iter().position(|held| *held == field)?;
        match binding.links[place] {
            Some(linked) => self.bindings.get(linked),
            None => self.by_id(binding.text(field, row)?),
        }
    }

    /// The object of that id, RTP streams apart.
    fn by_id(&self, id: &str) -> Option<&Binding<'a>> {
        self.by_id.get(id).map(|&index| &self.bindings[index])
    }

    /// Sound or pictures: said by `kind` or `mediaType`, else told by the codec, else by its members.
    fn media(&self, binding: &Binding<'_>) -> Option<MediaKind> {
        let said = [Field::KindName, Field::MediaType].into_iter().find_map(|field| first_text(binding.column(field)?));
        match said.map(|text| &**text) {
            Some("audio") => return Some(MediaKind::Audio),
            Some("video") => return Some(MediaKind::Video),
            _ => {}
        }
        let codec = binding.column(Field::CodecId).and_then(first_text).and_then(|id| self.by_id(id));
        let mime = codec.and_then(|codec| codec.column(Field::MimeType)).and_then(first_text);
        match mime {
            Some(mime) if mime.starts_with("video/") => return Some(MediaKind::Video),
            Some(mime) if mime.starts_with("audio/") => return Some(MediaKind::Audio),
            _ => {}
        }
        let has = |field: Field| binding.numbers.iter().any(|number| usize::from(number.place) == field as usize);
        let is_video = [Field::FramesDecoded, Field::FramesEncoded, Field::FrameWidth, Field::Frames].into_iter().any(has);
        match binding.kind {
            Kind::Stream(_) | Kind::Source if is_video => Some(MediaKind::Video),
            Kind::Stream(_) | Kind::Source => Some(MediaKind::Audio),
            _ => None,
        }
    }
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
