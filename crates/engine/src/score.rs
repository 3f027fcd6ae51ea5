//! Scores from 1 to 5: the E-model of the ITU for sound, a first model of our own for pictures.
//!
//! Rules that never bend: a score is never NaN and never outside its scale, it never rises when loss, delay or jitter
//! gets worse, and it is absent when there is nothing to judge.
//! All transcendental functions are those of `libm`, so that native code and WebAssembly agree bit for bit.

pub mod audio;
pub mod codec;
pub mod emodel;
pub mod mos;
pub mod video;
