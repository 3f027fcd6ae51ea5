//! Strings: those known by number, and new ones character by character with repeats of earlier text predicted.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use sidetone_engine::report::Text;

use super::{
    CodecError,
    budget::Budget,
    dictionary::{PRIMER, WORDS},
    range::{Bit, Coder},
};

const HASH_BITS: u32 = 12;
/// Longest match that has its own confidence.
const MATCH_MAX: usize = 15;
/// Farthest place behind a separator with its own model.
const DISTANCE_MAX: usize = 15;
/// Most strings that can be named by number.
const NUMBERED_MAX: usize = 65_536;

static WORD_TEXTS: LazyLock<Vec<Text>> = LazyLock::new(|| WORDS.iter().map(|&word| Text::from(word)).collect());
static WORD_NUMBERS: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| WORDS.iter().enumerate().map(|(number, &word)| (word, number)).collect());
static PRIMED: LazyLock<History> = LazyLock::new(|| {
    let mut history = History { bytes: Vec::new(), heads: vec![0; 1 << HASH_BITS] };
    PRIMER.bytes().for_each(|byte| history.push(byte));
    history
});

/// All text so far and where each three bytes were last seen.
#[derive(Clone, Debug)]
struct History {
    bytes: Vec<u8>,
    heads: Vec<u32>,
}

impl History {
    fn slot(&self) -> Option<usize> {
        let [.., a, b, c] = self.bytes[..] else { return None };
        let key = u32::from(a) | u32::from(b) << 8 | u32::from(c) << 16;
        Some((key.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize)
    }

    /// Adds a byte and remembers that it followed the three before it.
    fn push(&mut self, byte: u8) {
        if let (Some(slot), Ok(at)) = (self.slot(), u32::try_from(self.bytes.len())) {
            self.heads[slot] = at;
        }
        self.bytes.push(byte);
    }

    /// The place of what followed when the last three bytes were seen before.
    fn place(&self) -> Option<usize> {
        self.slot().map(|slot| self.heads[slot] as usize).filter(|&place| place > 0)
    }
}

/// The characters that a string mostly consists of; any of them is as likely as any other.
const ALPHABETS: [&[u8]; 5] = [
    b"0123456789",
    b"0123456789abcdef",
    b"0123456789ABCDEF",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
];
/// In which alphabets a byte is, by bit.
const MEMBERSHIP: [u8; 256] = {
    let mut membership = [0; 256];
    let mut alphabet = 0;
    while alphabet < ALPHABETS.len() {
        let mut at = 0;
        while at < ALPHABETS[alphabet].len() {
            membership[ALPHABETS[alphabet][at] as usize] |= 1 << alphabet;
            at += 1;
        }
        alphabet += 1;
    }
    membership
};

fn is_in(alphabet: usize, byte: u8) -> bool {
    MEMBERSHIP[usize::from(byte)] >> alphabet & 1 == 1
}

const ASCII: u32 = 5;
const BYTES: u32 = 6;

fn alphabet_of(text: &[u8]) -> u32 {
    if !text.is_ascii() {
        return BYTES;
    }
    let fits = |alphabet: &usize| text.iter().filter(|&&byte| !is_in(*alphabet, byte)).count() * 4 <= text.len();
    (0..ALPHABETS.len()).find(fits).and_then(|at| u32::try_from(at).ok()).unwrap_or(ASCII)
}

/// Codes strings of one chunk.
#[derive(Debug)]
pub(super) struct Strings {
    texts: Vec<Text>,
    numbers: HashMap<Text, usize>,
    last: HashMap<Text, Text>,
    history: History,
    repeated: Bit,
    numbered: Bit,
    alphabets: [Bit; 8],
    lengths: [Bit; 64],
    matched: [Bit; MATCH_MAX + 1],
    separators: [[Bit; DISTANCE_MAX + 1]; 8],
    characters: Vec<Bit>,
}

impl Strings {
    pub(super) fn new() -> Self {
        Self {
            texts: Vec::new(),
            numbers: HashMap::new(),
            last: HashMap::new(),
            history: PRIMED.clone(),
            repeated: Bit::NEW,
            numbered: Bit::NEW,
            alphabets: [Bit::NEW; 8],
            lengths: [Bit::NEW; 64],
            matched: [Bit::NEW; MATCH_MAX + 1],
            separators: [[Bit::NEW; DISTANCE_MAX + 1]; 8],
            characters: vec![Bit::NEW; 256],
        }
    }

