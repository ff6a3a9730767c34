//! The guest half of banger. See `README.md` for its ways of life and `docs/wire.md` for what it speaks.

#![deny(unsafe_code)]

mod agent;
mod command_line;
mod dial;
mod exec;
mod http;
mod offers;
mod plan;
mod power;
mod probe;
mod runtime;
mod serve;
#[allow(unsafe_code)]
mod sys;
mod wire;

use std::process::ExitCode;

use command_line::Mode;

fn main() -> ExitCode {
    sys::descriptors::keep_inherited_from_children();
    let arguments: Vec<String> = std::env::args_os().map(|text| text.to_string_lossy().into_owned()).collect();
    let result = match command_line::parse(&arguments[1..]) {
        Ok(Mode::Version) => {
            println!("banger-agent {} protocol {}", wire::lines::VERSION, wire::lines::PROTOCOL);
            Ok(())
        }
        Ok(Mode::ProbeTsc) => probe::print(),
        Ok(Mode::Serve { wire, offers }) => serve::run(&wire, offers.as_deref()),
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
