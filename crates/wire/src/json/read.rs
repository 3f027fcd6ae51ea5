//! Reading stats objects straight from the parser: no tree in between, names shared, the place known when something is wrong.

use std::{cell::RefCell, collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use sidetone_engine::{
    report::{MemberName, Stats, Text, Value},
    units::Timestamp,
};

/// One step towards a place in the document.
enum Step {
    /// A member of ours.
    Member(&'static str),
    /// A key that somebody else chose.
    Key(Text),
    /// An element.
    Index(usize),
}

/// What the seeds of one document share.
pub(crate) struct Reader {
    /// Texts seen lately, each in the one place that its ends and length give it. A text that is not there is allocated again: no document
    /// can make this slow or large.
    texts: RefCell<Vec<Option<Text>>>,
    /// Where an error happened, innermost step first.
    path: RefCell<Vec<Step>>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { texts: RefCell::new(vec![None; TEXTS_HELD]), path: RefCell::default() }
    }
}

/// A report of a call with video has about 300 different texts.
const TEXTS_HELD: usize = 1024;

/// Longer texts are rarely the same.
const TEXT_SHARED_BYTES_MAX: usize = 128;

impl Reader {
    /// The text, allocated once where it is repeated.
    fn text(&self, text: &str) -> Text {
        let bytes = text.as_bytes();
        if bytes.is_empty() || bytes.len() > TEXT_SHARED_BYTES_MAX {
            return text.into();
        }
        let eight = |from: usize| bytes[from..].iter().take(8).fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        let mixed =
            (eight(0) ^ eight(bytes.len().saturating_sub(8)).rotate_left(21) ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (mixed >> 54) as usize;
        let held = &mut self.texts.borrow_mut()[place];
        match held {
            Some(held) if **held == *text => held.clone(),
            _ => held.insert(text.into()).clone(),
        }
    }

    /// Runs `read` one step further down; after an error the step is noted.
    fn within<T, E>(&self, step: impl FnOnce() -> Step, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        read().inspect_err(|_| self.path.borrow_mut().push(step()))
    }

    /// As [`Self::within`], for a member of ours.
    pub(crate) fn member<T, E>(&self, name: &'static str, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.within(|| Step::Member(name), read)
    }

    /// As [`Self::within`], for an element.
    pub(crate) fn index<T, E>(&self, index: usize, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.within(|| Step::Index(index), read)
    }

    /// Where the error happened, such as `reports[3].stats["IT01A"].jitter`.
    pub(crate) fn place(&self) -> String {
        let mut place = String::new();
        for step in self.path.borrow().iter().rev() {
            match step {
                Step::Index(index) => place.push_str(&format!("[{index}]")),
                Step::Member(name) => dotted(&mut place, name),
                Step::Key(key) if is_word(key) && !place.is_empty() && !place.ends_with("stats") => dotted(&mut place, key),
                Step::Key(key) => place.push_str(&format!("[{:?}]", short(key))),
            }
        }
        place
    }
}

fn dotted(place: &mut String, name: &str) {
    if !place.is_empty() {
        place.push('.');
    }
    place.push_str(name);
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.len() <= 60 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Enough of a key to find it.
fn short(key: &str) -> String {
    key.chars().take(60).collect()
}

/// The `stats` of a report: objects by id.
#[derive(Clone, Copy)]
pub(super) struct StatsMap<'a>(pub(super) &'a Reader);

impl<'de> DeserializeSeed<'de> for StatsMap<'_> {
    type Value = BTreeMap<Text, Stats>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for StatsMap<'_> {
    type Value = BTreeMap<Text, Stats>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of stats objects by id, as Object.fromEntries(report) gives it")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all = BTreeMap::new();
        while let Some(id) = map.next_key_seed(Word(self.0))? {
            let stats = self.0.within(|| Step::Key(id.clone()), || map.next_value_seed(OneStats(self.0, &id)))?;
            all.insert(id, stats);
        }
        Ok(all)
    }
}

/// One stats object, whose key was …
#[derive(Clone, Copy)]
struct OneStats<'a>(&'a Reader, &'a Text);

impl<'de> DeserializeSeed<'de> for OneStats<'_> {
    type Value = Stats;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Stats, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneStats<'_> {
    type Value = Stats;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stats object with its members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Stats, A::Error> {
        let mut stats = Stats::default();
        let mut members = Vec::new();
        while let Some(name) = map.next_key_seed(Word(self.0))? {
            match self.0.within(|| Step::Key(name.clone()), || map.next_value_seed(AnyValue(self.0)))? {
                Read::One(Value::Text(text)) if &*name == "type" => stats.stats_type = text,
                Read::One(Value::Text(text)) if &*name == "id" && text == *self.1 => {}
                Read::One(value) if &*name != "type" && &*name != "id" => members.push((MemberName { name, key: None }, value)),
                value => {
                    // A record, or something strange: from here on one by one, since a name can stand here twice in different shapes.
                    stats.members = members.into_iter().collect();
                    set_member(&mut stats, self.1, name, value);
                    return self.rest(stats, map);
                }
            }
        }
        // Of equal names the last wins.
        stats.members = members.into_iter().collect();
        Ok(stats)
    }
}

