//! Fitting: least squares by the downhill simplex. Every constant may be scaled by any positive factor, for all formulas alike.

use anyhow::{Context, Result};
use argmin::{
    core::{CostFunction, Error, Executor, State},
    solver::neldermead::NelderMead,
};
use libm::exp;

use crate::{model::Model, segment::Segment};

/// The simplex is set up anew this often where the last one ended, so that it does not stay where it collapsed.
const ROUNDS: u32 = 8;
/// Steps of one round.
const STEPS: u64 = 1500;
/// Size of the first step: a factor e to this.
const STEP: f64 = 0.25;

struct Misfit<'a> {
    model: &'a Model,
    segments: &'a [&'a Segment],
}

impl Misfit<'_> {
    fn constants(&self, scales: &[f64]) -> Vec<f64> {
        self.model.constants.iter().zip(scales).map(|(constant, scale)| constant * exp(*scale)).collect()
    }
}

impl CostFunction for Misfit<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, scales: &Vec<f64>) -> Result<f64, Error> {
        let constants = self.constants(scales);
        let square = |segment: &&Segment| {
            let miss = (self.model.score)(segment, &constants) - segment.pesq_wb;
            miss * miss
        };
        let sum: f64 = self.segments.iter().map(square).sum();
        // What nothing pulls at stays where it was published.
        let drift: f64 = scales.iter().map(|scale| scale * scale).sum();
        Ok(sum / self.segments.len() as f64 + 1e-5 * drift)
    }
}

/// The constants with which `model` comes closest to the truth of `segments`.
///
/// # Errors
///
/// When the optimiser does, which means a formula that is not a number.
pub fn fit(model: &Model, segments: &[&Segment]) -> Result<Vec<f64>> {
    let mut best = vec![0.0; model.constants.len()];
    for round in 0..ROUNDS {
        let step = if round % 2 == 0 { STEP } else { -STEP };
        let mut simplex = vec![best.clone()];
        for place in 0..best.len() {
            let mut corner = best.clone();
            corner[place] += step;
            simplex.push(corner);
        }
        let solver = NelderMead::new(simplex).with_sd_tolerance(1e-9)?;
        let run = Executor::new(Misfit { model, segments }, solver).configure(|state| state.max_iters(STEPS)).run()?;
        best = run.state().get_best_param().context("the optimiser found nothing")?.clone();
    }
    Ok(Misfit { model, segments }.constants(&best))
}
