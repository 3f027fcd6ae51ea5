//! Inflating within bounds.

use std::io::Read;

use super::{ImportError, Limits};

/// Real dumps shrink to a tenth or a thirtieth; a file that grows more than this is a bomb.
const RATIO_MAX: usize = 200;

/// Up to here any ratio is harmless.
const RATIO_FREE: usize = 4 << 20;

/// The text within, all members of the file one after the other.
pub(super) fn inflate(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, ImportError> {
    let ratio_limit = (bytes.len() * RATIO_MAX).max(RATIO_FREE);
    let limit = limits.text_bytes_max.min(ratio_limit);
    let mut text = Vec::new();
    // One byte more than allowed shows that there is more.
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1));
    if let Err(error) = reader.read_to_end(&mut text) {
        return Err(ImportError::Gzip { bytes: text.len(), message: error.to_string() });
    }
    if text.len() > limit {
        let what =
            if limit == ratio_limit { "the inflated size in bytes (200 times the size of the file)" } else { "the inflated size in bytes" };
        return Err(ImportError::TooLarge { what, limit });
    }
    Ok(text)
}
