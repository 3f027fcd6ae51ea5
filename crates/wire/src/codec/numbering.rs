//! Texts numbered in order of appearance.

use sidetone_engine::order::order;

/// A run of so many texts takes no more.
const RUN: usize = 32;

/// Texts and their numbers in sorted runs: the last one grows, each before it is longer than the next. Less code than a `BTreeMap` in
/// every page's download, and no choice of texts makes it slow.
#[derive(Debug, Default)]
pub(super) struct Numbering<'t> {
    runs: Vec<Vec<(&'t str, usize)>>,
    count: usize,
}

impl<'t> Numbering<'t> {
    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The number of a text that came before.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        let place = |run: &Vec<(&str, usize)>| run.binary_search_by(|(held, _)| (*held).cmp(text)).ok().map(|place| run[place].1);
        self.runs.iter().find_map(place)
    }

    /// The number of a text; the next one, if it is new.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn of(&mut self, text: &'t str) -> usize {
        if let Some(number) = self.find(text) {
            return number;
        }
        let number = self.count;
        self.count += 1;
        if self.runs.last().is_none_or(|last| last.len() >= RUN) {
            self.begin();
        }
        if let Some(last) = self.runs.last_mut() {
            let place = last.partition_point(|(held, _)| *held < text);
            last.insert(place, (text, number));
        }
        number
    }

    /// Begins another run: those before it become one while they are as long as each other.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn begin(&mut self) {
        let mut run = self.runs.pop().unwrap_or_default();
        while let Some(mut longer) = self.runs.pop_if(|last| last.len() <= run.len()) {
            longer.append(&mut run);
            for place in order(longer.len(), &|a, b| longer[a].0.cmp(longer[b].0)) {
                run.push(longer[place]);
            }
        }
        self.runs.extend([run, Vec::with_capacity(RUN)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_as_they_appear_and_found_again() {
        let texts: Vec<String> = (0..1000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_string()).collect();
        let mut numbering = Numbering::default();
        for (number, text) in texts.iter().enumerate() {
            assert_eq!((numbering.find(text), numbering.of(text), numbering.len()), (None, number, number + 1));
        }
        for (number, text) in texts.iter().enumerate() {
            assert_eq!((numbering.find(text), numbering.of(text)), (Some(number), number));
        }
        assert_eq!((numbering.len(), numbering.find("a text that never came")), (1000, None));
        assert!(numbering.runs.len() <= 10, "so many runs are searched: {}", numbering.runs.len());
    }
}
