//! The memory that a chunk may ask for: a multiple of its own size.

use super::CodecError;

/// Bytes that decoding may ask for per byte of the chunk.
pub const MEMORY_PER_BYTE: usize = 256;
/// Bytes that decoding may ask for besides, whatever the size of the chunk.
pub const MEMORY_BASE: usize = 262_144;

/// What every chunk needs.
const CHUNK: usize = 32_768;
/// Memory of a run of integers besides its rows; of the models of a run that learns.
pub(super) const RUN: usize = 256;
pub(super) const CLASS: usize = 832;

/// What is left of the memory; the encoder counts what the decoder will need.
#[derive(Debug)]
pub(super) struct Budget {
    limit: usize,
    spent: usize,
}

impl Budget {
    pub(super) fn of(bytes: usize) -> Self {
        Self { limit: bytes.saturating_mul(MEMORY_PER_BYTE).saturating_add(MEMORY_BASE), spent: CHUNK }
    }

    pub(super) fn unlimited() -> Self {
        Self { limit: usize::MAX, spent: CHUNK }
    }

    /// Takes note of `bytes` that are about to be allocated.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), CodecError> {
        self.spent = self.spent.saturating_add(bytes);
        if self.spent > self.limit { Err(CodecError::TooLarge { allowed: self.limit }) } else { Ok(()) }
    }

    /// The size that a chunk must have to be allowed what was spent.
    pub(super) fn chunk_size(&self) -> usize {
        self.spent.saturating_sub(MEMORY_BASE).div_ceil(MEMORY_PER_BYTE)
    }
}
