//! Decoding a report chunk never takes more memory than it says, whatever the bytes are.
#![expect(unsafe_code, reason = "an allocator that counts can only be made so")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use sidetone_engine::report::Reports;
use sidetone_testkit::traces;
use sidetone_wire::codec::{MEMORY_BASE, MEMORY_PER_BYTE, decode, encode};

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, counting what this thread holds.
struct Counting;

fn count(bytes: isize) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// SAFETY: all of it is left to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that were held while decoding, and whether it succeeded.
fn peak_of(chunk: &[u8]) -> (usize, bool) {
    let before = HELD.get();
    PEAK.set(before);
    let read = decode(chunk);
    (usize::try_from(PEAK.get() - before).expect("a peak is no less than what was before"), read.is_ok())
}

fn allowed(chunk: &[u8]) -> usize {
    MEMORY_PER_BYTE * chunk.len() + MEMORY_BASE
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut check = flate2::Crc::new();
    check.update(&bytes);
    bytes.extend_from_slice(&check.sum().to_le_bytes());
    bytes
}

fn chunk_of(rows: usize, coded: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bytes = b"SR\x01".to_vec();
    let mut rows = rows << 1 | rows & 1;
    while rows >= 0x80 {
        bytes.push(u8::try_from(rows & 0x7F).expect("seven bits") | 0x80);
        rows >>= 7;
    }
    bytes.push(u8::try_from(rows).expect("seven bits"));
    bytes.extend(coded);
    sealed(bytes)
}

#[test]
fn decoding_takes_no_more_memory_than_it_says() {
    // What is made once for all chunks is no part of the promise.
    decode(&encode(&Reports::default())).unwrap();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };

    for trace in traces::all() {
        let chunk = encode(&trace.reports);
        let (peak, read) = peak_of(&chunk);
        assert!(read && peak <= allowed(&chunk), "{}: {peak} of {}", trace.name, allowed(&chunk));
    }

    let reports: Reports = traces::load("lite/av-pc0").reports.iter().take(10).collect();
    let good = encode(&reports);
    let mut most = 0.0_f64;
    let mut try_out = |chunk: &[u8]| {
        let (peak, _) = peak_of(chunk);
        assert!(peak <= allowed(chunk), "{peak} bytes of {} for {chunk:02x?}", allowed(chunk));
        most = most.max(peak as f64 / allowed(chunk) as f64);
    };
    for _ in 0..600 {
        let mut bytes = good[..good.len() - 4].to_vec();
        for _ in 0..=next(4) {
            let at = 3 + next(bytes.len() - 3);
            bytes[at] = u8::try_from(next(256)).unwrap();
        }
        try_out(&sealed(bytes));
        // The same body under many more rows than were written.
        let bits = 1 + next(14);
        let rows = next(1 << bits);
        try_out(&chunk_of(rows, good[4..good.len() - 4].iter().copied()));
        let size = next(2000);
        try_out(&chunk_of(rows, (0..size).map(|_| u8::try_from(next(256)).unwrap())));
        let fill = u8::try_from(next(256)).unwrap();
        let size = next(20_000);
        try_out(&chunk_of(rows, std::iter::repeat_n(fill, size)));
    }
    println!("at most {most:.2} of what is allowed");
}

#[test]
fn a_chunk_that_asks_for_too_much_is_refused_before_it_gets_it() {
    decode(&encode(&Reports::default())).unwrap();
    for rows in [1 << 16, 1 << 32, usize::MAX >> 1] {
        let chunk = chunk_of(rows, std::iter::repeat_n(0, 100));
        let (peak, read) = peak_of(&chunk);
        assert!(!read && peak < MEMORY_BASE, "{rows} rows: {peak} bytes");
    }
}
