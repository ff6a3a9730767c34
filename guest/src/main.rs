//! The guest half of banger. See `README.md` for its ways of life and `docs/wire.md` for what it speaks.

#![deny(unsafe_code)]

mod agent;
mod amend;
mod command_line;
mod copy;
mod dial;
mod exec;
mod export;
#[cfg(test)]
mod fuzz_test;
mod guest;
mod http;
mod init;
mod initctl;
mod install;
mod keep;
mod listen;
mod look;
mod offers;
mod plan;
mod port;
mod power;
mod probe;
mod reason;
mod requirement;
mod runtime;
mod serve;
mod ssh;
mod successor;
#[allow(unsafe_code)]
mod sys;
mod uevents;
mod wire;

use std::process::ExitCode;

use command_line::Mode;

/// Arguments do not matter here: the kernel passes on whatever of its command line it does not know.
fn live_as_init() -> ! {
    let name = std::env::args_os().next().unwrap_or_default();
    match std::path::Path::new(&name).file_name().and_then(std::ffi::OsStr::to_str) {
        Some("shutdown") => init::run_last(std::env::args().nth(1).as_deref()),
        Some("finish") => init::run_last(std::fs::read_to_string(successor::ask::LAST_WISH).ok().as_deref()),
        _ => init::run(),
    }
}

fn main() -> ExitCode {
    if rustix::process::getpid().is_init() {
        live_as_init();
    }
    sys::descriptors::keep_inherited_from_children();
    let arguments: Vec<String> = std::env::args_os().map(|text| text.to_string_lossy().into_owned()).collect();
    let result = match command_line::parse(&arguments[1..]) {
        Ok(Mode::Version) => {
            println!("banger-agent {} protocol {}", wire::lines::VERSION, wire::lines::PROTOCOL);
            Ok(())
        }
        Ok(Mode::ProbeTsc) => probe::print(),
        Ok(Mode::KeepConsole(options)) => keep::run(&options),
        Ok(Mode::Guest) => guest::run().map(|never| match never {}),
        Ok(Mode::Serve { wire, offers, root }) => serve::run(&wire, offers.as_deref(), root),
        Err(problem) => {
            eprintln!("banger-agent: {problem}\n{}", command_line::USAGE);
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("banger-agent: {error}");
            ExitCode::FAILURE
        }
    }
}
