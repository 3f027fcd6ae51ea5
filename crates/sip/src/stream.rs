//! SIP over a byte stream, TCP or TLS: where one message ends and the next begins (RFC 3261 section 18.3), and the keep-alives between them
//! (RFC 5626 section 4.4.1).

use crate::message::{Message, ParseError};

/// What a stream brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A whole message.
    Message(Message),
    /// Two line breaks: are you there? To be answered with [`PONG`].
    Ping,
}

/// Are you there?
pub const PING: &[u8] = b"\r\n\r\n";
/// I am.
pub const PONG: &[u8] = b"\r\n";

/// Why nothing more can be read of a stream: nobody knows where the next message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// Longer than it may be.
    #[error("the message is longer than {0} bytes")]
    TooLarge(usize),
    /// What must tell the length of the body does not.
    #[error("the message has no good Content-Length")]
    NoLength,
    /// The head is that of no message.
    #[error(transparent)]
    Head(#[from] ParseError),
}

/// Takes bytes, gives messages. Holds at most one message and what was pushed last.
#[derive(Debug)]
pub struct Reader {
    held: Vec<u8>,
    /// No head ends before this.
    searched: usize,
    size_max: usize,
}

impl Reader {
    /// For messages of at most `size_max` bytes.
    #[must_use]
    pub const fn new(size_max: usize) -> Self {
        Self { held: Vec::new(), searched: 0, size_max }
    }

    /// More bytes came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next piece; `None`: it is not whole yet.
    ///
    /// # Errors
    /// When the stream is to be closed.
    pub fn read(&mut self) -> Result<Option<Piece>, StreamError> {
        while self.searched == 0 && self.held.starts_with(PONG) {
            if self.held.starts_with(PING) {
                self.held.drain(..PING.len());
                return Ok(Some(Piece::Ping));
            }
            // One line break answers a ping of ours. It may also be the first half of one.
            match self.held.get(2) {
                None | Some(b'\r') => return Ok(None),
                Some(_) => drop(self.held.drain(..PONG.len())),
            }
        }
        let Some(end) = self.held[self.searched..].windows(PING.len()).position(|four| four == PING) else {
            self.searched = self.held.len().saturating_sub(PING.len() - 1);
            return if self.held.len() > self.size_max { Err(StreamError::TooLarge(self.size_max)) } else { Ok(None) };
        };
        let head = self.searched + end + PING.len();
        // Whoever sends one byte at a time does not make us look at the head again and again.
        self.searched += end;
        let mut message = Message::parse(&self.held[..head])?;
        let length = message.header("Content-Length").and_then(|text| text.parse::<usize>().ok()).ok_or(StreamError::NoLength)?;
        let size = head.saturating_add(length);
        if size > self.size_max {
            return Err(StreamError::TooLarge(self.size_max));
        }
        if self.held.len() < size {
            return Ok(None);
        }
        message.body = self.held[head..size].to_vec();
        self.held.drain(..size);
        self.searched = 0;
        Ok(Some(Piece::Message(message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\r\n\r\nMESSAGE sip:a@x SIP/2.0\r\nl: 4\r\n\r\nab\r\nBYE sip:b@x SIP/2.0\r\nContent-Length: 0\r\n\r\n\r\n\r\n";

    fn read_all(size: usize, text: &str) -> Result<Vec<String>, StreamError> {
        let mut reader = Reader::new(200);
        let mut pieces = Vec::new();
        for bytes in text.as_bytes().chunks(size) {
            reader.push(bytes);
            while let Some(piece) = reader.read()? {
                pieces.push(match piece {
                    Piece::Ping => "ping".to_owned(),
                    Piece::Message(message) => format!("{} {}", message.method().unwrap(), String::from_utf8_lossy(&message.body)),
                });
            }
        }
        Ok(pieces)
    }

    #[test]
    fn messages_and_pings_are_told_apart_however_they_are_cut() {
        for size in 1..TEXT.len() {
            assert_eq!(read_all(size, TEXT).unwrap(), ["ping", "MESSAGE ab\r\n", "BYE ", "ping"], "{size}");
        }
        assert_eq!(read_all(3, &format!("\r\n{}", &TEXT[4..])).unwrap(), ["MESSAGE ab\r\n", "BYE ", "ping"], "a pong before");
    }

    #[test]
    fn what_does_not_end_is_not_kept() {
        for (text, error) in [
            ("BYE sip:x SIP/2.0\r\n\r\n", StreamError::NoLength),
            ("BYE sip:x SIP/2.0\r\nl: -1\r\n\r\n", StreamError::NoLength),
            ("BYE sip:x SIP/2.0\r\nl: 18446744073709551615\r\n\r\n", StreamError::TooLarge(200)),
            (&"x".repeat(300), StreamError::TooLarge(200)),
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", StreamError::Head(ParseError::StartLine)),
        ] {
            assert_eq!(read_all(1, text), Err(error), "{text}");
        }
    }
}
