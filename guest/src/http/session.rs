//! Serves the sessions of one link, one after the other. A session ends when the reader says so, whatever HTTP/2 thinks.

use std::future::poll_fn;
use std::rc::Rc;

use tokio::sync::watch;

use super::routes;
use crate::agent::Agent;
use crate::wire::cutter::MAX_FRAME_BYTES;
use crate::wire::io::SessionIo;
use crate::wire::link::{Begin, Link};

/// One command's input, and one upload: what may be under way on a stream before the agent has dealt with it.
const STREAM_WINDOW: u32 = 1024 * 1024;
const SESSION_WINDOW: u32 = 4 * 1024 * 1024;
const MAX_STREAMS: u32 = 512;
const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// What one stream may have waiting for the host besides the piece in hand.
const SEND_BUFFER: usize = 256 * 1024;

/// Tells the work of a session that the session is over.
#[derive(Clone)]
pub struct Over(watch::Receiver<()>);

impl Over {
    pub async fn wait(&self) {
        // The sender never sends; it goes away with the session.
        let _ = self.0.clone().changed().await;
    }
}

/// Ends when the link is over, or when the agent goes down and the host has been told everything.
pub async fn serve(agent: &Rc<Agent>, link: &mut Link) {
    let mut going_down = agent.going_down.subscribe();
    loop {
        let begin = tokio::select! {
            biased;
            _ = going_down.wait_for(|down| *down) => None,
            begin = link.sessions.recv() => begin,
        };
        let Some(begin) = begin else { break };
        let Begin { nonce, inbox, mut ended } = begin;
        if *ended.borrow() {
            continue;
        }
        link.outbox.restart_with(&agent.hello.synced_line(&nonce));
        let io = SessionIo { inbox, outbox: link.outbox.clone() };
        tokio::select! {
            () = speak(agent, io) => {}
            _ = ended.wait_for(|ended| *ended) => {}
        }
    }
    poll_fn(|context| link.outbox.poll_drained(context)).await;
}

async fn speak(agent: &Rc<Agent>, io: SessionIo) {
    let (_over, receiver) = watch::channel(());
    let over = Over(receiver);
    let handshake = h2::server::Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(SESSION_WINDOW)
        .max_frame_size(MAX_FRAME_BYTES as u32)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_send_buffer_size(SEND_BUFFER)
        .handshake(io);
    let Ok(mut connection) = handshake.await else { return };
    let mut going_down = agent.going_down.subscribe();
    let mut said_goodbye = false;
    loop {
        tokio::select! {
            request = connection.accept() => {
                // An error here is the end of the session by the host's fault; the reader finds the next one.
                let Some(Ok((request, respond))) = request else { return };
                tokio::task::spawn_local(routes::handle(agent.clone(), over.clone(), request, respond));
            }
            _ = going_down.wait_for(|down| *down), if !said_goodbye => {
                said_goodbye = true;
                connection.graceful_shutdown();
            }
        }
    }
}
