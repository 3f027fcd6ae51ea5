//! The decoder: the mirror of the encoder, straight into columns.

mod changing;

use sidetone_engine::{
    report::{Column, Data, MemberName, Object, Presence, Reports, Text, Value},
    units::Timestamp,
};

use super::{
    CodecError,
    budget::{self, Budget},
    columns::{Columns, Place},
    dictionary::{CLASS_TIMES, Dictionary, Member, mode},
    number,
    object::{
        self, ALWAYS_SLOTS, CERTIFICATE_MEMBER, COUNT_MORE, MORE_SLOTS, PREFIXED_SLOTS, PRIORITY, Priorities, STAY_SLOTS, TEMPLATE_NONE,
    },
    predict::{Other, Predictor, Walk},
    rans::Decoder,
    residual::read_one,
    text::{Found, Reader, bits_of},
};

/// The source of the times, which no column copies.
const NOWHERE: (usize, usize) = (usize::MAX, usize::MAX);

/// Reads one chunk.
pub(super) struct Reading<'a, 'b> {
    dictionary: &'a Dictionary,
    learns: bool,
    height: usize,
    decoder: &'b mut Decoder<'a>,
    budget: &'b mut Budget,
    texts: Reader<'a>,
    columns: Columns<(usize, usize)>,
    objects: Vec<Object>,
    /// The columns of the object that is being read.
    current: Vec<Column>,
    /// The integers of the run that was read last.
    wholes: Vec<i64>,
    ids: Vec<Text>,
    /// The objects of each type.
    by_type: Vec<Vec<usize>>,
    last: Vec<Option<Value>>,
    moved: Vec<bool>,
    priorities: Priorities,
}

/// An object whose columns are yet to be read.
struct Listed {
    template: Option<usize>,
    stats_type: Text,
    found: Found,
}

impl<'a, 'b> Reading<'a, 'b> {
    pub(super) fn new(
        dictionary: &'a Dictionary,
        (height, learns): (usize, bool),
        decoder: &'b mut Decoder<'a>,
        budget: &'b mut Budget,
    ) -> Self {
        Self {
            dictionary,
            learns,
            height,
            decoder,
            budget,
            texts: Reader::new(dictionary),
            columns: Columns::new(dictionary),
            objects: Vec::new(),
            current: Vec::new(),
            wholes: Vec::new(),
            ids: Vec::new(),
            by_type: vec![Vec::new(); dictionary.types],
            last: (0..dictionary.names).map(|_| None).collect(),
            moved: Vec::new(),
            priorities: Priorities::default(),
        }
    }

    pub(super) fn reports(mut self) -> Result<Reports, CodecError> {
        let family = self.decoder.place(4);
        let own = self.dictionary.families.get(family).cloned().ok_or(CodecError::Damaged("family"))?;
        self.budget.charge(self.height.saturating_mul(16).saturating_add(budget::RUN))?;
        let all: Vec<usize> = (0..self.height).collect();
        let unit = if self.decoder.raw(1) == 1 { object::MILLISECOND } else { 1 };
        self.plain(CLASS_TIMES, Walk::new(Predictor::Drift, 0.0, [Other::NONE; 2]), &all);
        self.wholes.iter_mut().for_each(|time| *time = time.wrapping_mul(unit));
        let times = self.wholes.iter().map(|&micros| Timestamp::from_micros(micros)).collect();
        self.texts.now_s = object::now_s(self.wholes.first().copied().unwrap_or(0));
        self.columns.times(&self.wholes, NOWHERE);
        let listed = self.list(own)?;
        self.objects.reserve_exact(listed.len());
        for listed in listed {
            let object = self.object(listed, &all)?;
            self.objects.push(object);
        }
        Reports::from_columns(times, self.objects).map_err(|_| CodecError::Damaged("number of rows"))
    }

    fn list(&mut self, own: std::ops::Range<usize>) -> Result<Vec<Listed>, CodecError> {
        let mut templates = Vec::new();
        for template in own {
            let mut count = self.decoder.symbol(&self.dictionary.templates[template].objects) as u64;
            if count == COUNT_MORE as u64 {
                count += self.decoder.raw(16);
                count += self.decoder.raw(32) << 16;
            }
            for _ in 0..count {
                self.budget.charge(object::bytes(self.dictionary.templates[template].members.len()))?;
                templates.push(Some(template));
            }
        }
        while self.decoder.bit(MORE_SLOTS) {
            let template = self.decoder.place(8);
            let template = if template == TEMPLATE_NONE { None } else { Some(template) };
            let members = match template {
                Some(template) => self.dictionary.templates.get(template).ok_or(CodecError::Damaged("template"))?.members.len(),
                None => 0,
            };
            self.budget.charge(object::bytes(members))?;
            templates.push(template);
        }
        let mut listed = Vec::with_capacity(templates.len());
        for template in templates {
            if self.decoder.is_short() {
                return Err(CodecError::Damaged("object"));
            }
            let known = template.map(|template| &self.dictionary.templates[template]);
            let (stats_type, prefix) = match known {
                Some(known) => {
                    self.by_type[known.type_number].push(self.ids.len());
                    let is_prefixed = !known.prefix.is_empty() && self.decoder.bit(PREFIXED_SLOTS);
                    (known.stats_type.clone(), if is_prefixed { &*known.prefix } else { "" })
                }
                None => {
                    self.texts.text(self.decoder, self.budget, "", false)?;
                    (Text::from(&*self.texts.text), "")
                }
            };
            let found = self.texts.text(self.decoder, self.budget, prefix, true)?;
            self.ids.push(Text::from(&*self.texts.text));
            listed.push(Listed { template, stats_type, found });
        }
        Ok(listed)
    }

