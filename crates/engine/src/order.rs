//! Sorting by places: one sort for whatever is to be sorted, as each kind of its own is more code in every page's download.

use std::{cmp::Ordering, collections::VecDeque};

/// The places of `count` things in their order; equal ones stay as they stand.
#[must_use]
pub fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|&a, &b| compare(a, b));
    places
}

/// Puts a thing into a queue that is in order, behind its equals. Most come last.
pub(crate) fn queue<T>(queue: &mut VecDeque<T>, thing: T, is_before: fn(&T, &T) -> bool) {
    queue.push_back(thing);
    let mut place = queue.len() - 1;
    while place > 0 && is_before(&queue[place], &queue[place - 1]) {
        queue.swap(place, place - 1);
        place -= 1;
    }
}
