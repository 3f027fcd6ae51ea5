//! SIP URIs (RFC 3261 section 19.1), as far as a registrar and proxy looks into them.

use crate::text::Params;

/// A `sip:` or `sips:` URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    /// `sip` or `sips`, in lower case.
    pub scheme: String,
    /// The user, unescaped, without password; empty when there is none.
    pub user: String,
    /// In lower case; IPv6 within its brackets.
    pub host: String,
    /// If told.
    pub port: Option<u16>,
    /// Behind the host.
    pub params: Params,
}

/// Why a text is no URI that can be routed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Neither `sip:` nor `sips:`.
    #[error("the scheme is neither sip nor sips")]
    Scheme,
    /// Anything else.
    #[error("the URI cannot be read")]
    Malformed,
}

impl Uri {
    /// Reads a URI that stands alone, without brackets.
    ///
    /// # Errors
    /// When it is none, or of another scheme.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.bytes().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control() || b"<>\"".contains(&byte)) {
            return Err(UriError::Malformed);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Malformed)?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "sip" && scheme != "sips" {
            return Err(UriError::Scheme);
        }
        // A user may hold `;` and `?`, but no `@`.
        let (user, rest) = rest.split_once('@').unwrap_or(("", rest));
        let user = unescape(user.split(':').next().unwrap_or_default()).ok_or(UriError::Malformed)?;
        let rest = rest.split('?').next().unwrap_or_default();
        let (place, params) = rest.split_once(';').unwrap_or((rest, ""));
        let (host, port) = host_port(place).ok_or(UriError::Malformed)?;
        Ok(Self { scheme, user, host, port, params: Params::parse(params) })
    }
}

/// The URI of a user. `place`: host, and port if need be.
pub(crate) fn of_user(user: &str, place: &str) -> String {
    format!("sip:{}@{place}", escape(user, b"-_.!~*'()&=+$,;?/"))
}

/// What is neither a letter, a digit nor one of `plain` is written `%41`.
pub(crate) fn escape(text: &str, plain: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Without the headers that it may bring along, which no Request-URI has (RFC 3261 section 19.1.1).
pub(crate) fn without_headers(uri: &str) -> &str {
    let host = uri.rfind('@').unwrap_or_default();
    uri[host..].find('?').map_or(uri, |at| &uri[..host + at])
}

/// Host in lower case, and port.
pub(crate) fn host_port(text: &str) -> Option<(String, Option<u16>)> {
    let text = text.trim();
    let (host, port) = if let Some(end) = text.strip_prefix('[').and_then(|rest| rest.find(']')) {
        text[1..=end].parse::<std::net::Ipv6Addr>().ok()?;
        (&text[..end + 2], text[end + 2..].trim().strip_prefix(':'))
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host.trim(), Some(port)),
            None => (text, None),
        }
    };
    let is_name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte));
    let port = match port {
        Some(port) => Some(port.trim().parse().ok()?),
        None => None,
    };
    is_name.then(|| (host.to_ascii_lowercase(), port))
}

/// Resolves `%41`; `None` when that is not possible or no text comes out.
fn unescape(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_uri_are_told_apart() {
        let uri = Uri::parse("SIP:al%69ce;day=tuesday:secret@ATLANTA.example:5060;transport=ws;lr?subject=x").unwrap();
        assert_eq!(
            (uri.scheme.as_str(), uri.user.as_str(), uri.host.as_str(), uri.port),
            ("sip", "alice;day=tuesday", "atlanta.example", Some(5060))
        );
        assert_eq!((uri.params.get("transport"), uri.params.get("lr")), (Some("ws"), Some("")));
        let uri = Uri::parse("sip:[2001:DB8::1]:5061").unwrap();
        assert_eq!((uri.host.as_str(), uri.port), ("[2001:db8::1]", Some(5061)));
    }

    #[test]
    fn a_uri_is_written_so_that_it_can_be_read() {
        assert_eq!(of_user("*21*5#", "gw.example:5070"), "sip:*21*5%23@gw.example:5070");
        assert_eq!(Uri::parse(&of_user("älice b#", "x")).unwrap().user, "älice b#");
        for (uri, without) in [("sip:a?b@c;d?e=f", "sip:a?b@c;d"), ("sip:a?b@c", "sip:a?b@c"), ("sip:c?e=f", "sip:c")] {
            assert_eq!(without_headers(uri), without);
        }
    }

    #[test]
    fn what_is_no_sip_uri_is_refused() {
        for (text, error) in [
            ("tel:+15551234", UriError::Scheme),
            ("alice", UriError::Malformed),
            ("sip:", UriError::Malformed),
            ("sip:a@", UriError::Malformed),
            ("sip:a b@c", UriError::Malformed),
            ("sip:a%zz@c", UriError::Malformed),
            ("sip:a@c:port", UriError::Malformed),
            ("sip:a@[::g]", UriError::Malformed),
            ("<sip:a@b>", UriError::Malformed),
        ] {
            assert_eq!(Uri::parse(text), Err(error), "{text}");
        }
    }
}
