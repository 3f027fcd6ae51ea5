//! The adaptive binary range coder: one set of coding functions, run forwards by [`Encoder`] and backwards by [`Decoder`].

/// Learned probability of a one, in 1/65536, and how much was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bit {
    one: u16,
    seen: u8,
}

/// Observations after which a model stops slowing down.
const SEEN_MAX: u8 = 28;

/// Step of adaptation after so many observations, in 1/65536: 1 / (n + 1.6).
const STEPS: [u32; SEEN_MAX as usize + 1] = {
    let mut steps = [0; SEEN_MAX as usize + 1];
    let (mut seen, mut tenths) = (0, 16);
    while seen < steps.len() {
        steps[seen] = 655_360 / tenths;
        seen += 1;
        tenths += 10;
    }
    steps
};

impl Bit {
    pub(super) const NEW: Self = Self { one: 0x8000, seen: 0 };

    fn learn(&mut self, bit: bool) {
        let step = STEPS[usize::from(self.seen)];
        if bit {
            self.one += ((u32::from(u16::MAX - self.one) * step) >> 16) as u16;
        } else {
            self.one -= ((u32::from(self.one) * step) >> 16) as u16;
        }
        self.seen += u8::from(self.seen < SEEN_MAX);
    }
}

/// A range coder in either direction. Every function takes the value to write and gives the value read;
/// the encoder gives back what it was given, the decoder ignores what it was given.
pub(super) trait Coder {
    /// Whether this is the encoder: only it needs to look for the best way to say something.
    const WRITES: bool;

    /// One bit of which a one has probability `one` / 4096.
    fn code(&mut self, one: u32, bit: bool) -> bool;

    /// A number below `count` (at most 65536), all equally likely.
    fn uniform(&mut self, count: u32, value: u32) -> u32;

    fn bit(&mut self, model: &mut Bit, bit: bool) -> bool {
        let bit = self.code(u32::from(model.one) >> 4, bit);
        model.learn(bit);
        bit
    }

    /// One bit by two models: the own one counts the more the more it has seen.
    fn bit_of_two(&mut self, shared: &mut Bit, own: &mut Bit, bit: bool) -> bool {
        let seen = i32::from(own.seen);
        let weight = 4096 * seen / (seen + 2);
        let one = i32::from(shared.one) + (((i32::from(own.one) - i32::from(shared.one)) * weight) >> 12);
        let bit = self.code(one.unsigned_abs() >> 4, bit);
        shared.learn(bit);
        own.learn(bit);
        bit
    }

    /// The lowest `bits` (at most 64) of `value`, without a model.
    #[expect(clippy::cast_possible_truncation, reason = "16 bits are taken at a time")]
    fn raw(&mut self, bits: u32, value: u64) -> u64 {
        let (mut at, mut read) = (0, 0);
        while at < bits {
            let take = (bits - at).min(16);
            let part = (value >> at) as u32 & ((1 << take) - 1);
            read |= u64::from(self.uniform(1 << take, part)) << at;
            at += take;
        }
        read
    }

    /// A number below 2^`bits` by a binary tree of models; `models` has 2^`bits` entries.
    fn tree(&mut self, models: &mut [Bit], bits: u32, value: u32) -> u32 {
        let mut node = 1_u32;
        for at in (0..bits).rev() {
            let bit = self.bit(&mut models[node as usize], (value >> at) & 1 == 1);
            node = node * 2 + u32::from(bit);
        }
        node - (1 << bits)
    }

    /// Any number: its bit length by a tree of 64 models, then the bits below the highest. Lengths above 63 are not needed: below 2^63.
    fn number(&mut self, models: &mut [Bit; 64], value: u64) -> u64 {
        let length = self.tree(models, 6, 64 - value.leading_zeros());
        if length == 0 { 0 } else { (1 << (length - 1)) | self.raw(length - 1, value) }
    }
}

/// Writes.
#[derive(Debug)]
pub(super) struct Encoder {
    low: u64,
    range: u32,
    cache: u8,
    pending: usize,
    first: bool,
    bytes: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { low: 0, range: u32::MAX, cache: 0, pending: 0, first: true, bytes }
    }

    #[expect(clippy::cast_possible_truncation, reason = "bytes are cut out of the sum")]
    fn shift(&mut self) {
        if self.low < 0xFF00_0000 || self.low > 0xFFFF_FFFF {
            let carry = (self.low >> 32) as u8;
            if !self.first {
                self.bytes.push(self.cache.wrapping_add(carry));
            }
            self.first = false;
            self.bytes.extend(std::iter::repeat_n(0xFF_u8.wrapping_add(carry), self.pending));
            self.pending = 0;
            self.cache = (self.low >> 24) as u8;
        } else {
            self.pending += 1;
        }
        self.low = (self.low << 8) & 0xFFFF_FFFF;
    }

    fn normalise(&mut self) {
        while self.range < 1 << 24 {
            self.range <<= 8;
            self.shift();
        }
    }

    /// The bytes: as many as a decoder takes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        for _ in 0..5 {
            self.shift();
        }
        self.bytes
    }
}

impl Coder for Encoder {
    const WRITES: bool = true;

    fn code(&mut self, one: u32, bit: bool) -> bool {
        let bound = (self.range >> 12) * one.clamp(16, 4080);
        if bit {
            self.range = bound;
        } else {
            self.low += u64::from(bound);
            self.range -= bound;
        }
        self.normalise();
        bit
    }

    fn uniform(&mut self, count: u32, value: u32) -> u32 {
        let part = self.range / count;
        self.low += u64::from(part) * u64::from(value);
        self.range = part;
        self.normalise();
        value
    }
}

/// Reads.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    code: u32,
    range: u32,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { code: 0, range: u32::MAX, bytes, at: 0 };
        for _ in 0..4 {
            decoder.shift();
        }
        decoder
    }

    fn shift(&mut self) {
        self.code = (self.code << 8) | u32::from(self.bytes.get(self.at).copied().unwrap_or(0));
        self.at += 1;
    }

    fn normalise(&mut self) {
        while self.range < 1 << 24 {
            self.range <<= 8;
            self.shift();
        }
    }

    /// Bytes taken so far, those beyond the end included.
    pub(super) fn position(&self) -> usize {
        self.at
    }
}

impl Coder for Decoder<'_> {
    const WRITES: bool = false;

    fn code(&mut self, one: u32, _bit: bool) -> bool {
        let bound = (self.range >> 12) * one.clamp(16, 4080);
        let bit = self.code < bound;
        if bit {
            self.range = bound;
        } else {
            self.code -= bound;
            self.range -= bound;
        }
        self.normalise();
        bit
    }

    fn uniform(&mut self, count: u32, _value: u32) -> u32 {
        let part = self.range / count;
        // Only bytes that no encoder wrote reach the last, incomplete part.
        let value = (self.code / part).min(count - 1);
        self.code -= part * value;
        self.range = part;
        self.normalise();
        value
    }
}
