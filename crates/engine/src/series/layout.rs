//! Where in a run of reports the members stand that the engine reads: looked up once, it holds for every run that differs in numbers only.

use super::{field::Field, kind::Kind};
use crate::{
    analysis::{Direction, MediaKind},
    bits::Bits,
    order::order,
    report::{Column, Data, Object, Presence, Reports, Text, Value},
};

/// Members that name another object.
pub(super) const LINKS: [Field; 8] = [
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
pub(super) struct Number {
    /// Place of its field among the numbers.
    pub(super) place: u8,
    /// Whether every row has one, and a finite one.
    pub(super) is_steady: bool,
    /// Place of its column in the object.
    pub(super) column: u32,
    /// Its place among the numbers of a run of one report.
    pub(super) at: u32,
}

/// No column, or no binding.
pub(super) const NONE: u32 = u32::MAX;

/// Where the members of one object stand that the engine reads.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    /// Place of the object in the run.
    pub(super) object: usize,
    pub(super) kind: Kind,
    /// Sound or pictures, for streams and sources.
    pub(super) media: Option<MediaKind>,
    pub(super) numbers: Vec<Number>,
    /// A bit for each place of a number that every row has.
    pub(super) steady: Bits,
    /// Places of the columns that are no numbers.
    others: [u32; Field::OTHERS],
    /// For a member that names another object throughout: that binding.
    pub(super) links: [u32; LINKS.len()],
    /// Place of the SSRC in `numbers`.
    pub(super) ssrc: Option<usize>,
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
        if let Kind::Stream(direction) = kind
            && binding.column(object, Field::IsRemote).and_then(first_bool) == Some(true)
        {
            binding.kind = Kind::Remote(opposite(direction));
        }
        binding
    }

    /// The column of a member that is not a number.
    pub(super) fn column<'a>(&self, object: &'a Object, field: Field) -> Option<&'a Column> {
        object.columns.get(self.others[field.place().err()?] as usize)
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
    pub(super) bindings: Vec<Binding>,
    /// Those of each [`Kind::sort`].
    pub(super) sorts: [Vec<usize>; Kind::SORTS],
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
            layout.bindings.extend(Kind::of(&object.stats_type).map(|kind| Binding::new(place, object, kind, at)));
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
            let (media, links) = (layout.media(objects, index), layout.links(objects, index));
            let binding = &mut layout.bindings[index];
            (binding.media, binding.links) = (media, links);
        }
        layout
    }

    /// The binding of that id, RTP streams apart.
    pub(super) fn by_id(&self, id: &str) -> Option<usize> {
        self.by_id.binary_search_by(|(held, _)| (**held).cmp(id)).ok().map(|place| self.by_id[place].1)
    }

    /// The bindings that members of a binding name throughout.
    fn links(&self, objects: &[Object], index: usize) -> [u32; LINKS.len()] {
        let binding = &self.bindings[index];
        LINKS.map(|field| {
            let column = binding.column(&objects[binding.object], field).filter(|column| matches!(column.presence, Presence::All));
            let Some(Data::Constant(Value::Text(id))) = column.map(|column| &column.data) else { return NONE };
            self.by_id(id).and_then(|index| u32::try_from(index).ok()).unwrap_or(NONE)
        })
    }

    /// Sound or pictures: said by `kind` or `mediaType`, else told by the codec, else by its members.
    fn media(&self, objects: &[Object], index: usize) -> Option<MediaKind> {
        let binding = &self.bindings[index];
        let text = |binding: &Binding, field| first_text(binding.column(&objects[binding.object], field)?);
        let said = [Field::KindName, Field::MediaType].iter().find_map(|&field| text(binding, field));
        match said.map(|text| &**text) {
            Some("audio") => return Some(MediaKind::Audio),
            Some("video") => return Some(MediaKind::Video),
            _ => {}
        }
        let codec = text(binding, Field::CodecId).and_then(|id| self.by_id(id));
        match codec.and_then(|codec| text(&self.bindings[codec], Field::MimeType)) {
            Some(mime) if mime.starts_with("video/") => return Some(MediaKind::Video),
            Some(mime) if mime.starts_with("audio/") => return Some(MediaKind::Audio),
            _ => {}
        }
        let has = |field: &Field| binding.numbers.iter().any(|number| usize::from(number.place) == *field as usize);
        let is_video = [Field::FramesDecoded, Field::FramesEncoded, Field::FrameWidth, Field::Frames].iter().any(has);
        match binding.kind {
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
