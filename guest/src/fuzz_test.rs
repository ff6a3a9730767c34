//! Bytes that mean ill, into every parser that a host speaks to. Inputs are the golden examples and those of
//! `golden/corpus.json`, changed by chance: `BANGER_TEST_SEED` repeats a run, `BANGER_TEST_FULL` makes it long. Whoever finds one
//! that fails adds it to the corpus, which is tried first.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Deserialize;

use crate::exec::frames::FrameReader;
use crate::exec::spec::Spec;
use crate::plan::schema::Plan;
use crate::wire::cutter::{Cutter, MAX_FRAME_BYTES};
use crate::wire::lines::{Hello, Nonce};

const SLOW: Duration = Duration::from_millis(100);

/// A small generator of numbers that a seed repeats (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }
}

fn cutter(input: &[u8], chance: &mut Chance) {
    let mut cutter = Cutter::default();
    let (mut given, mut rest) = (0, input);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + chance.below(rest.len()));
        cutter.push(Bytes::copy_from_slice(piece), |event| {
            if let crate::wire::cutter::Event::Data(data) = event {
                given += data.len();
            }
        });
        rest = after;
    }
    // Nothing is made up, and what it holds back is less than a line.
    assert!(given <= input.len());
}

fn frames(input: &[u8], chance: &mut Chance) {
    let (mut reader, mut rest, mut taken) = (FrameReader::default(), input, 0);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + chance.below(rest.len()));
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(Some(_)) => taken += 1,
                Ok(None) => break,
                Err(_) => return,
            }
        }
        rest = after;
    }
    assert!(taken * 5 <= input.len());
}

fn spec(input: &[u8], _: &mut Chance) {
    if let Ok(spec) = Spec::parse(input) {
        assert!(spec.argv.iter().all(|word| !word.contains('\0')) && !spec.argv[0].is_empty());
        assert!(spec.env.keys().all(|name| !name.contains(['=', '\0'])));
    }
}

fn plan(input: &[u8], _: &mut Chance) {
    if let Ok(plan) = Plan::parse(input) {
        assert!(plan.hostname.bytes().all(|byte| byte.is_ascii_graphic()));
        let mounts = plan.work.iter().map(|work| work.mount.as_str());
        assert!(mounts.into_iter().all(|mount| mount.starts_with('/') && mount.split('/').all(|part| part != "..")));
    }
}

fn hello(input: &[u8], _: &mut Chance) {
    let _ = serde_json::from_slice::<Hello>(input);
    if let Some(nonce) = Nonce::parse(input) {
        assert_eq!(nonce.as_str().as_bytes(), input);
    }
}

type Parser = fn(&[u8], &mut Chance);
const PARSERS: [(&str, Parser); 5] =
    [("cutter", cutter), ("frames", frames), ("spec", spec), ("plan", plan), ("hello", hello)];

#[derive(Deserialize)]
struct Kept {
    parser: String,
    hex: String,
}

#[derive(Deserialize)]
struct Frame {
    hex: String,
}

#[derive(Deserialize)]
struct Line {
    text: String,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// What to begin with, by parser.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let kept: Vec<Kept> = serde_json::from_str(include_str!("../golden/corpus.json")).unwrap();
    let frames: Vec<Frame> = serde_json::from_str(include_str!("../golden/frames.json")).unwrap();
    let lines: Vec<Line> = serde_json::from_str(include_str!("../golden/sessions.json")).unwrap();
    let plan = br#"{"hostname":"dev","init":"agent","time":{"unixMs":1},"entropy":"","root":{"base":{"serial":"b","format":"squashfs"},"layer":{"serial":"l"}},"work":{"serial":"w","mount":"/root"},"network":{"mac":"52:54:00:ab:cd:01","address":"10.0.2.15/24","gateway":null,"dns":["::1"],"search":["a.b"],"mtu":1500},"env":{"A":"b"}}"#;
    let own = kept.into_iter().filter(|kept| kept.parser == name).map(|kept| unhex(&kept.hex));
    let frames = frames.into_iter().map(|frame| unhex(&frame.hex));
    own.chain(match name {
        "frames" => frames.collect::<Vec<_>>(),
        "spec" => frames.map(|frame| frame[5.min(frame.len())..].to_vec()).collect(),
        "plan" => vec![String::from_utf8_lossy(plan).replace("\"\"", &format!("\"{}\"", "ab".repeat(32))).into_bytes()],
        "cutter" => lines.into_iter().map(|line| [vec![0; MAX_FRAME_BYTES], line.text.into_bytes()].concat()).collect(),
        _ => lines.into_iter().map(|line| line.text.into_bytes()).collect(),
    })
    .collect()
}

fn change(bytes: &mut Vec<u8>, others: &[Vec<u8>], chance: &mut Chance) {
    const TELLING: [&[u8]; 12] = [
        b"\0",
        b"\xff\xff\xff\xff",
        b"\\u0000",
        b"\"",
        b"{",
        b"[[[[",
        b"\xc3\xa4",
        b"-1",
        b"1e999",
        b"null",
        b"..",
        b"\n",
    ];
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        match chance.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            1 => bytes.truncate(at),
            2 => drop(bytes.splice(at..at, TELLING[chance.below(TELLING.len())].iter().copied())),
            3 if at < bytes.len() => drop(bytes.drain(at..at + chance.below(bytes.len() - at))),
            4 => bytes.extend_from_slice(&others[chance.below(others.len())]),
            _ => bytes.push(chance.below(256) as u8),
        }
    }
    bytes.truncate(64 * 1024);
}

#[test]
fn no_bytes_break_a_parser_or_hold_it_up() {
    let seed = std::env::var("BANGER_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed: u64 = seed.unwrap_or_else(|| u64::from(now.subsec_nanos()));
    let full = std::env::var_os("BANGER_TEST_FULL").is_some();
    let each = Duration::from_secs(if full { 120 } else { 2 });
    println!("BANGER_TEST_SEED={seed}");
    for (name, parse) in PARSERS {
        let seeds = seeds(name);
        let mut chance = Chance(seed | 1);
        for input in &seeds {
            parse(input, &mut chance);
        }
        let begun = Instant::now();
        while begun.elapsed() < each {
            let mut input = seeds[chance.below(seeds.len())].clone();
            change(&mut input, &seeds, &mut chance);
            // Whose turn it was not is forgiven: only what is slow three times is slow.
            let took = (0..3).map(|_| timed(parse, &input, name, seed)).take_while(|took| *took > SLOW);
            assert!(took.count() < 3, "{name} is slow (seed {seed}): {input:02x?}");
        }
    }
}

fn timed(parse: Parser, input: &[u8], name: &str, seed: u64) -> Duration {
    let begun = Instant::now();
    let result = std::panic::catch_unwind(|| parse(input, &mut Chance(seed | 1)));
    assert!(result.is_ok(), "{name} broke (seed {seed}) at {}", crate::wire::lines::hex(input));
    begun.elapsed()
}
