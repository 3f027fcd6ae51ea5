//! Writes [an hour of four](sidetone_bench::hour) as a portable file: `cargo run --release --manifest-path bench/Cargo.toml --bin hour -- FILE`

use sidetone_bench::{Result, hour};
use sidetone_engine::{ids::ConferenceId, units::Timestamp};
use sidetone_wire::portable::{self, PortableConference};

fn main() -> Result<()> {
    let file = std::env::args().nth(1).ok_or("say which file to write")?;
    // 2026-01-01T00:00:00Z
    let start = Timestamp::from_micros(1_767_225_600_000_000);
    let conference =
        PortableConference { conference_id: ConferenceId::new(hour::CONFERENCE)?, batches: hour::batches(start).flatten().collect() };
    std::fs::write(file, portable::write(&conference))?;
    Ok(())
}