impl OneStats<'_> {
    fn rest<'de, A: MapAccess<'de>>(self, mut stats: Stats, mut map: A) -> Result<Stats, A::Error> {
        while let Some(name) = map.next_key_seed(Word(self.0))? {
            let value = self.0.within(|| Step::Key(name.clone()), || map.next_value_seed(AnyValue(self.0)))?;
            set_member(&mut stats, self.1, name, value);
        }
        Ok(stats)
    }
}

/// Sets one member by the rules of the module; what the name held before is gone.
pub(crate) fn set_member(stats: &mut Stats, id: &Text, name: Text, value: Read) {
    let first = MemberName::plain(name.clone());
    remove_member(stats, &first);
    match value {
        Read::One(Value::Text(text)) if &*name == "type" => stats.stats_type = text,
        Read::One(Value::Text(text)) if &*name == "id" && text == *id => {}
        Read::One(value) => {
            if &*name == "type" {
                stats.stats_type = Text::default();
            }
            stats.members.insert(first, value);
        }
        Read::Record(entries) => {
            if &*name == "type" {
                stats.stats_type = Text::default();
            }
            for (key, value) in entries {
                stats.members.insert(MemberName::entry(name.clone(), key), value);
            }
        }
    }
}

/// Removes the member with that name, a record with all its entries.
pub(crate) fn remove_member(stats: &mut Stats, first: &MemberName) {
    while let Some((held, _)) = stats.members.range(first..).next().filter(|(held, _)| held.name == first.name) {
        let held = held.clone();
        stats.members.remove(&held);
    }
}

/// The value of a member.
#[derive(Clone)]
pub(crate) enum Read {
    /// One value.
    One(Value),
    /// A record, entry by entry.
    Record(Vec<(Text, Value)>),
}

/// The value of a member, whatever it is.
#[derive(Clone, Copy)]
pub(crate) struct AnyValue<'a>(pub(crate) &'a Reader);

impl<'de> DeserializeSeed<'de> for AnyValue<'_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue<'_> {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Read, E> {
        Ok(Read::One(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Read, E> {
        Ok(Read::One(Value::Number(value as f64)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Read, E> {
        Ok(Read::One(Value::Number(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Read, E> {
        Ok(Read::One(Value::Number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Read, E> {
        Ok(Read::One(Value::Text(self.0.text(value))))
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read::One(Value::Json("null".into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Read, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element::<serde_json::Value>()? {
            elements.push(element);
        }
        Ok(Read::One(Value::Json(serde_json::Value::Array(elements).to_string().into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        let mut entries = serde_json::Map::new();
        while let Some(key) = map.next_key_seed(Word(self.0))? {
            let value = self.0.within(|| Step::Key(key.clone()), || map.next_value::<serde_json::Value>())?;
            entries.insert(key.to_string(), value);
        }
        let scalars = entries.iter().map(|(key, value)| Some((self.0.text(key), scalar(self.0, value)?))).collect::<Option<Vec<_>>>();
        match scalars {
            Some(entries) if !entries.is_empty() => Ok(Read::Record(entries)),
            _ => Ok(Read::One(Value::Json(serde_json::Value::Object(entries).to_string().into()))),
        }
    }
}

fn scalar(reader: &Reader, value: &serde_json::Value) -> Option<Value> {
    match value {
        serde_json::Value::Bool(value) => Some(Value::Bool(*value)),
        serde_json::Value::Number(number) => number.as_f64().map(Value::Number),
        serde_json::Value::String(text) => Some(Value::Text(reader.text(text))),
        _ => None,
    }
}

/// A key.
pub(crate) struct Word<'a>(pub(crate) &'a Reader);

impl<'de> DeserializeSeed<'de> for Word<'_> {
    type Value = Text;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Word<'_> {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Text, E> {
        Ok(self.0.text(key))
    }
}

/// Milliseconds since the epoch.
#[derive(Clone, Copy)]
pub(super) struct Millis;

impl<'de> DeserializeSeed<'de> for Millis {
    type Value = Timestamp;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Timestamp, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Millis {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("milliseconds since 1970 as a number, as Date.now() gives them")
    }

    fn visit_u64<E: serde::de::Error>(self, millis: u64) -> Result<Timestamp, E> {
        self.visit_f64(millis as f64)
    }

    fn visit_i64<E: serde::de::Error>(self, millis: i64) -> Result<Timestamp, E> {
        self.visit_f64(millis as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, millis: f64) -> Result<Timestamp, E> {
        Timestamp::from_millis_f64(millis)
            .ok_or_else(|| E::custom(format_args!("{millis} is no instant: allowed are milliseconds since 1970, up to the year 2200")))
    }
}