    fn object(&mut self, listed: Listed, all: &[usize]) -> Result<Object, CodecError> {
        let Listed { template, stats_type, found } = listed;
        let number = self.objects.len();
        let some;
        let (rows, presence) = if self.decoder.bit(ALWAYS_SLOTS) {
            (all, Presence::All)
        } else {
            let presence;
            (some, presence) = self.rows(all)?;
            (&*some, presence)
        };
        self.moved.clear();
        self.priorities.begin();
        self.moved.resize(self.height, true);
        if let Some(template) = template {
            let members = &self.dictionary.templates[template].members;
            self.current.reserve_exact(members.len());
            let ordinal = self.columns.object(template, members.len());
            for (place, member) in members.iter().enumerate() {
                let place = Some(Place { template, ordinal, member: place, crossing: member.crossing });
                if let Some((presence, data)) = self.column(place, member, rows, (number, &found))? {
                    self.current.push(Column { name: member.name.clone(), presence, data });
                }
            }
        }
        let other = self.dictionary.other.as_ref().ok_or(CodecError::Damaged("member"))?;
        while self.decoder.bit(MORE_SLOTS) {
            self.budget.charge(object::COLUMN)?;
            if self.decoder.is_short() {
                return Err(CodecError::Damaged("member"));
            }
            let name = self.text()?;
            let key = if self.decoder.bit(MORE_SLOTS) { Some(self.text()?) } else { None };
            if let Some((presence, data)) = self.column(None, other, rows, (number, &found))? {
                self.current.push(Column { name: MemberName { name, key }, presence, data });
            }
        }
        Ok(Object { id: self.ids[number].clone(), stats_type, presence, columns: std::mem::take(&mut self.current) })
    }

    fn text(&mut self) -> Result<Text, CodecError> {
        self.texts.text(self.decoder, self.budget, "", false)?;
        Ok(Text::from(&*self.texts.text))
    }

    /// Those of the rows in which something is there.
    fn rows(&mut self, rows: &[usize]) -> Result<(Vec<usize>, Presence), CodecError> {
        self.budget.charge(9 * rows.len() + self.height)?;
        let mut there = Vec::with_capacity(rows.len());
        let mut presence = vec![false; self.height];
        let mut last = false;
        for &row in rows {
            last ^= !self.decoder.bit(STAY_SLOTS);
            if last {
                there.push(row);
                presence[row] = true;
            }
        }
        if there.is_empty() { Err(CodecError::Damaged("presence")) } else { Ok((there, Presence::Rows(presence))) }
    }

    /// The rows and values of a column; `None` when the member is absent.
    fn column(
        &mut self,
        place: Option<Place>,
        member: &Member,
        rows: &[usize],
        (number, found): (usize, &Found),
    ) -> Result<Option<(Presence, Data)>, CodecError> {
        let mut mode = self.decoder.usual_symbol(&member.modes, member.usual);
        if mode == mode::ABSENT {
            return Ok(None);
        }
        if mode != mode::SOMETIMES {
            return Ok(Some((
                Presence::All,
                self.data(mode, (place, place.filter(|_| member.is_referred)), member, rows, (number, found))?,
            )));
        }
        let (there, presence) = self.rows(rows)?;
        mode = self.decoder.symbol(&member.modes);
        Ok(Some((presence, self.data(mode, (place, None), member, &there, (number, found))?)))
    }

