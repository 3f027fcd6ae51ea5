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
}

/// No such column or binding.
const NONE: u32 = u32::MAX;

/// Members that name another object.
const LINKS: [Field; 5] = [Field::CodecId, Field::TrackId, Field::MediaSourceId, Field::PlayoutId, Field::SelectedCandidatePairId];

/// One object and the columns that the engine reads.
#[derive(Debug)]
pub(crate) struct Binding {
    /// Its place in [`Reports::objects`].
    pub(crate) object: usize,
    /// What it is.
    pub(crate) kind: Kind,
    /// Sound or pictures, for streams and sources.
    pub(crate) media: Option<MediaKind>,
    /// Place of a number and its column.
    pub(crate) numbers: Vec<(u8, u32)>,
    others: [u32; Field::OTHERS],
    /// For a member that names another object throughout: that binding.
    links: [u32; Field::OTHERS],
    ssrc: Option<u32>,
}

impl Binding {
    /// The column of a member that is not a number.
    pub(crate) fn column<'a>(&self, object: &'a Object, field: Field) -> Option<&'a Column> {
        object.columns.get(self.others[field.place().err()?] as usize)
    }

    /// A string member in `row`.
    pub(crate) fn text<'a>(&self, object: &'a Object, field: Field, row: usize) -> Option<&'a Text> {
        self.column(object, field)?.text(row)
    }

    /// A boolean member in `row`.
    pub(crate) fn is(&self, object: &Object, field: Field, row: usize) -> bool {
        self.column(object, field).and_then(|column| column.bool(row)).unwrap_or(false)
    }

    /// A number in `row`.
    pub(crate) fn number(&self, object: &Object, field: Field, row: usize) -> Option<f64> {
        let place = field.place().ok()?;
        let &(_, column) = self.numbers.iter().find(|(held, _)| usize::from(*held) == place)?;
        object.columns[column as usize].number(row)
    }
}

/// All objects of a run that the engine reads.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    /// The run.
    pub(crate) reports: &'a Reports,
    /// Its objects.
    pub(crate) bindings: Vec<Binding>,
    by_id: HashMap<&'a str, usize>,
}

impl<'a> Table<'a> {
    /// Looks up every column.
    pub(crate) fn new(reports: &'a Reports) -> Self {
        let mut table = Self { reports, bindings: Vec::new(), by_id: HashMap::new() };
        for (position, object) in reports.objects().iter().enumerate() {
            let Some(kind) = kind(&object.stats_type) else { continue };
            let mut binding = Binding {
                object: position,
                kind,
                media: None,
                numbers: Vec::with_capacity(object.columns.len()),
                others: [NONE; Field::OTHERS],
                links: [NONE; Field::OTHERS],
                ssrc: None,
            };
            for (index, column) in object.columns.iter().enumerate() {
                let Some(field) = Field::find(&column.name.name, column.name.key.as_deref()) else { continue };
                let Ok(index) = u32::try_from(index) else { break };
                if field == Field::Ssrc {
                    binding.ssrc = Some(index);
                }
                match field.place() {
                    #[expect(clippy::cast_possible_truncation, reason = "fewer than 128 numbers")]
                    Ok(place) => binding.numbers.push((place as u8, index)),
                    Err(place) => binding.others[place] = index,
                }
            }
            if let Kind::Stream(direction) = kind
                && binding.column(object, Field::IsRemote).and_then(first_bool) == Some(true)
            {
                binding.kind = Kind::Remote(opposite(direction));
            }
            if !matches!(binding.kind, Kind::Stream(_) | Kind::Remote(_)) {
                table.by_id.insert(&object.id, table.bindings.len());
            }
            table.bindings.push(binding);
        }
        for index in 0..table.bindings.len() {
            table.bindings[index].media = table.media(&table.bindings[index]);
            for field in LINKS {
                let binding = &table.bindings[index];
                let column = binding.column(table.object(binding), field).filter(|column| matches!(column.presence, Presence::All));
                let Some(Data::Constant(Value::Text(id))) = column.map(|column| &column.data) else { continue };
                if let (Some(&linked), Err(place)) = (table.by_id.get(&**id), field.place()) {
                    table.bindings[index].links[place] = u32::try_from(linked).unwrap_or(NONE);
                }
            }
        }
        table
    }

    /// The object of a binding.
    pub(crate) fn object(&self, binding: &Binding) -> &'a Object {
        &self.reports.objects()[binding.object]
    }

    /// Bindings of one kind.
    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |binding| binding.kind == kind)
    }

    /// The object that a member of `binding` names in `row`.
    pub(crate) fn linked(&self, binding: &Binding, field: Field, row: usize) -> Option<&Binding> {
        let place = field.place().err()?;
        match self.bindings.get(binding.links[place] as usize) {
            Some(linked) => Some(linked),
            None if binding.others[place] == NONE => None,
            None => self.by_id(binding.text(self.object(binding), field, row)?),
        }
    }

    /// The object of that id, RTP streams apart.
    pub(crate) fn by_id(&self, id: &str) -> Option<&Binding> {
        self.by_id.get(id).map(|&index| &self.bindings[index])
    }

    /// The stream that a binding describes in `row`.
    pub(crate) fn stream_id(&self, binding: &Binding, row: usize) -> Option<StreamId> {
        let (Kind::Stream(direction) | Kind::Remote(direction)) = binding.kind else { return None };
        let object = self.object(binding);
        if !object.presence.contains(row) {
            return None;
        }
        let ssrc = object.columns[binding.ssrc? as usize].number(row)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range checked here")]
        let ssrc = (0.0..=f64::from(u32::MAX)).contains(&ssrc).then_some(ssrc as u32)?;
        Some(StreamId { direction, kind: binding.media?, ssrc })
    }

    /// Sound or pictures: said by `kind` or `mediaType`, else told by the codec, else by its members.
    fn media(&self, binding: &Binding) -> Option<MediaKind> {
        let object = self.object(binding);
        let said = [Field::KindName, Field::MediaType].into_iter().find_map(|field| first_text(binding.column(object, field)?));
        match said.map(|text| &**text) {
            Some("audio") => return Some(MediaKind::Audio),
            Some("video") => return Some(MediaKind::Video),
            _ => {}
        }
        let codec = binding.column(object, Field::CodecId).and_then(first_text).and_then(|id| self.by_id(id));
        let mime = codec.and_then(|codec| codec.column(self.object(codec), Field::MimeType)).and_then(first_text);
        match mime {
            Some(mime) if mime.starts_with("video/") => return Some(MediaKind::Video),
            Some(mime) if mime.starts_with("audio/") => return Some(MediaKind::Audio),
            _ => {}
        }
        let has = |field: Field| binding.numbers.iter().any(|&(place, _)| usize::from(place) == field as usize);
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
