//! What a dump says of the browser and the call.

use serde_json::{Map, Value};

use crate::user_agent;

/// What a dump says of the browser and the call; empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `User-Agent` as given.
    pub user_agent: String,
    /// `Chrome`, `Firefox`, `Safari`, `Edge`, `Opera` …
    pub browser: String,
    /// Its version.
    pub browser_version: String,
    /// Operating system.
    pub os: String,
    /// Page on which the call took place.
    pub url: String,
    /// Name of the conference (Jitsi).
    pub conference_id: String,
    /// Name of the user (Jitsi).
    pub user_name: String,
    /// Tool and version that wrote the dump.
    pub sdk: String,
}

impl Facts {
    /// Learns from a `User-Agent`.
    pub(super) fn learn_user_agent(&mut self, user_agent: &str) {
        self.user_agent = user_agent.to_owned();
        if let Some(browser) = user_agent::browser(user_agent) {
            self.set_browser(browser.name, browser.version);
        }
        if let Some(os) = user_agent::os(user_agent) {
            os.clone_into(&mut self.os);
        }
    }

    /// Learns from `navigator.userAgentData`: an object, or (2025) a list of brands.
    pub(super) fn learn_user_agent_data(&mut self, data: &Value) {
        if let Some(platform) = data.get("platform").and_then(Value::as_str).filter(|platform| !platform.is_empty()) {
            platform.clone_into(&mut self.os);
        }
        let lists = [data.get("fullVersionList"), data.get("brands"), Some(data)];
        let Some(brands) = lists.into_iter().flatten().find_map(Value::as_array) else { return };
        let brand_and_version = |entry: &Value| {
            let brand = entry.get("brand")?.as_str()?.to_owned();
            Some((brand, entry.get("version")?.as_str()?.to_owned()))
        };
        // The list is shuffled and holds a decoy ("Not:A-Brand"); a product's own name says more than the engine's.
        let known: Vec<_> = brands.iter().filter_map(brand_and_version).filter(|(brand, _)| !brand.starts_with("Not")).collect();
        let product = known.iter().find(|(brand, _)| brand != "Chromium").or(known.first());
        if let Some((brand, version)) = product {
            let brand = match &**brand {
                "Google Chrome" | "Chromium" | "HeadlessChrome" => "Chrome",
                "Microsoft Edge" => "Edge",
                other => other,
            };
            self.set_browser(brand, version);
        }
    }

    fn set_browser(&mut self, browser: &str, version: &str) {
        browser.clone_into(&mut self.browser);
        version.clone_into(&mut self.browser_version);
    }

    /// The payload of the `joined` event, with what is known.
    pub(super) fn to_payload(&self) -> Value {
        let mut payload = Map::new();
        let members = [
            ("user_agent", &self.user_agent),
            ("browser", &self.browser),
            ("browser_version", &self.browser_version),
            ("os", &self.os),
            ("user_name", &self.user_name),
            ("sdk", &self.sdk),
        ];
        for (name, value) in members.into_iter().filter(|(_, value)| !value.is_empty()) {
            payload.insert(name.to_owned(), Value::String(value.clone()));
        }
        if !self.url.is_empty() {
            payload.insert("url".to_owned(), Value::String(self.url.clone()));
        }
        Value::Object(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_by_their_user_agent() {
        for (user_agent, browser, version, os) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
                "Chrome",
                "156.0.0.0",
                "Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91",
                "Edge",
                "120.0.2210.91",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
                "Safari",
                "17.1",
                "macOS",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "Firefox", "153.0", "Linux"),
            ("curl/8", "", "", ""),
        ] {
            let mut facts = Facts::default();
            facts.learn_user_agent(user_agent);
            assert_eq!((&*facts.browser, &*facts.browser_version, &*facts.os), (browser, version, os));
        }
    }

    #[test]
    fn brands_come_as_an_object_or_as_a_list_in_any_order() {
        for json in [
            r#"{"brands":[{"brand":"Not:A-Brand","version":"8"},{"brand":"Chromium","version":"156"}],"platform":"Linux"}"#,
            r#"[{"brand":"Chromium","version":"156"},{"brand":"Google Chrome","version":"156"},{"brand":"Not A;Brand","version":"9"}]"#,
        ] {
            let mut facts = Facts::default();
            facts.learn_user_agent_data(&serde_json::from_str(json).unwrap());
            assert_eq!((&*facts.browser, &*facts.browser_version), ("Chrome", "156"), "{json}");
        }
    }
}
