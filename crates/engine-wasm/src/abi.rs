//! What JavaScript calls (`packages/sdk/src/engine/module.ts`): functions of numbers, and memory that both sides use.
//!
//! Numbers and texts for a call are written into the *room* before it. A text becomes one of those that the next call takes, by
//! [`sidetone_told`]; numbers are taken by the call itself. What a call gives stands in memory until the next one: it answers how many numbers
//! or bytes these are, or below zero which error it is, −1 for the first line of errors in [`names`](crate::names).
#![expect(unsafe_code, reason = "the names by which JavaScript finds functions: nothing else in a program may have them")]

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use crate::{FlatError, Recording, names};

thread_local! {
    /// Where JavaScript writes: as many numbers, or UTF-8.
    static ROOM: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
    /// The texts for the next call.
    static TEXTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// What JavaScript reads.
    static NUMBERS: Cell<Vec<f64>> = const { Cell::new(Vec::new()) };
    static BYTES: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// By their numbers. Each by itself: one whose call traps stays lent for ever, and the others go on.
    static RECORDINGS: RefCell<Vec<Option<Rc<RefCell<Recording>>>>> = const { RefCell::new(Vec::new()) };
}

/// Where to write so many bytes.
#[unsafe(no_mangle)]
extern "C" fn sidetone_room(bytes: usize) -> *mut f64 {
    ROOM.with_borrow_mut(|room| {
        let size = bytes.div_ceil(size_of::<f64>());
        if room.len() < size {
            room.resize(size, 0.0);
        }
        room.as_mut_ptr()
    })
}

/// The room holds a text for the next call.
#[unsafe(no_mangle)]
extern "C" fn sidetone_told(bytes: usize) {
    let mut text = Vec::with_capacity(bytes + size_of::<f64>());
    ROOM.with_borrow(|room| {
        room.iter().take(bytes.div_ceil(size_of::<f64>())).for_each(|eight| text.extend_from_slice(&eight.to_le_bytes()))
    });
    text.truncate(bytes);
    TEXTS.with_borrow_mut(|texts| texts.push(String::from_utf8(text).unwrap_or_default()));
}

/// Gives the bytes of [`names`](crate::names) by one text, the preset.
#[unsafe(no_mangle)]
extern "C" fn sidetone_names() -> i32 {
    answer(Ok(give(&BYTES, names(&told().next()).into_bytes())))
}

/// Where the bytes are that a call gave.
#[unsafe(no_mangle)]
extern "C" fn sidetone_bytes() -> *const u8 {
    at(&BYTES)
}

/// Where the numbers are that a call gave.
#[unsafe(no_mangle)]
extern "C" fn sidetone_numbers() -> *const f64 {
    at(&NUMBERS)
}

/// The number of a new recording, by one text, the preset, and so many numbers, what is changed of it.
#[unsafe(no_mangle)]
extern "C" fn sidetone_recording(count: usize) -> usize {
    let new = Some(Rc::new(RefCell::new(Recording::new(&told().next(), &numbers(count)))));
    RECORDINGS.with_borrow_mut(|recordings| {
        let place = recordings.iter().position(Option::is_none).unwrap_or(recordings.len());
        match recordings.get_mut(place) {
            Some(free) => *free = new,
            None => recordings.push(new),
        }
        place
    })
}

/// Frees a recording.
#[unsafe(no_mangle)]
extern "C" fn sidetone_free(recording: usize) {
    let freed = RECORDINGS.with_borrow_mut(|recordings| recordings.get_mut(recording).and_then(Option::take));
    drop(freed);
}

/// [`Recording::text`] of one text.
#[unsafe(no_mangle)]
extern "C" fn sidetone_text(recording: usize) -> i32 {
    call(recording, &mut |recording, texts| {
        recording.text(&texts.next());
        Ok(0)
    })
}

/// [`Recording::shape`] of so many numbers.
#[unsafe(no_mangle)]
extern "C" fn sidetone_shape(recording: usize, count: usize) -> i32 {
    call(recording, &mut |recording, _| recording.shape(&numbers(count)).map(|()| 0))
}

/// [`Recording::push`] of so many numbers; gives numbers.
#[unsafe(no_mangle)]
extern "C" fn sidetone_push(recording: usize, time_ms: f64, count: usize, judges: u32) -> i32 {
    call(recording, &mut |recording, _| recording.push(time_ms, numbers(count), judges != 0).map(|outcome| give(&NUMBERS, outcome)))
}

