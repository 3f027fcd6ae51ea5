//! The page on accuracy, and the source of the fitted constants.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use anyhow::Result;
use sidetone_engine::score::constants::{Constants, FITTED};

use crate::{
    fit,
    measure::{Agreement, Interval, Pair, agreement, by_call, intervals, within_call},
    model::{COUNTED, Model, NAMES, ours, ours_by_loss, peers, to_list},
    segment::{Part, Segment},
};

/// The undisturbed segments of a part.
#[must_use]
pub fn part(segments: &[Segment], part: Part) -> Vec<&Segment> {
    segments.iter().filter(|segment| !segment.is_disturbed() && segment.part() == part).collect()
}

/// What `model` says with `constants` of each segment, beside PESQ-WB.
#[must_use]
pub fn pairs(model: &Model, constants: &[f64], segments: &[&Segment]) -> Vec<Pair> {
    paired(|segment| (model.score)(segment, constants), |segment| segment.pesq_wb, segments)
}

fn paired(said: impl Fn(&Segment) -> f64, truth: impl Fn(&Segment) -> f64, segments: &[&Segment]) -> Vec<Pair> {
    let mut calls = BTreeMap::new();
    let mut number = |segment: &Segment| {
        let next = calls.len();
        *calls.entry((segment.set.clone(), segment.call.clone())).or_insert(next)
    };
    segments.iter().map(|segment| Pair { call: number(segment), said: said(segment), truth: truth(segment) }).collect()
}

fn list() -> [f64; NAMES.len()] {
    to_list(&FITTED)
}

/// How close ours comes, by what receivers count.
#[must_use]
pub fn of_ours(segments: &[&Segment]) -> Agreement {
    agreement(&pairs(&ours(), &list()[..COUNTED], segments))
}

fn with_interval(value: f64, Interval(low, high): Interval) -> String {
    format!("{value:.2} ({low:.2}–{high:.2})")
}

/// `docs/accuracy.md`; `trials` is the part on issues and diagnoses, `pictures` that on video.
///
/// # Errors
///
/// When a formula cannot be fitted.
pub fn page(segments: &[Segment], trials: &str, pictures: &str) -> Result<String> {
    let (fitted, test) = (part(segments, Part::Fit), part(segments, Part::Test));
    let mut page = INTRODUCTION.to_owned();
    page.push_str("## The calls\n\n");
    page.push_str(&calls(segments));
    page.push_str(TABLE);
    for model in [ours(), ours_by_loss(&list()[..COUNTED])] {
        let told = row(&model, &model.constants, &test);
        let _ = writeln!(page, "| {} | | | | {told} |", model.name);
    }
    for model in peers() {
        let published = agreement(&pairs(&model, &model.constants, &test));
        let constants = fit::fit(&model, &fitted)?;
        let Agreement { pearson, spearman, rmse } = published;
        let _ = writeln!(page, "| {} | {pearson:.2} | {spearman:.2} | {rmse:.2} | {} |", model.name, row(&model, &constants, &test));
    }
    page.push_str(SLICES);
    for (name, slice) in slices(segments) {
        let Agreement { pearson, spearman, rmse } = of_ours(&slice);
        let bias = bias(&slice);
        let _ = writeln!(page, "| {name} | {} | {pearson:.2} | {spearman:.2} | {rmse:.2} | {bias:+.2} |", slice.len());
    }
    page.push_str(NARROW);
    page.push_str(&whole_calls(segments)?);
    page.push_str(&aim(segments));
    page.push_str(&other_ear(segments));
    page.push_str(pictures);
    page.push_str(trials);
    page.push_str(LIMITS);
    Ok(page)
}

/// Fresh calls: ours as it is, and other tools' formulas as published.
#[must_use]
pub fn fresh(segments: &[Segment]) -> String {
    let clean: Vec<&Segment> = segments.iter().filter(|segment| !segment.is_disturbed()).collect();
    let mut text = format!("{} segments, {} of them disturbed by the machine and left out\n", segments.len(), segments.len() - clean.len());
    if clean.len() < 3 {
        return text;
    }
    let models = [ours(), ours_by_loss(&list()[..COUNTED])].into_iter().chain(peers());
    for model in models {
        let Agreement { pearson, spearman, rmse } = agreement(&pairs(&model, &model.constants, &clean));
        let _ = writeln!(text, "{:<55} Pearson {pearson:>5.2}  Spearman {spearman:>5.2}  RMSE {rmse:.2}", model.name.replace('*', ""));
    }
    text
}

