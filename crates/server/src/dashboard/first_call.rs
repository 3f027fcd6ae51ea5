//! The lines that a page needs to have its calls measured, wherever the dashboard hands out a secret or waits for a first call.

use maud::{Markup, html};

/// The lines for a page that sends with this secret. A script puts in by which address the reader came here.
pub(crate) fn lines(secret: &str) -> Markup {
    html! {
        // Reached by keys, which scroll it where it is wider than the page.
        pre tabindex="0" role="region" aria-label="Lines for a page" { code data-copy="" {
            "<script src=\"" span data-own-address="" { "https://your-sidetone" } "/sdk/sidetone.js\" crossorigin></script>\n"
            "<script>\n  const sidetone = new Sidetone({ secret: \"" (secret) "\", conferenceId: \"weekly\", userId: \"ada\" });\n"
            "  sidetone.observeAll();\n</script>"
        } }
    }
}
