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
        let layout = Layout::new(&reports);
        let mut live = Live { reports, layout, numbers: Vec::new(), length: row.values.len(), fixed: Vec::new(), moving: Vec::new() };
        let mut fix = |place: usize| live.fixed.push((place, row.values[place].to_bits()));
        let mut at = 0;
        let mut heads: Vec<(usize, usize)> = Vec::new();
        for cell in self.cells(0, &row.values) {
            fix(at);
            heads.push((cell.shape, at + 1));
            at += 1 + cell.values.len();
        }
        // As the table has them.
        let id = |place: usize| &self.texts[self.objects[self.shapes[heads[place].0].object].0];
        for place in order(heads.len(), &|a, b| id(a).cmp(id(b))) {
            let (shape, head) = heads[place];
            for member in self.shapes[shape].members.iter().filter(|member| member.is_read) {
                let is_number = member.kind == Kind::Number && row.values[head + member.place].is_finite();
                if is_number { live.moving.push(head + member.place) } else { fix(head + member.place) }
            }
        }
        live.renew(row);
        live
    }
}

/// A report as the engine reads it. Of one of the same form, which differs in numbers only, these are all that is taken.
#[derive(Debug)]
pub(crate) struct Live {
    /// The first of this form, and where everything stands in it.
    pub(crate) reports: Reports,
    pub(crate) layout: Layout,
    /// The numbers of the newest one, in the order in which the table has them.
    pub(crate) numbers: Vec<f64>,
    /// How many values there are.
    length: usize,
    /// What must not change and where it stands: shapes, and values that are no numbers.
    fixed: Vec<(usize, u64)>,
    /// Places of the numbers.
    moving: Vec<usize>,
}

impl Live {
    /// `false` when the report has another form.
    fn renew(&mut self, row: &Row) -> bool {
        let values = &row.values;
        if values.len() != self.length || self.fixed.iter().any(|&(place, held)| values[place].to_bits() != held) {
            return false;
        }
        self.reports.set_time(row.time);
        self.numbers.clear();
        self.numbers.extend(self.moving.iter().map(|&place| values[place]));
        self.numbers.iter().all(|number| number.is_finite())
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
            let Live { reports, layout, numbers, .. } = intake.judged(&mut forms).unwrap();
            // As if it were the first of its form.
            let first = intake.table(&intake.rows[intake.len() - 1..], true);
            assert_eq!(first.iter().collect::<Vec<_>>(), [Report { time: at(second), stats: stats.into_iter().collect() }]);
            let columns = |reports: &Reports| reports.objects().iter().flat_map(|object| object.columns.clone()).collect::<Vec<_>>();
            let texts = |reports| columns(reports).iter().map(|column| column.text(0).cloned()).collect::<Vec<_>>();
            let told: Vec<f64> = columns(&first).iter().filter_map(|column| column.number(0)).collect();
            assert_eq!((reports.times(), texts(reports), numbers), (first.times(), texts(&first), &told));
            assert_eq!(format!("{layout:?}"), format!("{:?}", Layout::new(&first)));
        }
    }
}
