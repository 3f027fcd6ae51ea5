//! The encoder: object by object, member by member the cheapest way to say what is there.

mod changing;

use std::borrow::Cow;

use sidetone_engine::{
    order::order,
    report::{Column, Data, Object, Presence, Reports, Text, Value},
};

use super::{
    budget::{self, Budget},
    certificate::Certificates,
    columns::{Columns, Place},
    dictionary::{CLASS_TIMES, Dictionary, Member, mode},
    number,
    object::{self, ALWAYS_SLOTS, COUNT_MORE, MORE_SLOTS, PREFIXED_SLOTS, PRIORITY, Priorities, STAY_SLOTS},
    predict::{Other, Predictor, Walk},
    rans::Encoder,
    residual::write_one,
    rows,
    template::{Matched, Plan},
    text::{self, Found, Writer, bits_of},
};

/// Writes one chunk.
pub(super) struct Writing<'a> {
    dictionary: &'a Dictionary,
    learns: bool,
    height: usize,
    pub(super) encoder: Encoder,
    pub(super) budget: Budget,
    pub(super) texts: Writer<'a>,
    columns: Columns<Option<&'a Column>>,
    /// Ids of the objects with their numbers, in order of the ids; of one id the last object counts.
    ids: Vec<(&'a str, usize)>,
    /// Numbers of the objects among those of their type, and how many there are of each type.
    numbers: Vec<usize>,
    counts: Vec<usize>,
    types: Vec<Option<usize>>,
    /// The last constant of each member by name.
    last: Vec<Option<Value>>,
    moved: Vec<bool>,
    priorities: Priorities,
    #[cfg(feature = "train")]
    pub(super) tally: super::train::Tally,
}

impl<'a> Writing<'a> {
    pub(super) fn new(dictionary: &'a Dictionary, reports: &'a Reports, learns: bool, certificates: &'a mut Certificates) -> Self {
        Self {
            dictionary,
            learns,
            height: reports.len(),
            encoder: Encoder::new(),
            budget: Budget::unlimited(),
            texts: Writer::new(dictionary, object::now_s(reports.times().first().map_or(0, |time| time.as_micros())), certificates),
            columns: Columns::new(dictionary),
            ids: Vec::new(),
            numbers: Vec::new(),
            counts: vec![0; dictionary.types],
            types: Vec::new(),
            last: vec![None; dictionary.names],
            moved: Vec::new(),
            priorities: Priorities::default(),
            #[cfg(feature = "train")]
            tally: super::train::Tally::default(),
        }
    }

    fn charge(&mut self, bytes: usize) {
        // The encoder's budget has no limit; it only counts.
        let _ = self.budget.charge(bytes);
    }

    /// All of it.
    pub(super) fn reports(&mut self, plan: &Plan, reports: &'a Reports) {
        let all: Vec<usize> = (0..self.height).collect();
        let mut objects = Vec::with_capacity(plan.objects.len());
        for matched in &plan.objects {
            let object = &reports.objects()[matched.object];
            if all.iter().any(|&row| object.presence.contains(row)) {
                objects.push((matched, object));
            }
        }
        self.encoder.raw(4, plan.family as u64);
        self.charge(self.height.saturating_mul(16).saturating_add(budget::RUN));
        let times: Vec<i64> = reports.times().iter().map(|time| time.as_micros()).collect();
        self.columns.times(&times, None);
        let unit = if times.iter().all(|time| time % object::MILLISECOND == 0) { object::MILLISECOND } else { 1 };
        self.encoder.raw(1, u64::from(unit > 1));
        let units: Vec<i64> = times.iter().map(|time| time / unit).collect();
        self.plain(CLASS_TIMES, Walk::new(Predictor::Drift, 0.0, [Other::NONE; 2]), &all, &units);
        self.list(plan.family, &objects);
        #[cfg(feature = "train")]
        self.tally.sizes.push(("(list)".to_owned(), self.encoder.bits()));
        let mut found = Vec::with_capacity(objects.len());
        for (matched, object) in &objects {
            found.push(self.id(matched, object));
        }
        #[cfg(feature = "train")]
        self.tally.sizes.push(("(ids)".to_owned(), self.encoder.bits() - self.tally.sizes[0].1));
        let id = |number: usize| -> &'a str { &objects[number].1.id };
        for number in order(objects.len(), &|a, b| id(a).cmp(id(b))) {
            self.ids.push((id(number), number));
        }
        for (&(matched, object), found) in objects.iter().zip(&found) {
            self.object((matched, object), &all, found);
        }
    }

