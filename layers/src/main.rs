//! `banger-layers merge OUT`: the job comes on standard input, see [`banger_layers::job`], in one line, and behind it whatever layer the job
//! calls `-`. `OUT` must be there, and empty: it is the caller's, who removes it when this fails.

use std::fs::OpenOptions;
use std::io::{BufRead, Read};
use std::process::ExitCode;

use banger_layers::job::{Job, Made, Report};
use banger_layers::merge::merge;
use banger_layers::refusal::{Outcome, Refusal};

/// Many layers with long paths.
const JOB_BYTES: u64 = 4 * 1024 * 1024;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let [verb, out] = words.as_slice() else { return usage() };
    if verb != "merge" {
        return usage();
    }
    let report = Report::default();
    match run(out.as_ref(), &report) {
        Ok(made) => {
            report.done(&made);
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            report.failed(&refusal);
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: banger-layers merge OUT <JOB");
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
