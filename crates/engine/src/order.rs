//! Sorting by places: one sort for whatever is to be sorted, as each kind of its own is more code in every page's download.

use std::cmp::Ordering;

/// The places of `count` things in their order; equal ones stay as they stand.
#[must_use]
pub fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|&a, &b| compare(a, b));
    places
}
