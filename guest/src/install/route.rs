//! `POST /install`: does what the plan has left to be installed. The answer is lines of JSON, as it goes on, and the last says how
//! it ended. When the host goes away the package manager is hung up on, and the next one who asks begins again.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use super::console::Console;
use super::job::Job;
use super::lines::Lines;
use super::run::{self, INHERITORS, Running};
use crate::agent::Agent;
use crate::exec::child::{Child, Exit};
use crate::exec::pipe::Pipe;
use crate::http::answer::{self, Gone, Refusal, Respond, Sink};
use crate::http::session::Over;
use crate::plan::route;
use crate::plan::stages::{Done, Trouble};
use crate::runtime;

/// Where an install stands.
#[derive(Default)]
pub enum Install {
    #[default]
    None,
    Wanted(Box<Job>),
    UnderWay,
    Done,
}

pub type Slot = RefCell<Install>;

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Word<'a> {
    Line(&'a str),
    /// True.
    Done(bool),
    Failed(&'a str),
}

const READ_BYTES: usize = 16 * 1024;

pub async fn handle(agent: &Rc<Agent>, over: Over, mut respond: Respond) {
    let job = match take(&agent.install) {
        Ok(job) => job,
        Err(refusal) => return refusal.send(&mut respond),
    };
    let outcome = match answer::stream(&mut respond) {
        Ok(mut sink) => serve(agent, &job, &over, &mut sink).await.map(|outcome| (outcome, sink)),
        Err(Gone) => Err(Gone),
    };
    // Before anybody is told, who may ask again at once.
    let is_done = matches!(outcome, Ok((Ok(()), _)));
    agent.install.replace(if is_done {
        Install::Done
    } else {
        Install::Wanted(Box::new(Job { is_again: true, ..*job }))
    });
    if let Ok((outcome, mut sink)) = outcome {
        let word = match &outcome {
            Ok(()) => Word::Done(true),
            Err(Trouble(why)) => Word::Failed(why),
        };
        if say(&mut sink, &word).await.is_ok() {
            sink.finish();
        }
    }
}

fn take(slot: &Slot) -> Result<Box<Job>, Refusal> {
    let refuse = |message: &str| Refusal::new(StatusCode::CONFLICT, "exists", message);
    match slot.replace(Install::UnderWay) {
        Install::Wanted(job) => Ok(job),
        Install::UnderWay => Err(refuse("it is being installed")),
        done @ Install::Done => {
            slot.replace(done);
            Err(refuse("it is installed"))
        }
        Install::None => {
            slot.replace(Install::None);
            Err(refuse("nothing is to be installed"))
        }
    }
}

async fn serve(agent: &Rc<Agent>, job: &Job, over: &Over, sink: &mut Sink) -> Result<Done, Gone> {
    let begun = job.clone();
    if let Err(trouble) = in_thread(move || run::begin(&begun)).await {
        return Ok(Err(trouble));
    }
    let Running { child, output } = match run::start(agent, job) {
        Ok(running) => running,
        Err(failure) => return Ok(Err(Trouble(failure.message))),
    };
    let mut teller = Teller { lines: Lines::default(), console: Console::open(), sink };
    let ended = tokio::select! {
        ended = follow(&child, &output, &mut teller) => ended,
        () = over.wait() => Err(Gone),
    };
    let exit = match ended {
        Ok(exit) => exit,
        Err(Gone) => {
            teller.console.tell("the host has gone away: it is given up");
            tokio::select! {
                () = child.hang_up() => {}
                never = drain(&output) => match never {},
            }
            return Err(Gone);
        }
    };
    if let Some(why) = run::explain(exit) {
        let why = format!("the package manager did not do it: {why}");
        teller.console.tell(&why);
        return Ok(Err(Trouble(why)));
    }
    let finished = job.clone();
    let handed_over = match in_thread(move || run::finish(&finished)).await {
        Ok(kind) => route::hand_over_to(agent, kind).map_err(|refusal| Trouble(refusal.message)),
        Err(trouble) => Err(trouble),
    };
    Ok(handed_over)
}

struct Teller<'a> {
    lines: Lines,
    console: Console,
    sink: &'a mut Sink,
}

impl Teller<'_> {
    async fn tell(&mut self, lines: Vec<String>) -> Result<(), Gone> {
        for line in lines {
            self.console.tell(&line);
            say(self.sink, &Word::Line(&line)).await?;
        }
        Ok(())
    }
}

/// Tells what it says until it has ended.
async fn follow(child: &Child, output: &Pipe, teller: &mut Teller<'_>) -> Result<Exit, Gone> {
    let mut ended = None;
    let mut is_open = true;
    loop {
        if let (Some((exit, _)), false) = (ended, is_open) {
            let rest = teller.lines.rest();
            teller.tell(rest).await?;
            return Ok(exit);
        }
        tokio::select! {
            biased;
            bytes = output.read_behind(0, READ_BYTES), if is_open => match bytes {
                Ok(bytes) if !bytes.is_empty() => {
                    let lines = teller.lines.push(&bytes);
                    teller.tell(lines).await?;
                }
                // An unreadable pipe has nothing more to say either.
                _ => is_open = false,
            },
            exit = child.exited(), if ended.is_none() => {
                // Waiting for our own child by its descriptor does not fail.
                ended = Some((exit.unwrap_or(Exit::Signal(libc::SIGKILL)), Instant::now() + INHERITORS));
            }
            () = sleep_until(ended.map_or_else(Instant::now, |(_, until)| until)), if ended.is_some() => is_open = false,
            () = teller.sink.gone() => return Err(Gone),
        }
    }
}

/// Who is hung up on may still say something on its way out, and must not die of that.
async fn drain(output: &Pipe) -> std::convert::Infallible {
    while matches!(output.read_behind(0, READ_BYTES).await, Ok(bytes) if !bytes.is_empty()) {}
    std::future::pending().await
}

async fn say(sink: &mut Sink, word: &Word<'_>) -> Result<(), Gone> {
    let mut line = serde_json::to_vec(word).expect("plain data is always JSON");
    line.push(b'\n');
    sink.send(Bytes::from(line)).await
}

async fn in_thread<T: Send + 'static>(work: impl FnOnce() -> Done<T> + Send + 'static) -> Done<T> {
    runtime::in_thread("install", work).await.unwrap_or_else(|error| Err(Trouble(error.to_string())))
}