    fn data(
        &mut self,
        mode: usize,
        (place, held): (Option<Place>, Option<Place>),
        member: &Member,
        rows: &[usize],
        (number, found): (usize, &Found),
    ) -> Result<Data, CodecError> {
        let ordinal = place.map_or(0, |place| place.ordinal);
        let value = match mode {
            mode::NUMBER => {
                let reference = self.columns.find(member.references[0], ordinal);
                let mut walk = Walk::new(Predictor::Factor, member.factor, [self.columns.integers(reference), Other::NONE]);
                let expected = walk.predict(rows.first().copied().unwrap_or(0));
                let whole = read_one(self.decoder, &self.dictionary.classes[member.class]).wrapping_add(expected);
                let value = finite(number::value(member.scale, whole, 0))?;
                self.remember(place, member, &value);
                self.hold(held, whole);
                value
            }
            mode::TEXT => {
                let value = Value::Text(self.text()?);
                self.remember(place, member, &value);
                value
            }
            mode::OTHER => {
                let value = self.value()?;
                self.remember(place, member, &value);
                value
            }
            mode::REFERENCE => {
                let object = match member.target {
                    Some(target) => {
                        let number = self.decoder.place(bits_of(self.by_type[target].len()));
                        self.by_type[target].get(number).copied()
                    }
                    None => Some(self.decoder.place(bits_of(self.ids.len()))),
                };
                let object = object.ok_or(CodecError::Damaged("object number"))?;
                let id = self.ids.get(object).ok_or(CodecError::Damaged("object number"))?;
                self.priorities.refer(object);
                Value::Text(id.clone())
            }
            mode::OWN if &*member.name.name == CERTIFICATE_MEMBER => {
                let certificate = found.certificate.as_deref().ok_or(CodecError::Damaged("certificate"))?;
                self.budget.charge(16 * certificate.len())?;
                Value::Text(certificate.into())
            }
            mode::OWN if &*member.name.name == PRIORITY => Value::Number(self.priorities.of_pair().ok_or(CodecError::Damaged("priority"))?),
            mode::OWN => {
                let number = f64::from(found.number.ok_or(CodecError::Damaged("number"))?);
                let value = Value::Number(number);
                self.hold(held, whole(member, number));
                value
            }
            mode::TAIL => {
                let length = self.decoder.place(8);
                let id = &self.ids[number];
                let tail = id.len().checked_sub(length).and_then(|begin| id.get(begin..)).ok_or(CodecError::Damaged("tail"))?;
                self.budget.charge(8 * length + 128)?;
                let value = Value::Text(tail.into());
                self.remember(place, member, &value);
                value
            }
            mode::AGAIN => {
                let value = self.last.get(member.name_number).cloned().flatten().ok_or(CodecError::Damaged("repeated value"))?;
                if let Value::Number(number) = value {
                    self.hold(held, whole(member, number));
                }
                value
            }
            mode::COPY => {
                let column = self.columns.find(member.references[0], ordinal).ok_or(CodecError::Damaged("column"))?;
                let &(object, place) = self.columns.source(column).ok_or(CodecError::Damaged("column"))?;
                let columns = self.objects.get(object).map_or(&self.current, |object| &object.columns);
                self.budget.charge(8 * self.height)?;
                let data = columns.get(place).ok_or(CodecError::Damaged("column"))?.data.clone();
                self.columns.alias(held, column);
                return Ok(data);
            }
            mode::SCALED => return self.scaled(rows),
            mode::FIELDS => return self.fields(rows),
            mode::MIXED => return self.mixed(rows),
            mode::VALUES.. => {
                let likely = member.values.get(mode - mode::VALUES).ok_or(CodecError::Damaged("value"))?;
                self.hold(held, likely.whole);
                likely.value.clone()
            }
            _ => {
                let predictor = mode.checked_sub(mode::PREDICTED).and_then(|predictor| Predictor::ALL.get(predictor));
                let predictor = predictor.ok_or(CodecError::Damaged("kind of value"))?;
                return self.predicted(*predictor, (ordinal, held), member, rows);
            }
        };
        if let Value::Number(number) = value
            && &*member.name.name == PRIORITY
        {
            self.priorities.keep(number);
        }
        Ok(Data::Constant(value))
    }

    /// Where the column that is being read will stand.
    fn here(&self) -> (usize, usize) {
        (self.objects.len(), self.current.len())
    }

    fn hold(&mut self, held: Option<Place>, whole: i64) {
        let here = self.here();
        self.columns.constant(held, whole, here);
    }

    fn remember(&mut self, place: Option<Place>, member: &Member, value: &Value) {
        if let Some(last) = self.last.get_mut(member.name_number).filter(|_| place.is_some()) {
            *last = Some(value.clone());
        }
    }

    fn value(&mut self) -> Result<Value, CodecError> {
        Ok(match self.decoder.raw(2) {
            object::VALUE_NUMBER => return finite(f64::from_bits(self.decoder.raw(64))),
            object::VALUE_BOOL => Value::Bool(self.decoder.raw(1) == 1),
            object::VALUE_TEXT => Value::Text(self.text()?),
            _ => Value::Json(self.text()?),
        })
    }
}

fn finite(number: f64) -> Result<Value, CodecError> {
    if number.is_finite() { Ok(Value::Number(number)) } else { Err(CodecError::Damaged("number")) }
}

/// The integer of a number at the scale of a member; 0 when it is none there.
fn whole(member: &Member, number: f64) -> i64 {
    number::at_scale(&[number], member.scale).map_or(0, |wholes| wholes[0])
}
