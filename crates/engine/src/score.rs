//! Scores from 1 to 5: models of our own for sound and pictures, and the E-model of the ITU for delay.
//!
//! Rules that never bend: a score is never NaN and never outside its scale, it never rises when loss, delay or jitter
//! gets worse, and it is absent when there is nothing to judge.
//! All transcendental functions are those of `libm`, so that native code and WebAssembly agree bit for bit.

pub mod audio;
pub mod codec;
pub mod constants;
pub mod emodel;
pub mod grade;
pub mod life;
pub mod moments;
pub mod mos;
pub mod overall;
pub mod unjudged;
pub mod video;

/// A number that is not below zero, to the power of another. What `libm` has for this and [`log2`] gives the last bits right, and is 1.5 kB in the
/// download of every page that listens.
fn power(base: f64, exponent: f64) -> f64 {
    libm::exp(exponent * libm::log(base))
}

/// The logarithm to the base of 2.
fn log2(number: f64) -> f64 {
    libm::log(number) / std::f64::consts::LN_2
}
