//! `banger-layers merge OUT`: the job comes on standard input, see [`banger_layers::job`], in one line, and behind it whatever layer the job
//! calls `-`. `OUT` must be there, and empty: it is the caller's, who removes it when this fails.
//!
//! `banger-layers sum FILE` tells the checksum of a file that was made earlier.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, Read};
use std::process::ExitCode;

use banger_layers::checksum;
use banger_layers::job::{Job, Made, Report, Summed};
use banger_layers::merge::merge;
use banger_layers::refusal::{Outcome, Refusal};

/// Many layers with long paths.
const JOB_BYTES: u64 = 4 * 1024 * 1024;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [verb, path] = words.as_slice() else { return usage() };
    let report = Report::default();
    let outcome = match verb.to_str() {
        Some("merge") => run(path.as_ref(), &report).map(|made| report.done(&made)),
        Some("sum") => sum(path.as_ref()).map(|summed| report.summed(&summed)),
        _ => return usage(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            report.failed(&refusal);
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: banger-layers merge OUT <JOB; banger-layers sum FILE");
    ExitCode::from(2)
}

fn run(out: &std::path::Path, report: &Report) -> Outcome<Made> {
    let mut text = Vec::new();
    std::io::stdin()
        .lock()
        .take(JOB_BYTES)
        .read_until(b'\n', &mut text)
        .map_err(|error| Refusal::system("cannot read the job", error))?;
    let job: Job = serde_json::from_slice(&text).map_err(|error| Refusal::system("the job is none", error))?;
    let out = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(out)
        .map_err(|error| Refusal::system(format_args!("cannot write {}", out.display()), error))?;
    merge(&job, &out, report)
}

fn sum(path: &std::path::Path) -> Outcome<Summed> {
    let unread = |error| Refusal::system(format_args!("cannot read {}", path.display()), error);
    let checksum = File::open(path).and_then(|file| checksum::of(&file)).map_err(unread)?;
    Ok(Summed { checksum })
}
