//! SIP messages: the start line, every header as it came, the body.
//!
//! A proxy passes on what it does not understand (RFC 3261 section 16.6), so nothing is normalised but compact names and folded lines.
//! Reading only fails where there is no message at all; whether a request is one that may be served is judged by `crate::check`.

use std::{borrow::Cow, fmt::Write as _};

/// Most headers of one message.
pub const HEADERS_MAX: usize = 200;

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// First line.
    pub start: Start,
    /// In order.
    pub headers: Vec<Header>,
    /// Behind the empty line.
    pub body: Vec<u8>,
}

/// The first line of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Request-Line.
    Request {
        /// In its case: methods are case-sensitive.
        method: String,
        /// As it came.
        uri: String,
        /// `SIP/2.0`, if it is good.
        version: String,
    },
    /// Status-Line.
    Response {
        /// 100 to 699.
        code: u16,
        /// For people.
        reason: String,
    },
}

/// One header line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// As it came; the long form where it came compact.
    pub name: String,
    /// Without the spaces around it, on one line.
    pub value: String,
}

/// Why bytes are no message. There is nobody to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// No empty line.
    #[error("the head of the message does not end")]
    HeadUnended,
    /// First line is neither.
    #[error("the first line is that of neither request nor response")]
    StartLine,
    /// A line without colon, or without a name before it.
    #[error("line {0} is no header")]
    HeaderLine(usize),
    /// See [`HEADERS_MAX`].
    #[error("the message has more than {HEADERS_MAX} headers")]
    TooManyHeaders,
}

impl Message {
    /// Reads one whole message: a datagram or WebSocket message.
    ///
    /// # Errors
    /// When it cannot even be answered.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let (head, body) = split_head(bytes).ok_or(ParseError::HeadUnended)?;
        let mut lines = head.split(|byte| *byte == b'\n').map(|line| text_of(line.strip_suffix(b"\r").unwrap_or(line))).enumerate();
        let start = lines.next().and_then(|(_, line)| start_line(&line)).ok_or(ParseError::StartLine)?;
        let mut headers: Vec<Header> = Vec::new();
        for (number, line) in lines {
            // Some take it for the end of a line: what stands behind it would be a header that nobody has judged.
            if line.contains('\r') {
                return Err(ParseError::HeaderLine(number + 1));
            }
            if line.starts_with([' ', '\t']) {
                let header = headers.last_mut().ok_or(ParseError::HeaderLine(number + 1))?;
                header.value.push(' ');
                header.value.push_str(line.trim());
                continue;
            }
            let (name, value) = line.split_once(':').ok_or(ParseError::HeaderLine(number + 1))?;
            let name = name.trim_end();
            if !crate::text::is_token(name) {
                return Err(ParseError::HeaderLine(number + 1));
            }
            if headers.len() == HEADERS_MAX {
                return Err(ParseError::TooManyHeaders);
            }
            headers.push(Header { name: long_name(name).to_owned(), value: value.trim().to_owned() });
        }
        for header in &mut headers {
            header.value = header.value.trim().to_owned();
        }
        Ok(Self { start, headers, body: body.to_vec() })
    }

    /// A message of its own.
    #[must_use]
    pub fn new(start: Start) -> Self {
        Self { start, headers: Vec::new(), body: Vec::new() }
    }

    /// The method of a request.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        match &self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    /// The code of a response.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match &self.start {
            Start::Request { .. } => None,
            Start::Response { code, .. } => Some(*code),
        }
    }

    /// The value of the first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of every header of that name, in order.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
    }

    /// The entries of a header that is a list, over all its lines.
    pub fn list<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.all(name).flat_map(|value| crate::text::split_outside(value, ','))
    }

    /// Where it was last, and where its answer goes.
    #[must_use]
    pub fn top_via(&self) -> Option<crate::Via> {
        crate::Via::parse(self.list("Via").next()?)
    }

    /// Adds a header at the end.
    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.headers.push(Header { name: name.to_owned(), value: value.into() });
    }

    /// Adds a header before all others of its name, or at the beginning.
    pub fn push_front(&mut self, name: &str, value: impl Into<String>) {
        let at = self.headers.iter().position(|header| header.name.eq_ignore_ascii_case(name)).unwrap_or(0);
        self.headers.insert(at, Header { name: name.to_owned(), value: value.into() });
    }

    /// Removes every header of that name.
    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
    }

    /// Puts one header in the place of all of that name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.push(name, value);
    }

    /// Takes the first entry of a list header away.
    pub fn pop_entry(&mut self, name: &str) -> Option<String> {
        let at = self.headers.iter().position(|header| header.name.eq_ignore_ascii_case(name))?;
        let value = self.headers[at].value.clone();
        match crate::text::find_outside(&value, ',') {
            Some(comma) => {
                value[comma + 1..].trim().clone_into(&mut self.headers[at].value);
                Some(value[..comma].trim().to_owned())
            }
            None => {
                self.headers.remove(at);
                Some(value)
            }
        }
    }

    /// As it goes on the wire, with the length of its body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = String::with_capacity(512 + self.body.len());
        let _ = match &self.start {
            Start::Request { method, uri, .. } => write!(head, "{method} {uri} SIP/2.0\r\n"),
            Start::Response { code, reason } => write!(head, "SIP/2.0 {code} {reason}\r\n"),
        };
        for Header { name, value } in self.headers.iter().filter(|header| !header.name.eq_ignore_ascii_case("Content-Length")) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "Content-Length: {}\r\n\r\n", self.body.len());
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Head without its last line break, and body. Empty lines before the message are skipped (RFC 3261 section 7.5).
fn split_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let begin = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let bytes = &bytes[begin..];
    let mut line_begin = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        let line = &bytes[line_begin..at];
        if line.is_empty() || line == b"\r" {
            let head = &bytes[..line_begin];
            let head = head.strip_suffix(b"\n").unwrap_or(head);
            return Some((head.strip_suffix(b"\r").unwrap_or(head), &bytes[at + 1..]));
        }
        line_begin = at + 1;
    }
    None
}

