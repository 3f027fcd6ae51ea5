//! A set of small numbers as bits: of metrics, of fields.

/// Which of 128 numbers are in it. Two words, for WebAssembly has no wider ones: shifting a `u128` is a call there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits([u64; 2]);

impl Bits {
    /// One more than the greatest number that fits.
    pub(crate) const COUNT: usize = 128;

    /// Whether a number is in it.
    #[inline(always)]
    pub(crate) fn has(self, number: usize) -> bool {
        self.0[number / 64 % 2] >> (number % 64) & 1 != 0
    }

    /// Puts a number in, or takes it out.
    #[inline(always)]
    pub(crate) fn set(&mut self, number: usize, is_in: bool) {
        let word = &mut self.0[number / 64 % 2];
        *word = *word & !(1 << (number % 64)) | u64::from(is_in) << (number % 64);
    }

    /// Whether none is in it.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == [0; 2]
    }

    /// The numbers that are in this one or in the other.
    pub(crate) fn or(self, other: Self) -> Self {
        Self([self.0[0] | other.0[0], self.0[1] | other.0[1]])
    }

    /// How many less than `number` are in it.
    pub(crate) fn count_below(self, number: usize) -> usize {
        let below = (1_u64 << (number % 64)) - 1;
        let counted = if number < 64 { [self.0[0] & below, 0] } else { [self.0[0], self.0[1] & below] };
        (counted[0].count_ones() + counted[1].count_ones()) as usize
    }

    /// Those that are in it, the least first.
    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let word = usize::from(left[0] == 0);
            let number = left[word].trailing_zeros();
            left[word] &= left[word].checked_sub(1)?;
            Some(64 * word + number as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_words_come_back_in_order() {
        let mut bits = Bits::default();
        assert!(bits.is_empty() && bits.iter().next().is_none());
        let numbers = [0, 1, 63, 64, 100, 127];
        numbers.iter().rev().for_each(|&number| bits.set(number, true));
        assert_eq!(bits.iter().collect::<Vec<_>>(), numbers);
        for number in 0..Bits::COUNT {
            assert_eq!(bits.has(number), numbers.contains(&number));
            assert_eq!(bits.count_below(number), numbers.iter().filter(|&&held| held < number).count());
        }
        bits.set(63, false);
        bits.set(64, false);
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 1, 100, 127]);
    }
}
