//! The series that the engine derives: names, units and meanings, in one table.

/// A derived quantity over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum Metric {
    /// Media bit rate.
    Bitrate,
    /// Round-trip time of the selected candidate pair (connection), or as RTCP says it (stream).
    Rtt,
    /// Listening quality.
    MosLq,
}

impl Metric {
    /// Every metric, in display order.
    pub const ALL: &[Self] = &[Self::Bitrate, Self::Rtt, Self::MosLq];

    /// Its name with its unit, as API, SQL and pages write it: `bitrate_bps`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bitrate => "bitrate_bps",
            Self::Rtt => "rtt_ms",
            Self::MosLq => "mos_lq",
        }
    }

    /// Its unit for a person: `bit/s`, `ms`, or empty for a plain number.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Bitrate => "bit/s",
            Self::Rtt => "ms",
            Self::MosLq => "",
        }
    }

    /// One sentence: what it is and from which counters.
    #[must_use]
    pub fn description(self) -> &'static str {
        ""
    }

    /// The metric of that [`Metric::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|metric| metric.name() == name)
    }
}

/// Values of some metrics at one instant; a metric that is not in it is absent. Never NaN or infinite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricValues(Vec<(Metric, f64)>);

impl MetricValues {
    /// The value, if there is one.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.0.iter().find(|(held, _)| *held == metric).map(|(_, value)| *value)
    }

    /// Sets a value; absent or non-finite values leave the metric absent.
    pub fn set(&mut self, metric: Metric, value: Option<f64>) {
        self.0.retain(|(held, _)| *held != metric);
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.0.push((metric, value));
        }
    }

    /// Every metric that has a value.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, f64)> + '_ {
        self.0.iter().copied()
    }
}
