//! GRUUs: addresses of one device, for those who are to reach that one and no other of its user (RFC 5627).
//!
//! Only public ones are given, which tell whose they are; a client that wants to be anonymous has to use another address.

use crate::uri::{self, Uri};

/// What a parameter of a URI may hold besides letters and digits (RFC 3261 section 25.1).
const PLAIN: &[u8] = b"[]/:&+$-_.!~*'()";

/// The value of `gr` for a `+sip.instance`.
pub(crate) fn instance(given: &str) -> String {
    uri::escape(given.trim_matches(['<', '>']), PLAIN)
}

/// The parameter of a Contact that tells the GRUU; empty where the device did not tell what it is.
pub(crate) fn param(user: &str, domain: &str, instance: &str) -> String {
    if instance.is_empty() { String::new() } else { format!(";pub-gruu=\"{};gr={instance}\"", uri::of_user(user, domain)) }
}

/// The `gr` of an address that is one.
pub(crate) fn of(uri: &Uri) -> Option<&str> {
    uri.params.get("gr").filter(|instance| !instance.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gruu_names_its_device() {
        let instance = instance("<urn:uuid:f81d4fae-7dec;\">");
        let param = param("alice", "x.example", &instance);
        assert_eq!(param, ";pub-gruu=\"sip:alice@x.example;gr=urn:uuid:f81d4fae-7dec%3B%22\"");
        let read = Uri::parse(param.split('"').nth(1).unwrap()).unwrap();
        assert_eq!((of(&read), of(&Uri::parse("sip:alice@x;gr").unwrap())), (Some(&*instance), None));
    }
}