    /// How many objects there are of each template of the family, and which others there are.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn list(&mut self, family: usize, objects: &[(&Matched, &'a Object)]) {
        let own = self.dictionary.families.get(family).cloned().unwrap_or_default();
        let mut rest = objects;
        for template in own {
            let count = rest.iter().take_while(|(matched, _)| matched.template == Some(template)).count();
            rest = &rest[count..];
            let symbol = count.min(COUNT_MORE);
            #[cfg(feature = "train")]
            self.tally.objects.push((template, symbol));
            self.encoder.symbol(&self.dictionary.templates[template].objects, symbol);
            if symbol == COUNT_MORE {
                self.encoder.raw(16, (count - symbol) as u64 & 0xFFFF);
                self.encoder.raw(32, (count - symbol) as u64 >> 16);
            }
        }
        for (matched, _) in rest {
            self.encoder.bit(MORE_SLOTS, true);
            self.encoder.raw(8, matched.template.unwrap_or(object::TEMPLATE_NONE) as u64);
        }
        self.encoder.bit(MORE_SLOTS, false);
        for (matched, _) in objects {
            self.charge(object::bytes(matched.template.map_or(0, |template| self.dictionary.templates[template].members.len())));
            let type_number = matched.template.map(|template| self.dictionary.templates[template].type_number);
            self.types.push(type_number);
            self.numbers.push(type_number.map_or(0, |number| self.counts[number]));
            if let Some(number) = type_number {
                self.counts[number] += 1;
            }
        }
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    fn id(&mut self, matched: &Matched, object: &'a Object) -> Found {
        let id: &'a str = &object.id;
        let Some(template) = matched.template.map(|template| &self.dictionary.templates[template]) else {
            self.texts.text(&mut self.encoder, &mut self.budget, &object.stats_type, None);
            return self.texts.text(&mut self.encoder, &mut self.budget, id, Some(None));
        };
        let tail = id.strip_prefix(&*template.prefix);
        if !template.prefix.is_empty() {
            self.encoder.bit(PREFIXED_SLOTS, tail.is_some());
            self.charge(text::CHAR_BYTES * template.prefix.len());
        }
        let certificate = object.column(object::CERTIFICATE_MEMBER).and_then(|column| match &column.data {
            Data::Constant(Value::Text(text)) => Some(&**text),
            _ => None,
        });
        self.texts.text(&mut self.encoder, &mut self.budget, tail.unwrap_or(id), Some(certificate))
    }

