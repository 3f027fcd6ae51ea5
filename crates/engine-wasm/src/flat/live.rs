//! The newest report as the engine reads it.

use sidetone_engine::{order::order, report::Reports, series::Layout};

use super::{Intake, Kind, Row};

/// How many forms of reports are kept ready: members come and go.
const FORMS_MAX: usize = 4;

impl Intake {
    /// The newest report for the engine, in the first of the `forms`.
    pub(crate) fn judged<'a>(&self, forms: &'a mut Vec<Live>) -> Option<&'a Live> {
        let row = self.rows.last()?;
        match forms.iter_mut().position(|live| live.renew(row)) {
            Some(place) => forms.swap(0, place),
            None => {
                forms.truncate(FORMS_MAX - 1);
                forms.insert(0, self.live(row));
            }
        }
        forms.first()
    }

    /// All that wait but the newest.
    pub(crate) fn earlier(&self) -> Reports {
        self.table(self.rows.split_last().map_or(&[], |(_, earlier)| earlier), false)
    }

    fn live(&self, row: &Row) -> Live {
        let reports = self.table(std::slice::from_ref(row), true);
        let mut live = Live { values: row.values.clone(), layout: Layout::new(&reports), reports, fixed: Vec::new(), moving: Vec::new() };
        let mut at = 0;
        let mut heads: Vec<(usize, usize)> = Vec::new();
        for cell in self.cells(0, &row.values) {
            live.fixed.push(at);
            heads.push((cell.shape, at + 1));
            at += 1 + cell.values.len();
        }
        // As the table has them.
        let id = |place: usize| &self.texts[self.objects[self.shapes[heads[place].0].object].0];
        for place in order(heads.len(), &|a, b| id(a).cmp(id(b))) {
            let (shape, head) = heads[place];
            for member in self.shapes[shape].members.iter().filter(|member| member.is_read) {
                let is_number = member.kind == Kind::Number && row.values[head + member.place].is_finite();
                if is_number { &mut live.moving } else { &mut live.fixed }.push(head + member.place);
            }
        }
        live
    }
}

/// A report as the engine reads it. Into one of the same form, which differs in numbers only, these are all that is written.
#[derive(Debug)]
pub(crate) struct Live {
    values: Vec<f64>,
    /// Places of what must not change: shapes, and values that are no numbers.
    fixed: Vec<usize>,
    /// Places of the numbers, in the order in which the table has them.
    moving: Vec<usize>,
    pub(crate) reports: Reports,
    pub(crate) layout: Layout,
}

impl Live {
    /// `false` when the report has another form.
    fn renew(&mut self, row: &Row) -> bool {
        let Self { values, fixed, moving, reports, .. } = self;
        let is_same = values.len() == row.values.len()
            && fixed.iter().all(|&place| values[place].to_bits() == row.values[place].to_bits())
            && moving.iter().all(|&place| row.values[place].is_finite());
        if is_same {
            reports.renew(row.time, moving.iter().map(|&place| row.values[place]));
        }
        is_same
    }
}

#[cfg(test)]
mod tests {
    use sidetone_engine::{
        report::{MemberName, Report, Stats, Text, Value},
        units::Timestamp,
    };

    use super::*;

    const NUMBER: usize = 0;
    const TEXT: usize = 2;
    const JSON: usize = 3;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn the_engine_is_told_the_newest_report_whatever_changed() {
        let mut intake = Intake::default();
        for text in ["B", "inbound-rtp", "jitter", "kind", "audio", "video", "x"] {
            intake.text(text);
        }
        for (object, kind) in [(1, TEXT), (7, TEXT), (1, JSON)] {
            intake.shape(&[object, 2, 7, 0, NUMBER, 4, 0, kind, 3, 0, NUMBER]).unwrap();
        }
        let mut forms = Vec::new();
        let object = |id, kind: Value, jitter: Option<f64>| {
            let members = [("kind", Some(kind)), ("jitter", jitter.map(Value::Number))];
            let members = members.into_iter().filter_map(|(name, value)| Some((MemberName::plain(name), value?))).collect();
            (Text::from(id), Stats { stats_type: "inbound-rtp".into(), members })
        };
        let (audio, video) = (|| Value::Text("audio".into()), || Value::Text("video".into()));
        let b = |kind, jitter| object("B", kind, jitter);
        for (second, values, stats) in [
            (1, vec![0.0, 1.0, 5.0, 0.5], vec![b(audio(), Some(0.5))]),
            (2, vec![0.0, 2.0, 5.0, 0.25], vec![b(audio(), Some(0.25))]),
            (3, vec![0.0, 2.0, 6.0, 0.75], vec![b(video(), Some(0.75))]),
            (4, vec![1.0, 2.0, 6.0, 2.0, 0.0, 3.0, 6.0, 1.0], vec![b(video(), Some(1.0)), object("x", video(), Some(2.0))]),
            (5, vec![1.0, 2.0, 6.0, 4.0, 0.0, 3.0, 6.0, 3.0], vec![b(video(), Some(3.0)), object("x", video(), Some(4.0))]),
            (6, vec![2.0, 2.0, 6.0, 0.0], vec![b(Value::Json("video".into()), Some(0.0))]),
            (7, vec![], vec![]),
        ] {
            intake.push(at(second), values).unwrap();
            let Live { reports, layout, .. } = intake.judged(&mut forms).unwrap();
            assert_eq!(reports.iter().collect::<Vec<_>>(), [Report { time: at(second), stats: stats.into_iter().collect() }]);
            assert_eq!(format!("{layout:?}"), format!("{:?}", Layout::new(reports)));
        }
    }
}
