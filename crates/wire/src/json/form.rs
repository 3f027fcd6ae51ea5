//! How the objects and arrays of a batch are read: members that are known and no others, with the place of what is wrong.

use std::{fmt, marker::PhantomData};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::read::Reader;

/// An object of ours as it is being read.
pub(super) trait Form: Default {
    /// What it becomes.
    type Read;
    /// What is expected in its place, for the error where something else stands.
    const EXPECTED: &'static str;
    /// The members that it may have.
    const MEMBERS: &'static [&'static str];

    /// Reads the value of the member `name`.
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A, reader: &Reader) -> Result<(), A::Error>;

    /// What was read, or which member is missing.
    fn finish<E: Error>(self) -> Result<Self::Read, E>;
}

/// An array of such objects as it is being read.
pub(super) trait Forms: Default {
    /// Its elements.
    type Element: Form;
    /// What is expected in its place.
    const EXPECTED: &'static str;

    /// Number of elements so far.
    fn len(&self) -> usize;

    /// Takes the next one.
    fn add<E: Error>(&mut self, element: <Self::Element as Form>::Read) -> Result<(), E>;
}

/// Reads an object.
pub(super) struct Object<'a, F>(&'a Reader, PhantomData<F>);

/// Reads an array.
pub(super) struct Array<'a, F>(&'a Reader, PhantomData<F>);

/// Reads the object `F`.
pub(super) fn object<F: Form>(reader: &Reader) -> Object<'_, F> {
    Object(reader, PhantomData)
}

/// Reads the array `F`.
pub(super) fn array<F: Forms>(reader: &Reader) -> Array<'_, F> {
    Array(reader, PhantomData)
}

impl<'de, F: Form> DeserializeSeed<'de> for Object<'_, F> {
    type Value = F::Read;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<F::Read, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: Form> Visitor<'de> for Object<'_, F> {
    type Value = F::Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(F::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<F::Read, A::Error> {
        let mut form = F::default();
        while let Some(given) = map.next_key::<String>()? {
            let Some(name) = F::MEMBERS.iter().find(|name| **name == given) else { return Err(unknown(&given, F::MEMBERS)) };
            self.0.member(name, || form.member(name, &mut map, self.0))?;
        }
        form.finish()
    }
}

impl<'de, F: Forms> DeserializeSeed<'de> for Array<'_, F> {
    type Value = F;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<F, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: Forms> Visitor<'de> for Array<'_, F> {
    type Value = F;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(F::EXPECTED)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<F, A::Error> {
        let mut elements = F::default();
        while let Some(element) = self.0.index(elements.len(), || seq.next_element_seed(object::<F::Element>(self.0)))? {
            elements.add(element)?;
        }
        Ok(elements)
    }
}

/// A member that is not there and must be.
pub(super) fn missing<E: Error>(name: &str, meaning: &str) -> E {
    E::custom(format_args!("{name} is missing: {meaning}"))
}

fn unknown<E: Error>(name: &str, allowed: &[&str]) -> E {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    let given: String = name.chars().take(60).collect();
    let meant = allowed.iter().find(|candidate| plain(candidate) == plain(name));
    match meant {
        Some(meant) => E::custom(format_args!("member {given:?} is unknown, {meant:?} is meant; allowed are {}", allowed.join(", "))),
        None => E::custom(format_args!("member {given:?} is unknown; allowed are {}", allowed.join(", "))),
    }
}
