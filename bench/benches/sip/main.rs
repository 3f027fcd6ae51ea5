//! Registrations and calls of phones: Sidetone beside Debian's Kamailio, by the same messages, in one run on one machine.
//!
//! `cargo xtask bench --bench sip -- [ROUNDS]` (3 unless told). Needs the Debian packages `kamailio`, `kamailio-websocket-modules` and
//! `sip-tester` (SIPp). Phones are on WebSockets; a registration and a call are challenged each time. Servers are processes of their own and
//! take turns; their processor time is what the system says of them. SIPp is the gateway by UDP and by TCP, and phones of both,
//! which Kamailio serves as well. Sidetone keeps a record of every call in its store, Kamailio none. The floor gives back as many messages of
//! the same size.

mod phone;
mod servers;
mod sipp;
mod tally;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use sidetone_bench::Result;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use phone::Phone;
use servers::{Digest, Place, USERS, serve_floor, serve_sidetone, user};
use sipp::{Gateway, Transport};
use tally::Tally;

/// As `sidetone` does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Phones, each with one registration under way; half as many calls.
const PHONES: usize = 64;
/// Phones that are there and do nothing, for the memory that each takes.
const IDLE: usize = 1_000;
/// What each phone does in a round.
const REGISTRATIONS: usize = 50;
/// What each pair does in a round.
const CALLS: usize = 40;
/// For one round.
const PATIENCE: Duration = Duration::from_secs(120);
/// A number that the gateway has.
const NUMBER: &str = "+4930100";

/// What phones do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Each for itself.
    Register,
    /// Two and two.
    Call,
    /// Each calls the gateway.
    CallNumber,
}

impl Work {
    const fn name(self) -> &'static str {
        match self {
            Self::Register => "registrations",
            Self::Call => "calls",
            Self::CallNumber => "calls to the gateway",
        }
    }

    /// Of how many phones one piece of work is.
    const fn ends(self) -> usize {
        if matches!(self, Self::Call) { 2 } else { 1 }
    }

    const fn count(self) -> usize {
        if matches!(self, Self::Register) { REGISTRATIONS } else { CALLS }
    }

    /// Does it over and over; gives the phones back.
    async fn run(self, mut ends: Vec<Phone>, is_floor: bool) -> Result<(Vec<Phone>, Vec<Duration>)> {
        let mut took = Vec::new();
        for _ in 0..self.count() {
            let began = Instant::now();
            took.push(match (self, &mut ends[..]) {
                (_, [phone, ..]) if is_floor => phone.echo(self != Self::Register).await?,
                (Self::Register, [phone]) => {
                    phone.register().await?;
                    began.elapsed()
                }
                (Self::Call, [caller, callee]) => {
                    let name = callee.user().to_owned();
                    tokio::try_join!(caller.call(&name), callee.be_called())?.0
                }
                (_, [phone, ..]) => phone.call(NUMBER).await?,
                (_, []) => unreachable!("no phone"),
            });
        }
        Ok((ends, took))
    }
}

/// A server with its phones.
struct Measured {
    place: Place,
    phones: Vec<Phone>,
}

impl Measured {
    async fn new(place: Place) -> Result<Self> {
        let mut phones = Vec::new();
        for number in 0..PHONES {
            phones.push(Phone::open(&place.url, &user(number)).await?);
        }
        Ok(Self { place, phones })
    }

    fn is_floor(&self) -> bool {
        self.place.name == "floor"
    }

