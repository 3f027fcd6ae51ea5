//! The entropy coder: ranges of 32 768 slots, each taken with the probability that its model gives (rANS).
//!
//! A decoder reads forwards and does a multiplication per symbol. The encoder collects what it is told and writes it
//! backwards in the end.

/// Symbols of a model.
pub(super) const SYMBOLS: usize = 32;
/// Slots of a model, as a power of two.
const SLOT_BITS: u32 = 15;
const SLOTS: u16 = 1 << SLOT_BITS;
/// The state is at least this between two symbols.
const STATE_MIN: u32 = 1 << 16;
/// How fast an adaptive model follows what it sees: after this many symbols of one kind most of the slots are theirs.
const LEARN_SHIFT: u32 = 5;

/// How likely each of 32 symbols is: the slot with which each begins.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Model([u16; SYMBOLS]);

impl Model {
    /// From how often each symbol was seen. Every symbol gets a slot, the most frequent what rounding leaves over.
    pub(super) fn of(counts: &[u32; SYMBOLS]) -> Self {
        let total: u64 = counts.iter().map(|&count| u64::from(count)).sum::<u64>().max(1);
        let spare = u64::from(SLOTS) - SYMBOLS as u64;
        let slots_of = |count: u32| 1 + u16::try_from(u64::from(count) * spare / total).unwrap_or(0);
        let most = (0..SYMBOLS).rev().max_by_key(|&symbol| counts[symbol]).unwrap_or(0);
        let over = SLOTS - counts.iter().map(|&count| slots_of(count)).sum::<u16>();
        let (mut begins, mut begin) = ([0; SYMBOLS], 0);
        for (symbol, (place, &count)) in begins.iter_mut().zip(counts).enumerate() {
            *place = begin;
            begin += slots_of(count) + if symbol == most { over } else { 0 };
        }
        Self(begins)
    }

    /// The most likely symbol.
    pub(super) fn usual(&self) -> usize {
        let mut usual = 0;
        for symbol in 1..SYMBOLS {
            if self.range(symbol).slots >= self.range(usual).slots {
                usual = symbol;
            }
        }
        usual
    }

    /// The first slot of a symbol and how many it has.
    #[inline(always)]
    fn range(&self, symbol: usize) -> Range {
        let end = self.0.get(symbol + 1).copied().unwrap_or(SLOTS);
        Range { begin: self.0[symbol], slots: end - self.0[symbol] }
    }

    /// The symbol of a slot.
    #[inline(always)]
    fn find(&self, slot: u16) -> usize {
        let begun: u16 = self.0.iter().map(|&begin| u16::from(begin <= slot)).sum();
        usize::from(begun) - 1
    }

    /// Moves slots towards a symbol that was seen.
    #[expect(clippy::cast_possible_truncation, reason = "there are 32 symbols")]
    pub(super) fn learn(&mut self, symbol: usize) {
        for (place, begin) in self.0.iter_mut().enumerate().skip(1) {
            let goal = if place <= symbol { place as u16 } else { SLOTS - (SYMBOLS - place) as u16 };
            *begin = begin.wrapping_add_signed((goal as i16).wrapping_sub(*begin as i16) >> LEARN_SHIFT);
        }
    }

    /// About how many 256ths of a bit a symbol takes.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn cost(&self, symbol: usize) -> u32 {
        let slots = u32::from(self.range(symbol).slots);
        let whole = 31 - slots.leading_zeros();
        (SLOT_BITS - whole) * 256 - ((slots << (8 + 23 - whole)) >> 23 & 0xFF)
    }
}

/// Neighbouring slots.
#[derive(Clone, Copy, Debug)]
struct Range {
    begin: u16,
    slots: u16,
}

/// Symbols and bytes of plain bits of a batch of ten reports.
const RANGES: usize = 2560;
const BYTES: usize = 1280;

/// Collects symbols and plain bits, then writes them.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    ranges: Vec<Range>,
    bytes: Vec<u8>,
    /// Bits that make no byte yet, and how many.
    bits: u64,
    count: u32,
}

impl Encoder {
    /// With room for what a batch needs.
    pub(super) fn new() -> Self {
        Self { ranges: Vec::with_capacity(RANGES), bytes: Vec::with_capacity(BYTES), ..Self::default() }
    }

