//! Icons as SVG of 16 × 16, drawn with the colour of the text around them.

use maud::{Markup, PreEscaped, html};

macro_rules! icons {
    ($($name:ident $path:literal;)*) => {$(
        pub(crate) fn $name() -> Markup {
            html! { svg.icon viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" { (PreEscaped($path)) } }
        }
    )*};
}

icons! {
    alert r#"<path d="M8 2.2 14.5 13.5h-13z"/><path d="M8 6.5v3.2M8 11.7v.1"/>"#;
    chevron r#"<path d="m6 3.5 4.5 4.5L6 12.5"/>"#;
    clock r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 4.6V8l2.3 1.6"/>"#;
    download r#"<path d="M8 2v8m0 0 3-3m-3 3L5 7M2.5 11.5v2h11v-2"/>"#;
    key r#"<circle cx="5" cy="11" r="3"/><path d="m7.2 8.8 6-6M11 5l2 2"/>"#;
    live r#"<circle cx="8" cy="8" r="2"/><path d="M4.4 11.6a5 5 0 0 1 0-7.2M11.6 4.4a5 5 0 0 1 0 7.2"/>"#;
    moon r#"<path d="M13.3 9.6A5.8 5.8 0 0 1 6.4 2.7a5.8 5.8 0 1 0 6.9 6.9z"/>"#;
    people r#"<circle cx="6" cy="5.5" r="2.5"/><path d="M1.5 13.5c.4-2.6 2.2-4 4.5-4s4.100 1.400 4.500 4M10.500 3.200a2.500 2.500 0 0 1 0 4.600M12.200 10c1.300.600 2.100 1.800 2.300 3.500"/>"#;
    search r#"<circle cx="7" cy="7" r="4.500"/><path d="m10.500 10.500 3.500 3.500"/>"#;
    upload r#"<path d="M8 10V2m0 0L5 5m3-3 3 3M2.500 11.500v2h11v-2"/>"#;
    wave r#"<path d="M1.500 8h2l1.500-4.500L8 12.500l2-7 1.200 2.500h3.300"/>"#;
}
