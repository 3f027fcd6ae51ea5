//! Noise reduction for the phone in the browser: RNNoise (Valin, "A Hybrid DSP/Deep Learning Approach to Real-Time Full-Band Speech
//! Enhancement", 2018) as `nnnoiseless` has it, behind a buffer that takes blocks of any size.
//!
//! Runs in an AudioWorklet at 48 kHz: 128 samples come in and 128 go out, while the network works on frames of 480.

use std::collections::VecDeque;

use nnnoiseless::DenoiseState;
use wasm_bindgen::prelude::*;

/// The network was trained on samples of 16 bits; browsers have them between -1 and 1.
const FULL_SCALE: f32 = 32_768.0;

/// One microphone.
#[wasm_bindgen]
#[expect(missing_debug_implementations, reason = "the network has none, and its weights say nothing")]
pub struct Denoiser {
    state: Box<DenoiseState<'static>>,
    /// Samples that do not fill a frame yet.
    waiting: Vec<f32>,
    /// Samples that are done and not asked for yet.
    done: VecDeque<f32>,
}

#[wasm_bindgen]
impl Denoiser {
    /// Nothing heard yet. The first frame comes out late by one frame (10 ms), and so does all that follows.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        let size = DenoiseState::FRAME_SIZE;
        Self { state: DenoiseState::new(), waiting: Vec::with_capacity(size), done: VecDeque::from(vec![0.0; size]) }
    }

    /// Takes a block of samples at 48 kHz, mono, and puts the same number in their place.
    pub fn process(&mut self, samples: &mut [f32]) {
        for sample in samples {
            self.waiting.push(*sample * FULL_SCALE);
            if self.waiting.len() == DenoiseState::FRAME_SIZE {
                let mut frame = [0.0; DenoiseState::FRAME_SIZE];
                self.state.process_frame(&mut frame, &self.waiting);
                self.waiting.clear();
                self.done.extend(frame.map(|clean| (clean / FULL_SCALE).clamp(-1.0, 1.0)));
            }
            *sample = self.done.pop_front().unwrap_or_default();
        }
    }
}

impl Default for Denoiser {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    const RATE_HZ: f32 = 48_000.0;

    /// The rumble of a fan or a street: brown noise, from a generator of its own (Numerical Recipes' LCG), so that each run hears the same.
    fn noise(count: usize, amplitude: f32) -> Vec<f32> {
        let (mut seed, mut level) = (1_u32, 0.0);
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let white = f32::from(u16::try_from(seed >> 16).unwrap_or(0)) / 32_768.0 - 1.0;
            level = 0.95 * level + 0.3 * amplitude * white;
            level
        };
        (0..count).map(|_| next()).collect()
    }

    fn power(samples: &[f32]) -> f32 {
        samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
    }

    fn through(samples: &[f32]) -> Vec<f32> {
        let (mut denoiser, mut samples) = (Denoiser::new(), samples.to_vec());
        for block in samples.chunks_mut(128) {
            denoiser.process(block);
        }
        samples
    }

    #[test]
    fn as_many_samples_come_out_as_went_in_and_silence_stays_silent() {
        let silence = through(&[0.0; 4801]);
        assert_eq!(silence.len(), 4801);
        assert!(power(&silence) < 1e-9);
    }

    #[test]
    fn steady_noise_is_taken_away() {
        let noise = noise(96_000, 0.05);
        let clean = through(&noise);
        // The first second is for the network to learn what the noise is.
        let reduced_db = 10.0 * (power(&noise[48_000..]) / power(&clean[48_000..]).max(1e-12)).log10();
        assert!(reduced_db > 20.0, "{reduced_db} dB");
    }

    #[test]
    fn a_voiced_sound_passes() {
        // A buzz with the harmonics of a voice at 150 Hz, in syllables of a quarter of a second.
        let voice: Vec<f32> = (0..96_000)
            .map(|at| {
                let seconds = at as f32 / RATE_HZ;
                let syllable = (TAU * 2.0 * seconds).sin().max(0.0);
                (1..=12).map(|harmonic| (TAU * 150.0 * harmonic as f32 * seconds).sin() / harmonic as f32).sum::<f32>() * 0.1 * syllable
            })
            .collect();
        let heard = through(&voice);
        let lost_db = 10.0 * (power(&voice[48_000..]) / power(&heard[48_000..]).max(1e-12)).log10();
        assert!(lost_db < 1.0, "{lost_db} dB");
    }
}
