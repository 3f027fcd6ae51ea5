//! Browser and operating system from a `User-Agent`, for clients that do not name them.
//!
//! Only the browsers that have WebRTC; most specific token first, since each browser also claims to be the ones before it.

/// A browser and its version as the `User-Agent` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Browser<'a> {
    /// Common name.
    pub name: &'static str,
    /// Its version, such as `131.0.0.0`; empty when it is not told.
    pub version: &'a str,
}

const BROWSERS: [(&str, &str); 13] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Electron/", "Electron"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chrome"),
    ("Version/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// The browser; `None` when it is none that we know.
#[must_use]
pub fn browser(user_agent: &str) -> Option<Browser<'_>> {
    let (token, name) = BROWSERS.iter().find(|(token, _)| user_agent.contains(token))?;
    if *name == "Safari" && !user_agent.contains("Safari/") {
        return None;
    }
    let version = user_agent.split_once(token)?.1;
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    Some(Browser { name, version: &version[..end] })
}

/// The operating system; `None` when it is none that we know.
#[must_use]
pub fn os(user_agent: &str) -> Option<&'static str> {
    SYSTEMS.iter().find(|(token, _)| user_agent.contains(token)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        for (text, name, version, system) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome",
                "131.0.0.0",
                "Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51",
                "Edge",
                "131.0.2903.51",
                "Windows",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox", "132.0", "Linux"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari",
                "18.1",
                "iOS",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                "Safari",
                "18.1",
                "macOS",
            ),
        ] {
            assert_eq!(browser(text), Some(Browser { name, version }), "{text}");
            assert_eq!(os(text), Some(system), "{text}");
        }
        assert_eq!((browser("curl/8.5.0"), os("curl/8.5.0")), (None, None));
    }
}