    /// A symbol.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn symbol(&mut self, model: &Model, symbol: usize) {
        self.ranges.push(model.range(symbol));
    }

    /// A bit of which a one has `slots` of the 32 768.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn bit(&mut self, slots: u16, bit: bool) {
        self.ranges.push(if bit { Range { begin: 0, slots } } else { Range { begin: slots, slots: SLOTS - slots } });
    }

    /// The lowest `bits` (at most 64) of `value`, lowest first, as they are.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn raw(&mut self, bits: u32, value: u64) {
        if bits > 32 {
            self.raw(32, value);
            return self.raw(bits - 32, value >> 32);
        }
        self.bits |= (value & ((1 << bits) - 1)) << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.bytes.push(self.bits.to_le_bytes()[0]);
            self.bits >>= 8;
            self.count -= 8;
        }
    }

    /// Bytes as they are.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn raw_bytes(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.raw(8, byte.into()));
    }

    /// About how many bits were collected.
    #[cfg(feature = "train")]
    #[expect(clippy::disallowed_methods, reason = "only people read it")]
    pub(super) fn bits(&self) -> f64 {
        let symbols: f64 = self.ranges.iter().map(|range| (f64::from(SLOTS) / f64::from(range.slots)).log2()).sum();
        symbols + (self.bytes.len() * 8) as f64 + f64::from(self.count)
    }

    /// Appends what was collected: the plain bits, zeros up to a least length, the words and the state of the symbols.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is taken")]
    pub(super) fn write(mut self, bytes: &mut Vec<u8>, least: usize) {
        if self.count > 0 {
            self.bytes.push(self.bits.to_le_bytes()[0]);
        }
        let mut state = STATE_MIN;
        let mut words: Vec<u8> = Vec::with_capacity(self.ranges.len());
        for range in self.ranges.iter().rev() {
            let slots = u32::from(range.slots);
            if state >> 17 >= slots {
                words.extend_from_slice(&(state as u16).to_be_bytes());
                state >>= 16;
            }
            // One division: WebAssembly has none that gives the remainder too.
            let whole = state / slots;
            state = (whole << SLOT_BITS) + (state - whole * slots) + u32::from(range.begin);
        }
        words.extend_from_slice(&state.to_be_bytes());
        bytes.append(&mut self.bytes);
        bytes.resize(bytes.len().max(least.saturating_sub(words.len())), 0);
        bytes.append(&mut words);
    }
}

/// Reads symbols from the end and plain bits from the beginning.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    state: u32,
    bytes: &'a [u8],
    /// Where the words begin that were taken.
    back: usize,
    /// Where the bytes end that were taken for bits, and what is left of them.
    front: usize,
    bits: u64,
    count: u32,
    is_short: bool,
}