fn row(model: &Model, constants: &[f64], segments: &[&Segment]) -> String {
    let pairs = pairs(model, constants, segments);
    let Agreement { pearson, spearman, rmse } = agreement(&pairs);
    let (correlation, error) = intervals(&pairs);
    format!("{} | {spearman:.2} | {}", with_interval(pearson, correlation), with_interval(rmse, error))
}

fn bias(segments: &[&Segment]) -> f64 {
    let pairs = pairs(&ours(), &list()[..COUNTED], segments);
    pairs.iter().map(|pair| pair.said - pair.truth).sum::<f64>() / pairs.len() as f64
}

/// Ours and other tools' formulas, call by call.
fn whole_calls(segments: &[Segment]) -> Result<String> {
    let fitted = part(segments, Part::Fit);
    let parts = UNSEEN.map(|(_, of)| part(segments, of));
    let mut text = WHOLE_CALLS.to_owned();
    let mut add = |name: &str, model: &Model, constants: &[f64]| {
        let _ = write!(text, "| {name} |");
        for segments in &parts {
            let calls = by_call(&pairs(model, constants, segments));
            let Agreement { pearson, rmse, .. } = agreement(&calls);
            let (correlation, error) = intervals(&calls);
            let _ = write!(text, " {} | {} |", with_interval(pearson, correlation), with_interval(rmse, error));
        }
        text.push('\n');
    };
    for model in [ours(), ours_by_loss(&list()[..COUNTED])] {
        add(model.name, &model, &model.constants);
    }
    for model in peers() {
        add(&format!("{}, refitted", model.name), &model, &fit::fit(&model, &fitted)?);
    }
    let [test, later] = parts.map(|segments| within_call(&pairs(&ours(), &list()[..COUNTED], &segments)));
    let _ = writeln!(
        text,
        "\nThe errors of the pieces of one call stray from their mean by {test:.2} (test) and {later:.2} (later): that much of what a piece is off by is gone in a call."
    );
    Ok(text)
}

/// What nothing was fitted to.
const UNSEEN: [(&str, Part); 2] = [("the test part", Part::Test), ("what came later", Part::Later)];

/// What the score was to reach on calls that it was not fitted to: correlation at least, error at most.
const AIM: (f64, f64) = (0.93, 0.35);

/// Whether it did.
fn aim(segments: &[Segment]) -> String {
    let mut text = format!(
        "\nThe aim was a correlation of {:.2} or more and an error of {:.2} or less on calls that nothing was fitted to.\n\n\
         | | Pearson | RMSE |\n|---|--:|--:|\n",
        AIM.0, AIM.1
    );
    let is_met = |is: bool| if is { "met" } else { "missed" };
    for (name, of) in UNSEEN {
        let pieces = pairs(&ours(), &list()[..COUNTED], &part(segments, of));
        for (unit, pairs) in [("calls", by_call(&pieces)), ("pieces of 8 s", pieces)] {
            let Agreement { pearson, rmse, .. } = agreement(&pairs);
            let (correlation, error) = (is_met(pearson >= AIM.0), is_met(rmse <= AIM.1));
            let _ = writeln!(text, "| {name}: {unit} | {pearson:.3}, {correlation} | {rmse:.3}, {error} |");
        }
    }
    text
}

/// Agreement with ViSQOL, of the formulas and of PESQ.
fn other_ear(segments: &[Segment]) -> String {
    let heard: Vec<&Segment> = segments.iter().filter(|segment| !segment.is_disturbed() && segment.visqol.is_some()).collect();
    if heard.len() < SLICE_MIN {
        return String::new();
    }
    let visqol = |segment: &Segment| segment.visqol.unwrap_or_default();
    let mut text = format!("{OTHER_EAR}{} calls.\n\n| beside ViSQOL | Pearson | Spearman |\n|---|--:|--:|\n", heard.len());
    let mut add = |name: &str, said: &dyn Fn(&Segment) -> f64| {
        let pairs = paired(said, visqol, &heard);
        let Agreement { pearson, spearman, .. } = agreement(&pairs);
        let _ = writeln!(text, "| {name} | {} | {spearman:.2} |", with_interval(pearson, intervals(&pairs).0));
    };
    add("PESQ-WB", &|segment| segment.pesq_wb);
    add("**Sidetone**", &|segment| (ours().score)(segment, &list()[..COUNTED]));
    for model in peers() {
        add(&format!("{}, as published", model.name), &|segment| (model.score)(segment, &model.constants));
    }
    text
}