    /// A string value of the member `name`: often the one that the member of this name had last.
    pub(super) fn value(&mut self, coder: &mut impl Coder, budget: &mut Budget, name: &Text, text: &Text) -> Result<Text, CodecError> {
        if let Some(last) = self.last.get(name)
            && coder.bit(&mut self.repeated, last == text)
        {
            return Ok(last.clone());
        }
        let text = self.text(coder, budget, text)?;
        budget.charge(128)?;
        self.last.insert(name.clone(), text.clone());
        Ok(text)
    }

    /// Any string.
    pub(super) fn text<C: Coder>(&mut self, coder: &mut C, budget: &mut Budget, text: &str) -> Result<Text, CodecError> {
        let number = if C::WRITES { WORD_NUMBERS.get(text).or_else(|| self.numbers.get(text)).copied() } else { None };
        let count = (WORDS.len() + self.texts.len()).min(NUMBERED_MAX);
        if coder.bit(&mut self.numbered, number.is_some_and(|number| number < count)) {
            let number = coder.uniform(index(count), index(number.unwrap_or(0))) as usize;
            return WORD_TEXTS
                .get(number)
                .or_else(|| self.texts.get(number - WORDS.len()))
                .cloned()
                .ok_or(CodecError::Damaged("string number"));
        }
        let text: Text = Arc::from(self.spelt(coder, budget, text.as_bytes())?);
        if C::WRITES {
            self.numbers.insert(text.clone(), WORDS.len() + self.texts.len());
        }
        self.texts.push(text.clone());
        Ok(text)
    }

    fn spelt<C: Coder>(&mut self, coder: &mut C, budget: &mut Budget, text: &[u8]) -> Result<String, CodecError> {
        let alphabet = coder.tree(&mut self.alphabets, 3, if C::WRITES { alphabet_of(text) } else { 0 });
        if alphabet > BYTES {
            return Err(CodecError::Damaged("alphabet"));
        }
        let length =
            usize::try_from(coder.number(&mut self.lengths, text.len() as u64)).map_err(|_| CodecError::Damaged("string length"))?;
        budget.charge(length.saturating_mul(8).saturating_add(192))?;
        self.history.push(b'\n');
        let mut bytes = Vec::with_capacity(length);
        let (mut ahead, mut matched, mut distance) = (None, 0, 0);
        for at in 0..length {
            let given = text.get(at).copied().unwrap_or(0);
            if ahead.is_none() {
                matched = 0;
                ahead = self.history.place();
            }
            let predicted = ahead.and_then(|place| self.history.bytes.get(place).copied());
            let byte = match predicted {
                Some(byte) if coder.bit(&mut self.matched[matched], byte == given) => {
                    matched = (matched + 1).min(MATCH_MAX);
                    ahead = ahead.map(|place| place + 1);
                    byte
                }
                _ => {
                    ahead = None;
                    self.character(coder, alphabet, distance, given)
                }
            };
            let plain = alphabet >= ASCII || is_in(alphabet as usize, byte);
            distance = if plain { (distance + 1).min(DISTANCE_MAX) } else { 0 };
            bytes.push(byte);
            self.history.push(byte);
        }
        String::from_utf8(bytes).map_err(|_| CodecError::NotUtf8)
    }

    #[expect(clippy::cast_possible_truncation, reason = "characters are below 256")]
    fn character<C: Coder>(&mut self, coder: &mut C, alphabet: u32, distance: usize, given: u8) -> u8 {
        let Some(letters) = ALPHABETS.get(alphabet as usize) else {
            return coder.tree(&mut self.characters, if alphabet == ASCII { 7 } else { 8 }, u32::from(given)) as u8;
        };
        let place = if C::WRITES { letters.iter().position(|&letter| letter == given) } else { None };
        if coder.bit(&mut self.separators[alphabet as usize][distance], place.is_none()) {
            return coder.tree(&mut self.characters, 7, u32::from(given)) as u8;
        }
        letters[coder.uniform(index(letters.len()), index(place.unwrap_or(0))) as usize]
    }
}

/// A count or place that is known to be at most 65536.
#[expect(clippy::cast_possible_truncation, reason = "callers keep it at most 65536")]
fn index(value: usize) -> u32 {
    value.min(NUMBERED_MAX) as u32
}