impl<'a> Decoder<'a> {
    /// `None` when there are not even the bytes of a state.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let state = u32::from_be_bytes(*bytes.last_chunk()?);
        (state >= STATE_MIN).then_some(Self { state, bytes, back: bytes.len() - 4, front: 0, bits: 0, count: 0, is_short: false })
    }

    #[inline(always)]
    fn take(&mut self, range: Range, slot: u32) {
        self.state = u32::from(range.slots) * (self.state >> SLOT_BITS) + (slot - u32::from(range.begin));
        if self.state < STATE_MIN {
            self.refill();
        }
    }

    #[inline(always)]
    fn refill(&mut self) {
        let word = self.back.checked_sub(2).and_then(|begin| Some((begin, *self.bytes.get(begin..)?.first_chunk()?)));
        let word = match word {
            Some((begin, word)) => {
                self.back = begin;
                u16::from_be_bytes(word)
            }
            None => {
                self.is_short = true;
                0
            }
        };
        self.state = self.state << 16 | u32::from(word);
    }

    /// A symbol.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "a slot has 15 bits")]
    pub(super) fn symbol(&mut self, model: &Model) -> usize {
        let slot = self.state & u32::from(SLOTS - 1);
        let symbol = model.find(slot as u16);
        self.take(model.range(symbol), slot);
        symbol
    }

    /// A symbol that is as a rule `usual`.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "a slot has 15 bits")]
    pub(super) fn usual_symbol(&mut self, model: &Model, usual: usize) -> usize {
        let slot = self.state & u32::from(SLOTS - 1);
        let range = model.range(usual);
        if slot.wrapping_sub(u32::from(range.begin)) < u32::from(range.slots) {
            self.take(range, slot);
            return usual;
        }
        let symbol = model.find(slot as u16);
        self.take(model.range(symbol), slot);
        symbol
    }

    /// A bit of which a one has `slots` of the 32 768.
    #[inline]
    pub(super) fn bit(&mut self, slots: u16) -> bool {
        let slot = self.state & u32::from(SLOTS - 1);
        let bit = slot < u32::from(slots);
        self.take(if bit { Range { begin: 0, slots } } else { Range { begin: slots, slots: SLOTS - slots } }, slot);
        bit
    }

    /// `bits` (at most 64), lowest first.
    #[inline(always)]
    pub(super) fn raw(&mut self, bits: u32) -> u64 {
        if bits > 32 {
            return self.raw_few(32) | self.raw_few(bits - 32) << 32;
        }
        self.raw_few(bits)
    }

    /// At most 32 bits.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "32 bits are taken")]
    pub(super) fn word(&mut self, bits: u32) -> u32 {
        self.raw_few(bits) as u32
    }

    /// At most 8 bits.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "8 bits are taken")]
    pub(super) fn byte(&mut self, bits: u32) -> u8 {
        self.raw_few(bits) as u8
    }

    /// A place in a list that numbers of so many bits can name.
    pub(super) fn place(&mut self, bits: u32) -> usize {
        usize::try_from(self.raw(bits)).unwrap_or(usize::MAX)
    }

    /// At most 32 bits.
    #[inline(always)]
    pub(super) fn raw_few(&mut self, bits: u32) -> u64 {
        if self.count < bits {
            self.fill();
        }
        let value = self.bits & ((1 << bits) - 1);
        self.bits >>= bits;
        self.count -= bits;
        value
    }

    /// Fetches 32 bits, or what there is.
    #[inline(always)]
    fn fill(&mut self) {
        let four = match self.bytes.get(self.front..).and_then(<[u8]>::first_chunk) {
            Some(four) => *four,
            None => self.last_bytes(),
        };
        self.bits |= u64::from(u32::from_le_bytes(four)) << self.count;
        self.count += 32;
        self.front += 4;
    }

    #[cold]
    fn last_bytes(&mut self) -> [u8; 4] {
        let rest = self.bytes.get(self.front..).unwrap_or_default();
        self.is_short |= rest.is_empty();
        let mut four = [0; 4];
        four[..rest.len()].copy_from_slice(rest);
        four
    }

    /// Whether there were less bytes than symbols and bits.
    pub(super) fn is_short(&self) -> bool {
        self.is_short
    }

    /// Whether all was read, and that is what an encoder wrote: only zeros are left.
    pub(super) fn is_done(&self) -> bool {
        let used = self.front - (self.count / 8) as usize;
        let is_even = self.bits & ((1 << (self.count % 8)) - 1) == 0;
        let unused = self.bytes.get(used..self.back);
        !self.is_short && self.state == STATE_MIN && is_even && unused.is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_come_back() {
        let mut counts = [0; SYMBOLS];
        (counts[0], counts[5], counts[31]) = (1000, 3, 40);
        let model = Model::of(&counts);
        let mut learned = model;
        let mut encoder = Encoder::default();
        for symbol in 0..1000 {
            encoder.symbol(&learned, symbol * 7 % SYMBOLS);
            learned.learn(symbol * 7 % SYMBOLS);
            encoder.bit(32_000, symbol % 3 == 0);
            encoder.raw(64, 0x0123_4567_89AB_CDEF_u64.rotate_left(u32::try_from(symbol).unwrap()));
        }
        let mut bytes = Vec::new();
        encoder.write(&mut bytes, 0);
        let mut decoder = Decoder::new(&bytes).unwrap();
        let mut learned = model;
        for symbol in 0..1000 {
            assert_eq!(decoder.symbol(&learned), symbol * 7 % SYMBOLS);
            learned.learn(symbol * 7 % SYMBOLS);
            assert_eq!(decoder.bit(32_000), symbol % 3 == 0);
            assert_eq!(decoder.raw(64), 0x0123_4567_89AB_CDEF_u64.rotate_left(u32::try_from(symbol).unwrap()));
        }
        assert!(decoder.is_done());
    }
}