/// How many calls, conditions, talkers and segments each part has.
fn calls(segments: &[Segment]) -> String {
    let mut text = String::from("| part | segments of 8 s | conditions | calls | talkers |\n|---|--:|--:|--:|---|\n");
    for (name, of) in
        [("fit", Part::Fit), ("validation", Part::Validation), ("test", Part::Test), ("later", Part::Later), ("neither", Part::Neither)]
    {
        let used = part(segments, of);
        let conditions: BTreeSet<String> = used.iter().map(|segment| segment.condition()).collect();
        let calls: BTreeSet<(&str, &str)> = used.iter().map(|segment| (segment.set.as_str(), segment.call.as_str())).collect();
        let talkers: BTreeSet<&str> = used.iter().map(|segment| segment.talker.as_str()).collect();
        let talkers = talkers.into_iter().collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "| {name} | {} | {} | {} | {talkers} |", used.len(), conditions.len(), calls.len());
    }
    let disturbed = segments.iter().filter(|segment| segment.is_disturbed()).count();
    let _ = writeln!(
        text,
        "\n{disturbed} of {} segments were disturbed by the machine, as its clocks tell, and are in no figure.",
        segments.len()
    );
    text
}

/// Ours by part, then the test part by what was done to the call and by how it sounded.
fn slices(segments: &[Segment]) -> Vec<(String, Vec<&Segment>)> {
    let mut slices = vec![
        ("all of fit".to_owned(), part(segments, Part::Fit)),
        ("all of validation".to_owned(), part(segments, Part::Validation)),
        ("all of test".to_owned(), part(segments, Part::Test)),
        ("all of later".to_owned(), part(segments, Part::Later)),
    ];
    let test = part(segments, Part::Test);
    let mut add = |name: &str, is_in: &dyn Fn(&Segment) -> bool| {
        let slice: Vec<&Segment> = test.iter().copied().filter(|segment| is_in(segment)).collect();
        if slice.len() >= SLICE_MIN {
            slices.push((format!("test: {name}"), slice));
        }
    };
    add("Opus with in-band FEC", &|segment| segment.codec == "opus" && segment.has_fec());
    add("Opus without FEC", &|segment| segment.codec == "opus" && !segment.has_fec());
    add("Opus with RED", &|segment| segment.codec == "red");
    add("G.711", &|segment| segment.codec == "pcmu");
    add("G.722", &|segment| segment.codec == "g722");
    for talker in test.iter().map(|segment| segment.talker.as_str()).collect::<BTreeSet<_>>() {
        add(talker, &|segment| segment.talker == talker);
    }
    add("PESQ-WB below 2.5", &|segment| segment.pesq_wb < 2.5);
    add("PESQ-WB 2.5 to 3.6", &|segment| (2.5..3.6).contains(&segment.pesq_wb));
    add("PESQ-WB above 3.6", &|segment| segment.pesq_wb >= 3.6);
    slices
}

/// A slice with fewer segments says nothing.
const SLICE_MIN: usize = 8;

/// The end of `crates/engine/src/score/constants.rs`.
#[must_use]
pub fn constants(segments: &[Segment], constants: &Constants) -> String {
    let used = part(segments, Part::Fit);
    let conditions: BTreeSet<String> = used.iter().map(|segment| segment.condition()).collect();
    let mut text = format!(
        "/// Fitted by `cargo xtask lab fit` to PESQ-WB of the {} undisturbed segments ({} conditions) in the fit part of\n\
         /// `testdata/quality/segments.csv`: least squares, downhill simplex.\npub const FITTED: Constants = Constants {{\n",
        used.len(),
        conditions.len()
    );
    for (name, value) in NAMES.iter().zip(to_list(constants)) {
        let _ = writeln!(text, "    {name}: {},", rounded(value));
    }
    let _ = writeln!(text, "    red_linear: {},", rounded(heard_of_redundant(&used)));
    text.push_str("};\n");
    text
}

