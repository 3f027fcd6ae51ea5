//! Whether a request may be served at all (RFC 3261 sections 8.1.1, 8.2, 16.3), and its parts that everything asks for.

use crate::{
    header::{self, Address, Via},
    message::{Message, Start},
    uri::{Uri, UriError},
};

/// What every request has.
#[derive(Clone, Debug)]
pub(crate) struct Basics {
    pub(crate) uri: Uri,
    pub(crate) via: Via,
    pub(crate) from: Address,
    pub(crate) from_uri: Option<Uri>,
    pub(crate) to: Address,
    pub(crate) to_uri: Option<Uri>,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    pub(crate) max_forwards: u32,
}

/// A final answer instead of service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(code: u16, reason: &str) -> Self {
        Self { code, reason: reason.to_owned(), headers: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Refuses what asks for extensions that are not `known`, by `Require` or `Proxy-Require` (RFC 3261 sections 8.2.2.3, 10.3 and 16.3).
pub(crate) fn extensions(message: &Message, header: &str, known: &[&str]) -> Result<(), Refusal> {
    let is_known = |option: &str| known.iter().any(|held| held.eq_ignore_ascii_case(option));
    let unknown: Vec<&str> = message.list(header).filter(|option| !option.is_empty() && !is_known(option)).collect();
    if unknown.is_empty() { Ok(()) } else { Err(Refusal::new(420, "Bad Extension").with("Unsupported", unknown.join(", "))) }
}

/// Where no Max-Forwards is told.
const MAX_FORWARDS: u32 = 70;

/// Each at most once in a request.
const SINGLE: [&str; 7] = ["From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type"];

/// Reads what every request must have; cuts the body to its length.
pub(crate) fn request(message: &mut Message) -> Result<Basics, Refusal> {
    let bad = |reason: &str| Refusal::new(400, reason);
    let Start::Request { method, uri, version } = &message.start else { return Err(bad("Not a Request")) };
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(Refusal::new(505, "Version Not Supported"));
    }
    for name in SINGLE {
        if message.all(name).count() > 1 {
            return Err(bad(&format!("Repeated {name}")));
        }
    }
    let missing = |name: &str| bad(&format!("Missing {name}"));
    let malformed = |name: &str| bad(&format!("Malformed {name}"));
    let via = message.list("Via").next().ok_or_else(|| missing("Via"))?;
    let via = Via::parse(via).ok_or_else(|| malformed("Via"))?;
    if message.list("Via").any(|via| Via::parse(via).is_none()) {
        return Err(malformed("Via"));
    }
    let from = Address::parse(message.header("From").ok_or_else(|| missing("From"))?).ok_or_else(|| malformed("From"))?;
    let to = Address::parse(message.header("To").ok_or_else(|| missing("To"))?).ok_or_else(|| malformed("To"))?;
    let call_id = message.header("Call-ID").filter(|id| !id.is_empty()).ok_or_else(|| missing("Call-ID"))?.to_owned();
    let (cseq, of) = header::cseq(message.header("CSeq").ok_or_else(|| missing("CSeq"))?).ok_or_else(|| malformed("CSeq"))?;
    if of != method {
        return Err(bad("CSeq Does Not Match Method"));
    }
    let max_forwards = match message.header("Max-Forwards") {
        None => MAX_FORWARDS,
        Some(text) => text.parse::<u8>().map_err(|_| malformed("Max-Forwards"))?.into(),
    };
    let uri = Uri::parse(uri).map_err(|error| match error {
        UriError::Scheme => Refusal::new(416, "Unsupported URI Scheme"),
        UriError::Malformed => malformed("Request-URI"),
    })?;
    let readable = |address: &Address| match Uri::parse(&address.uri) {
        Ok(uri) => Ok(Some(uri)),
        Err(UriError::Scheme) => Ok(None),
        Err(UriError::Malformed) => Err(()),
    };
    let from_uri = readable(&from).map_err(|()| malformed("From"))?;
    let to_uri = readable(&to).map_err(|()| malformed("To"))?;
    if let Some(length) = message.header("Content-Length") {
        let length: usize = length.parse().map_err(|_| malformed("Content-Length"))?;
        if length > message.body.len() {
            return Err(bad("Body Shorter Than Content-Length"));
        }
        message.body.truncate(length);
    }
    Ok(Basics { uri, via, from, from_uri, to, to_uri, call_id, cseq, max_forwards })
}