    async fn round(&mut self, work: Work) -> Result<Tally> {
        let is_floor = self.is_floor();
        let (processor, began) = (self.place.subject.processor_time()?, Instant::now());
        let mut tasks = JoinSet::new();
        let mut rest = std::mem::take(&mut self.phones).into_iter();
        loop {
            let ends: Vec<Phone> = rest.by_ref().take(work.ends()).collect();
            if ends.is_empty() {
                break;
            }
            tasks.spawn(work.run(ends, is_floor));
        }
        let mut tally = Tally::default();
        let all = async {
            while let Some(done) = tasks.join_next().await {
                let (ends, latencies) = done??;
                self.phones.extend(ends);
                tally.latencies.extend(latencies);
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        };
        timeout(PATIENCE, all).await.map_err(|_| format!("{} of {} did not end in time", work.name(), self.place.name))??;
        tally.wall = began.elapsed();
        // What was put off: the record of the last calls.
        sleep(Duration::from_millis(500)).await;
        tally.cpu = self.place.subject.processor_time()? - processor;
        Ok(tally)
    }

    /// Bytes that a registered phone which does nothing takes.
    async fn memory_of_idle(&self) -> Result<f64> {
        let before = self.place.subject.memory()?;
        let mut idle = Vec::new();
        for number in PHONES..PHONES + IDLE {
            let mut phone = Phone::open(&self.place.url, &user(number)).await?;
            if !self.is_floor() {
                phone.register().await?;
            }
            idle.push(phone);
        }
        Ok((self.place.subject.memory()? as f64 - before as f64) / IDLE as f64)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["sidetone", folder, digest, gateway] => serve_sidetone(Path::new(folder), digest, gateway).await,
        ["floor"] => serve_floor().await,
        [] => compare(3).await,
        [rounds] => compare(rounds.parse()?).await,
        _ => Err("sip [ROUNDS]".into()),
    }
}

async fn compare(rounds: usize) -> Result<()> {
    const { assert!(PHONES + IDLE <= USERS) };
    println!(
        "{PHONES} phones, {rounds} rounds of {REGISTRATIONS} registrations of each, and of {CALLS} calls of each pair\n{}",
        Tally::HEAD
    );
    for digest in [Digest::Md5, Digest::Sha256] {
        let mut all = vec![
            Measured::new(Place::sidetone(digest, "")?).await?,
            Measured::new(Place::kamailio(digest, "").await?).await?,
            Measured::new(Place::floor()?).await?,
        ];
        for work in [Work::Register, Work::Call] {
            turns(&mut all, work, rounds, digest.name()).await?;
        }
        for measured in &all {
            let (whole, each) = (measured.place.subject.memory()? as f64 / 1e6, measured.memory_of_idle().await? / 1e3);
            println!("{}, {}: {whole:.0} MB after all that, {each:.1} kB more for a phone", measured.place.name, digest.name());
        }
    }
    for transport in [Transport::Udp, Transport::Tcp] {
        through_gateway(transport, rounds).await?;
    }
    for transport in [Transport::Udp, Transport::Tcp] {
        of_sipp(transport, rounds).await?;
    }
    Ok(())
}

/// All in turn, again and again. The first round warms up and is not counted.
async fn turns(all: &mut [Measured], work: Work, rounds: usize, by: &str) -> Result<()> {
    let mut tallies: Vec<Tally> = all.iter().map(|_| Tally::default()).collect();
    for round in 0..=rounds {
        for (measured, tally) in all.iter_mut().zip(&mut tallies) {
            let took = measured.round(work).await?;
            if round > 0 {
                tally.add(took);
            }
        }
    }
    for (measured, tally) in all.iter().zip(tallies) {
        println!("{}", tally.line(&format!("{}, {by}: {}", measured.place.name, work.name())));
    }
    Ok(())
}

/// Phones on WebSockets call numbers; SIPp answers them.
async fn through_gateway(transport: Transport, rounds: usize) -> Result<()> {
    let gateways = [Gateway::start(transport).await?, Gateway::start(transport).await?];
    let mut all = [
        Measured::new(Place::sidetone(Digest::Md5, &gateways[0].uri)?).await?,
        Measured::new(Place::kamailio(Digest::Md5, &gateways[1].uri).await?).await?,
    ];
    for measured in &mut all {
        for phone in &mut measured.phones {
            phone.register().await?;
        }
    }
    turns(&mut all, Work::CallNumber, rounds, transport.name()).await?;
    for gateway in gateways {
        gateway.has_taken((rounds + 1) * PHONES * CALLS).await?;
    }
    Ok(())
}

/// SIPp as phones of Kamailio, which call SIPp as the gateway.
async fn of_sipp(transport: Transport, rounds: usize) -> Result<()> {
    let gateway = Gateway::start(transport).await?;
    let place = Place::kamailio(Digest::Md5, &gateway.uri).await?;
    for (scenario, work) in [("register.xml", Work::Register), ("call.xml", Work::CallNumber)] {
        let count = rounds * PHONES * work.count();
        let tally = sipp::phones(&place, scenario, transport, (count, PHONES)).await?;
        println!("{}", tally.line(&format!("SIPp at {}, {}: {}", place.name, transport.name(), work.name())));
    }
    Ok(())
}
