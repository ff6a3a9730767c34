//! The route itself: spec in, then input and output side by side, until the command has ended or the client is gone.

use h2::{Reason, RecvStream};
use serde::Serialize;

use super::child::Child;
use super::environment;
use super::failure::{Code, Failure};
use super::frames::{Type, encode_json};
use super::input::{Broken, Input};
use super::output;
use super::spec::Spec;
use super::stdio::{Ours, Stdio};
use crate::agent::Agent;
use crate::http::answer::{self, Gone, Respond, Sink};
use crate::http::session::Over;

pub async fn handle(agent: &Agent, over: Over, body: RecvStream, mut respond: Respond) {
    let Ok(mut sink) = answer::stream(&mut respond) else { return };
    let mut input = Input::new(body);
    let spec = tokio::select! {
        spec = input.spec() => spec,
        () = over.wait() => Err(Broken::Gone),
    };
    let json = match spec {
        Ok(json) => json,
        Err(broken) => return give_up(sink, &broken),
    };
    match start(agent, &json) {
        Err(failure) => {
            if sink.send(encode_json(Type::Failed, &failure)).await.is_ok() {
                sink.finish();
            }
        }
        Ok((child, mut ours)) => {
            let served = tokio::select! {
                served = serve(&mut sink, &mut input, &child, &mut ours) => served,
                () = over.wait() => Err(Broken::Gone),
            };
            match served {
                Ok(()) => sink.finish(),
                Err(broken) => {
                    give_up(sink, &broken);
                    tokio::select! {
                        () = child.hang_up() => {}
                        never = output::discard(ours) => match never {},
                    }
                }
            }
        }
    }
}

fn start(agent: &Agent, json: &[u8]) -> Result<(Child, Ours), Failure> {
    let mut spec = Spec::parse(json)?;
    let defaults = agent.defaults.borrow();
    let account = defaults.account(&spec)?;
    let is_images_folder = defaults.choose_folder(&mut spec);
    let env = environment::merge(&account, &agent.env.borrow(), &spec);
    let stdio = match &spec.tty {
        Some(tty) => Stdio::terminal(tty, &account).map_err(|error| Failure::io("open a terminal", error))?,
        None => Stdio::pipes().map_err(|error| Failure::io("open pipes", error))?,
    };
    let child = Child::start(agent.place, &agent.commands, &spec, &account, &env, stdio.theirs)
        .map_err(|failure| if is_images_folder { defaults.explain(failure, Code::BadCwd) } else { failure })?;
    Ok((child, stdio.ours))
}

async fn serve(sink: &mut Sink, input: &mut Input, child: &Child, ours: &mut Ours) -> Result<(), Broken> {
    #[derive(Serialize)]
    struct Started {
        pid: i32,
    }
    sink.send(encode_json(Type::Started, &Started { pid: child.pid })).await?;
    let (stdin, terminal) = (ours.stdin.take(), ours.terminal.clone());
    tokio::select! {
        delivered = output::deliver(sink, child, ours) => delivered.map_err(|Gone| Broken::Gone),
        broken = input.serve(child, stdin, terminal) => Err(broken),
    }
}

fn give_up(sink: Sink, broken: &Broken) {
    match broken {
        Broken::Gone => sink.reset(Reason::CANCEL),
        Broken::Protocol => sink.reset(Reason::PROTOCOL_ERROR),
    }
}
