//! Dumps as Windows saves them.
#![expect(clippy::unwrap_used, reason = "a test stops there")]

use std::io::Write;

use sidetone_wire::import::{Import, Limits, import};

/// An rtcstats dump of one connection.
const STREAM: &str = r#"RTCStatsDump
{"fileFormat":3,"userAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0","clientProtocol":"rtcstats#5.0"}
[39,"PC_0",null,1795228900000]
[1,"PC_0",{"0":{"type":1,"10":7,"14":10,"96":{"none":1,"cpu":0}},"1":{"type":3,"15":0,"t":1795228900400},"t":1795228901000},1000.5]
["g","PC_0",{"0":{"14":60,"96":{"none":2}},"2":{"type":99,"500":true},"t":1795228902000},999.5]

"a remark"
[1,"PC_0",{"0":{"14":110},"1":null,"t":1795228903000},1000]
[":rating",null,{"stars":5},10]
[36,"PC_0",null,0]
["close",null,1001,5]
"#;

fn content(bytes: &[u8]) -> Import {
    import(bytes, &Limits::default()).unwrap()
}

/// A text as Windows saves it: with or without a byte order mark, the low byte first or last.
fn utf_16(text: &str, has_mark: bool, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    has_mark.then_some(0xfeff).into_iter().chain(text.encode_utf16()).flat_map(bytes_of).collect()
}

#[test]
fn what_windows_saved_in_utf_16_is_read_like_the_same_in_utf_8() {
    let text = STREAM.replacen("PC_0", "PC_0 🎧 é", 1);
    let plain = content(text.as_bytes());
    assert_eq!(content(format!("\u{feff}{text}").as_bytes()), plain);
    for bytes_of in [u16::to_le_bytes, u16::to_be_bytes] {
        for has_mark in [true, false] {
            let saved = utf_16(&text, has_mark, bytes_of);
            assert_eq!(content(&saved), plain);
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&saved).unwrap();
            assert_eq!(content(&gzip.finish().unwrap()), plain);
        }
    }
    let mut cut = utf_16("[\"🎧", true, u16::to_le_bytes);
    for at in [6, 6] {
        cut.pop();
        assert_eq!(
            import(&cut, &Limits::default()).unwrap_err().to_string(),
            format!("byte {at}: this is damaged UTF-16: half of a character is missing; save the file again as UTF-8")
        );
    }
}
