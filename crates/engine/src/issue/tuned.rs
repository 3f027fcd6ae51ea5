//! What an app changes of a preset: single thresholds, each in one word such as `high_rtt.major=400` or `high_rtt.minor=off`.

use std::{collections::BTreeMap, fmt};

use super::{Bound, Preset, Rule, RuleSet, Severity, Statistic};

/// A preset with some thresholds changed; always good for one another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tuned {
    preset: Preset,
    /// `None`: that severity is not reached.
    changes: BTreeMap<(&'static str, Severity), Option<f64>>,
    refused: Vec<String>,
}

impl Tuned {
    /// Reads thresholds, separated by blanks or lines, for a preset.
    ///
    /// # Errors
    /// A sentence that says what was given, what is allowed and how to mend it: for a word of another form, a rule that the preset does not
    /// have, a value that its metric cannot have, a threshold that is given twice, and for severities that would not follow one another.
    pub fn read(preset: Preset, thresholds: &str) -> Result<Self, String> {
        let rules = preset.rules();
        let mut tuned = Self::from(preset);
        for word in thresholds.split_whitespace() {
            let (place, value) = read_word(word, &rules)?;
            if let Some(first) = tuned.changes.insert(place, value) {
                return Err(format!("{word:?}: this threshold is given before, as {}; give it once", shown(first)));
            }
        }
        tuned.rules().rules.iter().try_for_each(check_order)?;
        Ok(tuned)
    }

    /// What was read by [`Tuned::read`], perhaps by another version, and stored: what this one refuses of it is left out, and told by
    /// [`Tuned::refused`].
    #[must_use]
    pub fn stored(preset: &str, thresholds: &str) -> Self {
        let Some(preset) = Preset::from_name(preset) else {
            let given = [preset, thresholds].join(" ");
            return Self { refused: vec![format!("{:?}: there is no such preset any more", given.trim_end())], ..Self::default() };
        };
        let rules = preset.rules();
        let mut tuned = Self::from(preset);
        for word in thresholds.split_whitespace() {
            match read_word(word, &rules) {
                Ok((place, value)) => drop(tuned.changes.insert(place, value)),
                Err(error) => tuned.refused.push(error),
            }
        }
        for rule in tuned.rules().rules {
            if let Err(error) = check_order(&rule) {
                tuned.changes.retain(|(name, _), _| *name != rule.name);
                tuned.refused.push(error);
            }
        }
        tuned
    }

    /// What was stored and is not valid any more, each with the reason. The rules are those of the preset there.
    #[must_use]
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// The preset that is changed.
    #[must_use]
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> RuleSet {
        let mut rules = self.preset.rules();
        for rule in &mut rules.rules {
            for severity in Severity::ALL {
                if let Some(&threshold) = self.changes.get(&(rule.name, severity)) {
                    *rule.thresholds.of_mut(severity) = threshold;
                }
            }
        }
        rules
    }

    /// The thresholds that are changed, as [`Tuned::read`] reads them, in order of rule and severity.
    #[must_use]
    pub fn thresholds(&self) -> String {
        let word = |(&(rule, severity), value): (&(&str, Severity), &Option<f64>)| format!("{rule}.{}={}", severity.name(), shown(*value));
        self.changes.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

impl From<Preset> for Tuned {
    fn from(preset: Preset) -> Self {
        Self { preset, ..Self::default() }
    }
}

/// The name of the preset, and what is changed of it: `sidetone high_rtt.major=400`.
impl fmt::Display for Tuned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thresholds = self.thresholds();
        let blank = if thresholds.is_empty() { "" } else { " " };
        write!(f, "{}{blank}{thresholds}", self.preset.name())
    }
}