/// [`Recording::event`] of two texts, kind and payload.
#[unsafe(no_mangle)]
extern "C" fn sidetone_event(recording: usize, time_ms: f64) -> i32 {
    call(recording, &mut |recording, texts| recording.event(time_ms, texts.next(), texts.next()).map(|()| 0))
}

/// [`Recording::change_rules`] by one text, the preset, and so many numbers; gives numbers.
#[cfg(feature = "engine")]
#[unsafe(no_mangle)]
extern "C" fn sidetone_rules(recording: usize, count: usize) -> i32 {
    call(recording, &mut |recording, texts| Ok(give(&NUMBERS, recording.change_rules(&texts.next(), &numbers(count)))))
}

/// [`Recording::mute`] of one text, the track.
#[cfg(feature = "engine")]
#[unsafe(no_mangle)]
extern "C" fn sidetone_mute(recording: usize, time_ms: f64, of: u32, is_muted: u32) -> i32 {
    call(recording, &mut |recording, texts| recording.mute(time_ms, of, &texts.next(), is_muted != 0).map(|()| 0))
}

/// [`Recording::notice`] of one text.
#[cfg(feature = "engine")]
#[unsafe(no_mangle)]
extern "C" fn sidetone_notice(recording: usize, time_ms: f64, what: u32) -> i32 {
    call(recording, &mut |recording, texts| recording.notice(time_ms, what, &texts.next()).map(|()| 0))
}

/// [`Recording::count`].
#[unsafe(no_mangle)]
extern "C" fn sidetone_count(recording: usize) -> i32 {
    call(recording, &mut |recording, _| Ok(recording.count()))
}

/// [`Recording::take_dropped`].
#[unsafe(no_mangle)]
extern "C" fn sidetone_take_dropped(recording: usize) -> i32 {
    call(recording, &mut |recording, _| Ok(recording.take_dropped() as usize))
}

/// [`Recording::take_batch`] of four texts, conference, user, participant and peer connection; gives bytes.
#[unsafe(no_mangle)]
extern "C" fn sidetone_take_batch(recording: usize, batch_seq: u32, sent_ms: f64) -> i32 {
    call(recording, &mut |recording, texts| {
        let ids = std::array::from_fn(|_| texts.next());
        recording.take_batch(ids, batch_seq, sent_ms).map(|bytes| give(&BYTES, bytes))
    })
}

/// [`Recording::forget`].
#[unsafe(no_mangle)]
extern "C" fn sidetone_forget(recording: usize) -> i32 {
    call(recording, &mut |recording, _| {
        recording.forget();
        Ok(0)
    })
}

/// The texts that were told for a call, in their order; those that were not are empty.
struct Texts(std::vec::IntoIter<String>);

impl Texts {
    #[inline(never)]
    fn next(&mut self) -> String {
        self.0.next().unwrap_or_default()
    }
}

/// The texts for this call.
#[inline(never)]
fn told() -> Texts {
    Texts(TEXTS.take().into_iter())
}

/// Calls a recording. Not generic, as a copy for each function is more to download.
#[inline(never)]
fn call(recording: usize, work: &mut dyn FnMut(&mut Recording, &mut Texts) -> Result<usize, FlatError>) -> i32 {
    let mut texts = told();
    let Some(recording) = RECORDINGS.with_borrow(|recordings| recordings.get(recording).cloned().flatten()) else {
        return answer(Err(FlatError::Recording));
    };
    let result = work(&mut recording.borrow_mut(), &mut texts);
    answer(result)
}

fn answer(result: Result<usize, FlatError>) -> i32 {
    match result {
        Ok(count) => i32::try_from(count).unwrap_or(i32::MAX),
        Err(error) => -1 - error as i32,
    }
}

/// The numbers in the room.
fn numbers(count: usize) -> Vec<f64> {
    ROOM.with_borrow(|room| room.get(..count).unwrap_or_default().to_vec())
}

/// Keeps what a call gives where JavaScript reads it.
fn give<T>(place: &'static std::thread::LocalKey<Cell<Vec<T>>>, given: Vec<T>) -> usize {
    let count = given.len();
    place.set(given);
    count
}

fn at<T>(place: &'static std::thread::LocalKey<Cell<Vec<T>>>) -> *const T {
    let held = place.take();
    let at = held.as_ptr();
    place.set(held);
    at
}
