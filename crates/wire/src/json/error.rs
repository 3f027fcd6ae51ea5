//! Why JSON is not what it should be, and where.

/// JSON that is not a report or a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The place within the document, such as `reports[3].stats["IT01A"].jitter`; empty for the document itself.
    pub place: String,
    /// Line, from 1; 0 when the document was no text.
    pub line: usize,
    /// Column, from 1; 0 when the document was no text.
    pub column: usize,
    /// What was given and what is allowed.
    pub message: String,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.message)?;
        if self.line > 0 {
            write!(f, " (line {} column {})", self.line, self.column)?;
        }
        Ok(())
    }
}

impl std::error::Error for JsonError {}

impl JsonError {
    pub(crate) fn new(place: String, error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let mut message = error.to_string();
        if let Some(end) = message.rfind(" at line ") {
            message.truncate(end);
        }
        Self { place, line, column, message }
    }
}