    fn object(&mut self, (matched, object): (&Matched, &'a Object), all: &[usize], found: &Found) {
        let rows = self.presence(&object.presence, all);
        self.moved.clear();
        self.priorities.begin();
        self.moved.resize(self.height, true);
        if let Some(number) = matched.template {
            let template = &self.dictionary.templates[number];
            let ordinal = self.columns.object(number, template.members.len());
            for (place, (member, column)) in template.members.iter().zip(&matched.members).enumerate() {
                #[cfg(feature = "train")]
                let before = self.encoder.bits();
                let place = Place { template: number, ordinal, member: place, crossing: member.crossing };
                self.column(Some(place), member, column.map(|column| &object.columns[column]), &rows, (&object.id, found));
                #[cfg(feature = "train")]
                self.tally.sizes.push((format!("{}.{}", template.stats_type, member.name.name), self.encoder.bits() - before));
            }
        }
        let Some(other) = &self.dictionary.other else { return };
        for column in matched.others.iter().map(|&place| &object.columns[place]) {
            let there = rows.iter().any(|&row| column.presence.contains(row));
            if there {
                self.encoder.bit(MORE_SLOTS, true);
                self.charge(object::COLUMN);
                self.texts.text(&mut self.encoder, &mut self.budget, &column.name.name, None);
                self.encoder.bit(MORE_SLOTS, column.name.key.is_some());
                if let Some(key) = &column.name.key {
                    self.texts.text(&mut self.encoder, &mut self.budget, key, None);
                }
                self.column(None, other, Some(column), &rows, (&object.id, found));
            }
        }
        self.encoder.bit(MORE_SLOTS, false);
    }

    /// In which of the rows an object is there.
    fn presence<'r>(&mut self, presence: &Presence, rows: &'r [usize]) -> Cow<'r, [usize]> {
        let there = rows::present(presence, rows);
        self.encoder.bit(ALWAYS_SLOTS, there.len() == rows.len());
        if there.len() < rows.len() {
            self.rows(rows, presence);
        }
        there
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    fn rows(&mut self, rows: &[usize], presence: &Presence) {
        self.charge(9 * rows.len() + self.height);
        let mut last = false;
        for &row in rows {
            let bit = presence.contains(row);
            self.encoder.bit(STAY_SLOTS, bit == last);
            last = bit;
        }
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    fn mode(&mut self, place: Option<Place>, member: &Member, mode: usize) {
        #[cfg(feature = "train")]
        self.tally.modes.push((place.map(|place| (place.template, place.member)), mode));
        let _ = place;
        self.encoder.symbol(&member.modes, mode);
    }

    fn column(&mut self, place: Option<Place>, member: &Member, column: Option<&'a Column>, rows: &[usize], (id, found): (&str, &Found)) {
        let Some(column) = column else { return self.mode(place, member, mode::ABSENT) };
        let there = rows::present(&column.presence, rows);
        if there.is_empty() {
            return self.mode(place, member, mode::ABSENT);
        }
        if there.len() < rows.len() {
            self.mode(place, member, mode::SOMETIMES);
            self.rows(rows, &column.presence);
        }
        // A column that is not in every row of its object is no measure for others.
        let place_held = place.filter(|_| member.is_referred && there.len() == rows.len());
        match rows::constant(column, &there) {
            Some(value) => self.constant((place, place_held), member, (column, value), there[0], (id, found)),
            None => self.changing((place, place_held), member, column, &there),
        }
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    fn constant(
        &mut self,
        (place, held): (Option<Place>, Option<Place>),
        member: &Member,
        (column, value): (&'a Column, Value),
        row: usize,
        (id, found): (&str, &Found),
    ) {
        let ordinal = place.map_or(0, |place| place.ordinal);
        if let Value::Number(number) = value
            && &*member.name.name == PRIORITY
        {
            self.priorities.keep(number);
        }
        if let Some(at) = member.values.iter().position(|likely| likely.value == value) {
            self.columns.constant(held, member.values[at].whole, Some(column));
            return self.mode(place, member, mode::VALUES + at);
        }
        if let Value::Number(number) = value {
            let whole = number::whole(number, member.scale);
            if &*member.name.name == PRIORITY {
                let own = self.priorities.of_pair();
                if own.is_some_and(|own| own.to_bits() == number.to_bits()) {
                    return self.mode(place, member, mode::OWN);
                }
            } else if found.number.is_some_and(|own| f64::from(own).to_bits() == number.to_bits()) {
                self.columns.constant(held, whole.unwrap_or(0), Some(column));
                return self.mode(place, member, mode::OWN);
            }
            if let Some(copied) = self.columns.find(member.references[0], ordinal)
                && self.is_constant(copied)
                && self.same(copied, column, &[row])
            {
                self.columns.alias(held, copied);
                return self.mode(place, member, mode::COPY);
            }
        }
        if let Value::Text(text) = &value {
            if found.certificate.as_deref() == Some(&**text) {
                self.charge(16 * text.len());
                return self.mode(place, member, mode::OWN);
            }
            if let Some(object) = self.object_of(text)
                && (member.target.is_none() || member.target == self.types[object])
            {
                self.mode(place, member, mode::REFERENCE);
                self.priorities.refer(object);
                let (number, count) = match member.target {
                    Some(target) => (self.numbers[object], self.counts[target]),
                    None => (object, self.numbers.len()),
                };
                return self.encoder.raw(bits_of(count), number as u64);
            }
        }
        let again = self.last.get(member.name_number).and_then(Option::as_ref) == Some(&value) && place.is_some();
        if again {
            if let Value::Number(number) = value {
                let whole = number::whole(number, member.scale).unwrap_or(0);
                self.columns.constant(held, whole, Some(column));
            }
            return self.mode(place, member, mode::AGAIN);
        }
        if let Some(last) = self.last.get_mut(member.name_number).filter(|_| place.is_some()) {
            *last = Some(value.clone());
        }
        match value {
            Value::Number(number) => self.number((place, held), member, (column, number), row, ordinal),
            Value::Text(text) if text.len() >= 4 && text.len() < 256 && id.ends_with(&*text) => {
                self.charge(8 * text.len() + 128);
                self.mode(place, member, mode::TAIL);
                self.encoder.raw(8, text.len() as u64);
            }
            Value::Text(_) => {
                self.mode(place, member, mode::TEXT);
                self.text_of(column);
            }
            value => {
                self.mode(place, member, mode::OTHER);
                self.value(&value, column, row);
            }
        }
    }

    /// Writes the one text of a column.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn text_of(&mut self, column: &'a Column) {
        let text: Option<&'a Text> = match &column.data {
            Data::Constant(Value::Text(text) | Value::Json(text)) => Some(text),
            Data::Values(values) => {
                values.iter().find_map(|value| if let Value::Text(text) | Value::Json(text) = value { Some(text) } else { None })
            }
            _ => None,
        };
        self.texts.text(&mut self.encoder, &mut self.budget, text.map_or("", |text| text), None);
    }

    /// The number of the object of that id.
    fn object_of(&self, id: &str) -> Option<usize> {
        let after = self.ids.partition_point(|(held, _)| *held <= id);
        let (held, number) = *self.ids.get(after.checked_sub(1)?)?;
        (held == id).then_some(number)
    }

    fn is_constant(&self, column: usize) -> bool {
        matches!(self.columns.integers(Some(column)), Other::Constant(_))
    }

    /// Whether a column held has the same numbers as another in some rows.
    fn same(&self, held: usize, column: &Column, rows: &[usize]) -> bool {
        let Some(Some(source)) = self.columns.source(held) else { return false };
        rows.iter().all(|&row| matches!((column.number(row), source.number(row)), (Some(a), Some(b)) if a.to_bits() == b.to_bits()))
    }

    fn number(
        &mut self,
        (place, held): (Option<Place>, Option<Place>),
        member: &Member,
        (column, number): (&'a Column, f64),
        row: usize,
        ordinal: usize,
    ) {
        let Some(whole) = number::whole(number, member.scale) else {
            self.mode(place, member, mode::OTHER);
            return self.value(&Value::Number(number), column, row);
        };
        self.mode(place, member, mode::NUMBER);
        let reference = self.columns.find(member.references[0], ordinal);
        let walk = Walk::new(Predictor::Factor, member.factor, [self.columns.integers(reference), Other::NONE]);
        let expected = { walk }.predict(row);
        let _symbol = write_one(&mut self.encoder, &self.dictionary.classes[member.class], whole.wrapping_sub(expected));
        #[cfg(feature = "train")]
        self.tally.residuals.push((member.class, 0, _symbol));
        self.columns.constant(held, whole, Some(column));
    }

    /// Any value of a column, without prediction.
    fn value(&mut self, value: &Value, column: &'a Column, row: usize) {
        let kind = match value {
            Value::Number(_) => object::VALUE_NUMBER,
            Value::Bool(_) => object::VALUE_BOOL,
            Value::Text(_) => object::VALUE_TEXT,
            Value::Json(_) => object::VALUE_JSON,
        };
        self.encoder.raw(2, kind);
        match value {
            Value::Number(number) => self.encoder.raw(64, number.to_bits()),
            Value::Bool(value) => self.encoder.raw(1, u64::from(*value)),
            Value::Text(_) | Value::Json(_) => {
                let text: Option<&'a Text> = match &column.data {
                    Data::Constant(Value::Text(text) | Value::Json(text)) => Some(text),
                    Data::Values(values) => match values.get(row) {
                        Some(Value::Text(text) | Value::Json(text)) => Some(text),
                        _ => None,
                    },
                    _ => None,
                };
                self.texts.text(&mut self.encoder, &mut self.budget, text.map_or("", |text| text), None);
            }
        }
    }
}