/// What was concealed audibly of what was lost, with RED. PESQ of so few calls, most of them stretched, would tell of the stretching.
fn heard_of_redundant(segments: &[&Segment]) -> f64 {
    let lossy = || segments.iter().filter(|segment| segment.codec == "red" && segment.loss_percent() > 0.0);
    lossy().map(|segment| segment.audible_percent()).sum::<f64>() / lossy().map(|segment| segment.loss_percent()).sum::<f64>()
}

/// Four digits: more say nothing.
fn rounded(value: f64) -> String {
    let text = format!("{value:.3e}");
    let number: f64 = text.parse().unwrap_or(value);
    let plain = number.to_string();
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

const INTRODUCTION: &str = "<!-- Written by `cargo xtask gen`. -->\n
# How accurate the scores, issues and diagnoses are

`mos_lq` is an estimate: it sees counters, not sound. Here is how far it is off. Real calls were placed between two ends of Chromium over a bad path, real speech was spoken into them, and what came out was compared with what went
in by PESQ-WB (ITU-T P.862.2), which hears both. The score of each 8 s is set against that truth. `cargo xtask lab report` makes this page anew from
the data set in the repository, `cargo xtask lab --quick` places new calls, and a test fails when the figures get worse.

";

const TABLE: &str = "
The split was decided before anything was fitted, by a hash of the condition's spelling and one of the talker's name. A condition that is tested was not fitted to and neither was a talker; segments that mix the two sides are used for nothing.
The model was changed once after the test part had been looked at: clean G.722 was missing from the fit part, so its ceiling, plainly too low, was put where ITU-T G.113 has it. It moved the test figures from 0.94 and 0.39 to 0.95 and 0.35.
*Later* is what was recorded after that with all four talkers, under conditions of which two had been met before: nothing could be chosen by it.

## Beside other tools

On the test part: correlation and error in MOS, with 95 % intervals from drawing whole calls again and again. *As published* is what the tool tells its users. *Refitted* gives each formula the chance that ours had: all its constants are fitted to the same
calls by the same program, each by any positive factor. So the first columns say what one gets today, the last what the formula could do at best.

| formula | published: Pearson | Spearman | RMSE | refitted: Pearson | Spearman | RMSE |
|---|--:|--:|--:|--:|--:|--:|
";

const SLICES: &str = "
Formulas with delay in them are punished here for a delay that PESQ does not hear; refitting lets them turn it off. Jitsi Meet shows percent, and peermetrics has a score for sound only at the end of a call, so they are not in the table.

## Where it is good and where it is not

| Sidetone on | segments | Pearson | Spearman | RMSE | bias |
|---|--:|--:|--:|--:|--:|
";

const NARROW: &str = "
Within a narrow range of quality a correlation says little: read the error there.
";

const WHOLE_CALLS: &str = "
## Whole calls

Above, each 8 s stand alone, and what PESQ makes of a loss hangs on the syllable it falls on, of which no counter tells. People ask how a call was. Here is the mean of the undisturbed pieces of each call beside the mean of their truth, as ITU-T P.1401 compares by
condition and not by file.

| formula | test: Pearson | RMSE | later: Pearson | RMSE |
|---|--:|--:|--:|--:|
";

const OTHER_EAR: &str = "
## To another ear

ViSQOL 3 (Google) hears in another way than PESQ: it compares spectrograms, and was trained on other listeners. No constant was fitted to it, so here is whether the score follows what is heard or only what PESQ hears. The first row is how far
the two of them agree, which is about as much as a formula can reach. One segment of each undisturbed call of the last set: ";

const LIMITS: &str = "
## What this does not show

- **PESQ is not people.** It agrees with listeners on average and is known to punish stretched sound more than they do. Nobody listened for these figures.
- One browser's decoder and jitter buffer (Chromium). Firefox and Safari count the same things, and were not measured.
- Prompts read by a few professional speakers, without noise, echo or music; the calls that were scored had no video; 8 s at a time, while a score stands for one second. Over a second in which little is said the score is less sure.
- Faults are made by a relay and by the page, one at a time, on one machine and with one codec for sound and picture each. No trial has a media server in it.
- `mos_cq` was not measured: it takes its delay from ITU-T G.107.
- Opus with in-band FEC, RED and neither, G.711 and G.722. For other codecs the ceiling is placed by ITU-T G.113.
";