/// A change: a place and what is to stand there.
type Change = ((&'static str, Severity), Option<f64>);

fn read_word(word: &str, rules: &RuleSet) -> Result<Change, String> {
    let parts = word.split_once('=').and_then(|(place, value)| Some((place.split_once('.')?, value)));
    let Some(((name, severity), value)) = parts else {
        return Err(format!("{word:?} is no threshold; write rule.severity=value without blanks, such as high_rtt.major=400"));
    };
    let Some(rule) = rules.rules.iter().find(|rule| rule.name == name) else {
        let names: Vec<&str> = rules.rules.iter().map(|rule| rule.name).collect();
        return Err(format!("{word:?}: the preset {} has no rule {name:?}, but {}", rules.name, names.join(", ")));
    };
    let Some(severity) = Severity::ALL.into_iter().find(|known| known.name() == severity) else {
        return Err(format!("{word:?}: there is no severity {severity:?}, but minor, major and critical"));
    };
    if value == "off" {
        return Ok(((rule.name, severity), None));
    }
    let (least, most, unit) = range(rule);
    match value.parse::<f64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(((rule.name, severity), Some(number))),
        _ => Err(format!("{word:?}: {value:?} is no threshold of {name}; give a number from {least} to {most}{unit}, or off")),
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "off".to_owned(), |value| value.to_string())
}

/// What a threshold of a rule can be, with its unit after a blank.
fn range(rule: &Rule) -> (f64, f64, String) {
    const SECONDS_MAX: f64 = 3600.0;
    match rule.statistic {
        Statistic::Lasting(_) => (0.0, SECONDS_MAX, " s".to_owned()),
        _ if rule.metric.name().starts_with("mos_") => (1.0, 5.0, String::new()),
        Statistic::Share(_) => (0.0, 1.0, " (1 is all of the time)".to_owned()),
        _ if rule.metric.unit().is_empty() && rule.metric.name().ends_with("_ratio") => (0.0, 1.0, " (0.01 is 1 %)".to_owned()),
        _ => (0.0, 1e6, format!(" {}", rule.metric.unit()).trim_end().to_owned()),
    }
}

/// A worse severity needs a worse value, or the milder one would never be told.
fn check_order(rule: &Rule) -> Result<(), String> {
    let given: Vec<(Severity, f64)> =
        Severity::ALL.iter().filter_map(|&severity| Some((severity, rule.thresholds.of(severity)?))).collect();
    let is_ordered = given.windows(2).all(|pair| match rule.bound {
        Bound::Above | Bound::AtLeast => pair[0].1 <= pair[1].1,
        Bound::Below => pair[0].1 >= pair[1].1,
    });
    if is_ordered {
        return Ok(());
    }
    let given: Vec<String> = given.iter().map(|(severity, value)| format!("{}={value}", severity.name())).collect();
    let towards = if rule.bound == Bound::Below { "rise" } else { "fall" };
    let name = rule.name;
    Err(format!(
        "{name} would have {}: its thresholds must not {towards} from minor to critical; change the others too, or turn them off",
        given.join(" ")
    ))
}

#[cfg(test)]
mod tests {
    use super::{super::Thresholds, *};

    fn read(thresholds: &str) -> Result<Tuned, String> {
        Tuned::read(Preset::Sidetone, thresholds)
    }

    #[test]
    fn what_is_read_is_told_again_and_changes_just_that() {
        let tuned = read("  low_mos.minor=3\n high_rtt.major=600 high_rtt.minor=off ").unwrap();
        assert_eq!(tuned.to_string(), "sidetone high_rtt.minor=off high_rtt.major=600 low_mos.minor=3");
        assert_eq!(read(&tuned.thresholds()), Ok(tuned.clone()));
        for (changed, rule) in tuned.rules().rules.iter().zip(RuleSet::sidetone().rules) {
            let thresholds = match rule.name {
                "high_rtt" => Thresholds { minor: None, major: Some(600.0), critical: Some(800.0) },
                "low_mos" => Thresholds { minor: Some(3.0), ..rule.thresholds },
                _ => rule.thresholds,
            };
            assert_eq!(*changed, Rule { thresholds, ..rule });
        }
        assert_eq!((Tuned::from(Preset::Plivo).to_string().as_str(), Tuned::from(Preset::Plivo).rules()), ("plivo", Preset::Plivo.rules()));
        assert_eq!(read(""), Ok(Tuned::default()));
    }

    #[test]
    fn what_is_wrong_is_refused_with_the_way_to_mend_it() {
        for (text, said) in [
            ("high_rtt=400", "write rule.severity=value"),
            ("high_rtt_ms.major=400", "has no rule \"high_rtt_ms\", but high_rtt, high_jitter"),
            ("high_rtt.worst=400", "but minor, major and critical"),
            ("high_rtt.major=4OO", "give a number from 0 to 1000000 ms, or off"),
            ("high_rtt.major=NaN", "is no threshold"),
            ("high_loss.major=5", "from 0 to 1 (0.01 is 1 %)"),
            ("low_mos.major=0.5", "from 1 to 5"),
            ("no_inbound_audio.major=-1", "from 0 to 3600 s"),
            ("high_rtt.major=900", "high_rtt would have minor=200 major=900 critical=800: its thresholds must not fall"),
            ("low_mos.critical=2.5", "must not rise from minor to critical"),
            ("high_rtt.major=500 low_mos.minor=3 high_rtt.major=600", "\"high_rtt.major=600\": this threshold is given before, as 500"),
            ("high_rtt.major=off high_rtt.major=600", "as off; give it once"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert!(Tuned::read(Preset::Twilio, "av_skew.minor=100").unwrap_err().contains("the preset twilio has no rule"));
    }

    #[test]
    fn of_what_another_version_stored_the_valid_part_holds_and_the_rest_is_told() {
        let tuned = Tuned::stored("sidetone", "gone.major=3 low_mos.minor=3 high_rtt.major=900 high_rtt.minor=100");
        assert_eq!(tuned.to_string(), "sidetone low_mos.minor=3");
        let [gone, order] = tuned.refused() else { panic!("{:?}", tuned.refused()) };
        assert!(gone.contains("has no rule \"gone\"") && order.contains("must not fall"), "{gone} {order}");
        let tuned = Tuned::stored("other", "high_rtt.major=900");
        assert_eq!(
            (tuned.to_string().as_str(), tuned.refused()),
            ("sidetone", &["\"other high_rtt.major=900\": there is no such preset any more".to_owned()][..])
        );
        assert_eq!(Tuned::stored("plivo", ""), Preset::Plivo.into());
    }
}