/// A line of the head. What is no UTF-8 is ISO 8859-1, in which old telephones write names; what is compared is ASCII (RFC 3261 section 25.1).
fn text_of(line: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(line).map_or_else(|_| line.iter().map(|byte| char::from(*byte)).collect(), Cow::Borrowed)
}

fn start_line(line: &str) -> Option<Start> {
    if line.contains(['\0', '\r']) {
        return None;
    }
    if line.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("SIP/")) {
        let (version, rest) = line.split_once(' ')?;
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let code: u16 = (code.len() == 3).then(|| code.parse().ok())??;
        let is_response = version.eq_ignore_ascii_case("SIP/2.0") && (100..700).contains(&code);
        return is_response.then(|| Start::Response { code, reason: reason.to_owned() });
    }
    let (method, rest) = line.split_once(' ')?;
    let (uri, version) = rest.trim_end_matches(' ').rsplit_once(' ')?;
    let is_request = crate::text::is_token(method) && (version.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("SIP/")));
    is_request.then(|| Start::Request { method: method.to_owned(), uri: uri.to_owned(), version: version.to_owned() })
}

/// The long form of a compact name (RFC 3261 section 7.3.3 and the extensions registered since).
fn long_name(name: &str) -> &str {
    let [letter] = name.as_bytes() else { return name };
    match letter.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => "Referred-By",
        b'c' => "Content-Type",
        b'd' => "Request-Disposition",
        b'e' => "Content-Encoding",
        b'f' => "From",
        b'i' => "Call-ID",
        b'j' => "Reject-Contact",
        b'k' => "Supported",
        b'l' => "Content-Length",
        b'm' => "Contact",
        b'n' => "Identity-Info",
        b'o' => "Event",
        b'r' => "Refer-To",
        b's' => "Subject",
        b't' => "To",
        b'u' => "Allow-Events",
        b'v' => "Via",
        b'x' => "Session-Expires",
        b'y' => "Identity",
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_and_written_with_all_it_had() {
        let text = b"\r\n\r\nINVITE sip:bob@x SIP/2.0\r\nv: SIP/2.0/WS a.invalid;branch=z9hG4bK1,\r\n SIP/2.0/WS b.invalid;branch=z9hG4bK2\r\nX-Odd:  k\xc3\xa4se \r\nl: 3\r\n\r\na\0b";
        let mut message = Message::parse(text).unwrap();
        assert_eq!(message.header("X-ODD"), Some("käse"));
        assert_eq!(message.list("via").count(), 2);
        assert_eq!(message.body, b"a\0b");
        assert_eq!(message.pop_entry("Via").unwrap(), "SIP/2.0/WS a.invalid;branch=z9hG4bK1");
        message.push_front("Via", "SIP/2.0/WS us;branch=z9hG4bK3");
        let written = String::from_utf8(message.to_bytes()).unwrap();
        assert_eq!(
            written,
            "INVITE sip:bob@x SIP/2.0\r\nVia: SIP/2.0/WS us;branch=z9hG4bK3\r\nVia: SIP/2.0/WS b.invalid;branch=z9hG4bK2\r\nX-Odd: käse\r\nContent-Length: 3\r\n\r\na\0b"
        );
        assert_eq!(Message::parse(written.as_bytes()).unwrap().to_bytes(), written.as_bytes());
    }

    #[test]
    fn names_in_the_code_of_old_telephones_are_read() {
        let text = b"INVITE sip:bob@x SIP/2.0\r\nFrom: \"J\xfcrgen\" <sip:j@x>;tag=1\r\nSubject: k\xc3\xa4se\r\n\r\n\xff";
        let message = Message::parse(text).unwrap();
        assert_eq!((message.header("From"), message.header("Subject")), (Some("\"Jürgen\" <sip:j@x>;tag=1"), Some("käse")));
        assert_eq!(message.body, b"\xff");
    }

    #[test]
    fn what_is_no_message_is_refused_with_the_reason() {
        for (text, error) in [
            (&b"INVITE sip:x SIP/2.0\r\nTo: x\r\n"[..], ParseError::HeadUnended),
            (b"", ParseError::HeadUnended),
            (b"hello there\r\n\r\n", ParseError::StartLine),
            (b"SIP/2.0 99 x\r\n\r\n", ParseError::StartLine),
            (b"SIP/2.0 4294967301 x\r\n\r\n", ParseError::StartLine),
            (b"BYE sip:x SIP/2.0\r\nTo\r\n\r\n", ParseError::HeaderLine(2)),
            (b"BYE sip:x SIP/2.0\r\n : a\r\n\r\n", ParseError::HeaderLine(2)),
            (b"BYE sip:x SIP/2.0\r\nT o: a\r\n\r\n", ParseError::HeaderLine(2)),
            (b"BYE sip:x SIP/2.0\r\nX: a\rFrom: b\r\n\r\n", ParseError::HeaderLine(2)),
            (b"BYE sip:x SIP/2.0\r\nX: a\r\n b\rFrom: c\r\n\r\n", ParseError::HeaderLine(3)),
        ] {
            assert_eq!(Message::parse(text), Err(error), "{}", String::from_utf8_lossy(text));
        }
        let many = format!("BYE sip:x SIP/2.0\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX + 1));
        assert_eq!(Message::parse(many.as_bytes()), Err(ParseError::TooManyHeaders));
    }
}
