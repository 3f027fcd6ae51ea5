//! The binary as its users run it: whole processes on temporary data folders.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backup;
mod calls;
mod configuration;
mod crash;
mod credentials;
mod export;
mod failure;
mod handbook;
mod hostile;
mod phone;
mod raw_socket;
mod rescore;
mod sidetone;
mod traffic;
