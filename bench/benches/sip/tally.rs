//! What some work took: by the clock, of the server's processors, and each piece of it.

use std::time::Duration;

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) wall: Duration,
    /// Of the server.
    pub(crate) cpu: Duration,
    /// One for each piece.
    pub(crate) latencies: Vec<Duration>,
}

impl Tally {
    pub(crate) const HEAD: &str = "                                          /s     p50 ms     p99 ms    CPU us each";

    pub(crate) fn add(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
        self.latencies.extend(other.latencies);
    }

    pub(crate) fn line(mut self, name: &str) -> String {
        self.latencies.sort_unstable();
        let count = self.latencies.len();
        let at = |share: f64| self.latencies.get((count as f64 * share) as usize).map_or(f64::NAN, |held| held.as_secs_f64() * 1e3);
        let (rate, each) = (count as f64 / self.wall.as_secs_f64(), self.cpu.as_secs_f64() * 1e6 / count as f64);
        format!("{name:<36} {rate:>8.0} {:>10.1} {:>10.1} {each:>14.0}", at(0.5), at(0.99))
    }
}
