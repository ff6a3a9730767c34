//! A host: connects, syncs, speaks HTTP/2.

use std::path::Path;

use bytes::{Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Request, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

pub const NONCE: &str = "0123456789abcdef0123456789abcdef";

/// One session. Dropping it closes the connection.
pub struct Host {
    pub client: SendRequest<Bytes>,
    pub connection: JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Host {
    pub async fn connect(wire: &Path) -> Self {
        let mut socket = UnixStream::connect(wire).await.unwrap();
        sync(&mut socket, NONCE).await;
        Self::speak(socket).await
    }

    /// On a connection that is already in step.
    pub async fn speak(socket: UnixStream) -> Self {
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(1 << 20).initial_connection_window_size(4 << 20);
        let (client, connection) = builder.handshake(socket).await.unwrap();
        let connection = tokio::spawn(async move { drop(connection.await) });
        Self { client, connection }
    }

    pub async fn begin(&self, method: &str, path: &str, ends: bool) -> (ResponseFuture, SendStream<Bytes>) {
        let mut client = self.client.clone().ready().await.unwrap();
        let uri = format!("http://banger{path}");
        let request = Request::builder().method(method).uri(uri).body(()).unwrap();
        client.send_request(request, ends).unwrap()
    }

    pub async fn open(&self, path: &str) -> (StatusCode, SendStream<Bytes>, RecvStream) {
        let (response, sender) = self.begin("POST", path, false).await;
        let response = response.await.unwrap();
        (response.status(), sender, response.into_body())
    }

    pub async fn ask(&self, method: &str, path: &str, body: Option<&str>) -> (StatusCode, Value) {
        let (response, mut sender) = self.begin(method, path, body.is_none()).await;
        if let Some(body) = body {
            send(&mut sender, Bytes::copy_from_slice(body.as_bytes())).await.unwrap();
            sender.send_data(Bytes::new(), true).unwrap();
        }
        let (head, body) = response.await.unwrap().into_parts();
        let text = read_to_end(body).await;
        (head.status, if text.is_empty() { Value::Null } else { serde_json::from_slice(&text).unwrap() })
    }
}

/// Writes a sync, throws away what comes before its answer; gives the JSON of the answer.
pub async fn sync(socket: &mut UnixStream, nonce: &str) -> Value {
    let mut bytes = vec![0; 32_768];
    bytes.extend_from_slice(format!("banger-sync {nonce}\n").as_bytes());
    let mark = format!("\nbanger-synced {nonce} ");
    let (mut reader, mut writer) = socket.split();
    let read = async {
        let mut seen = Vec::new();
        while !seen.ends_with(mark.as_bytes()) {
            seen.push(reader.read_u8().await.unwrap());
            if seen.len() > 1 << 20 {
                seen.drain(..1 << 19);
            }
        }
        let mut json = Vec::new();
        loop {
            match reader.read_u8().await.unwrap() {
                b'\n' => return serde_json::from_slice(&json).unwrap(),
                byte => json.push(byte),
            }
        }
    };
    let (json, written) = tokio::join!(read, writer.write_all(&bytes));
    written.unwrap();
    json
}

pub async fn send(sender: &mut SendStream<Bytes>, mut bytes: Bytes) -> Result<(), h2::Error> {
    while !bytes.is_empty() {
        sender.reserve_capacity(bytes.len());
        if sender.capacity() == 0 {
            match std::future::poll_fn(|context| sender.poll_capacity(context)).await {
                Some(result) => drop(result?),
                None => return Err(h2::Reason::CANCEL.into()),
            }
        }
        let room = sender.capacity().min(bytes.len());
        if room > 0 {
            sender.send_data(bytes.split_to(room), false)?;
        }
    }
    Ok(())
}

/// The next bytes; an empty frame is none, it only carries the end.
pub async fn next(body: &mut RecvStream) -> Option<Bytes> {
    loop {
        let chunk = body.data().await?.ok()?;
        let _ = body.flow_control().release_capacity(chunk.len());
        if !chunk.is_empty() {
            return Some(chunk);
        }
    }
}

/// So many bytes and no more; the host sends no more unasked.
pub async fn read_exactly(body: &mut RecvStream, count: usize) -> Bytes {
    let mut all = Vec::new();
    while all.len() < count {
        all.extend_from_slice(&next(body).await.expect("the stream goes on"));
    }
    assert_eq!(all.len(), count);
    all.into()
}

pub async fn read_to_end(mut body: RecvStream) -> Bytes {
    let mut all = BytesMut::new();
    while let Some(chunk) = next(&mut body).await {
        all.extend_from_slice(&chunk);
    }
    all.freeze()
}

/// A command's stream, in frames.
pub struct Exec {
    pub sender: SendStream<Bytes>,
    pub body: RecvStream,
    held: BytesMut,
}

/// Everything that a command said.
#[derive(Debug, Default)]
pub struct Outcome {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub end: Value,
    pub failed: bool,
}

impl Exec {
    pub async fn start(host: &Host, spec: &Value) -> Self {
        let (status, mut sender, body) = host.open("/exec").await;
        assert_eq!(status, StatusCode::OK);
        send(&mut sender, frame(0, &serde_json::to_vec(spec).unwrap())).await.unwrap();
        Self { sender, body, held: BytesMut::new() }
    }

    pub async fn say(&mut self, kind: u8, payload: &[u8]) {
        send(&mut self.sender, frame(kind, payload)).await.unwrap();
    }

    pub async fn next(&mut self) -> Option<(u8, Bytes)> {
        loop {
            if self.held.len() >= 5 {
                let length = u32::from_be_bytes(self.held[1..5].try_into().unwrap()) as usize;
                if self.held.len() >= 5 + length {
                    let frame = self.held.split_to(5 + length).freeze();
                    return Some((frame[0], frame.slice(5..)));
                }
            }
            self.held.extend_from_slice(&next(&mut self.body).await?);
        }
    }

    /// The pid that `started` tells.
    pub async fn started(&mut self) -> i32 {
        let (kind, payload) = self.next().await.expect("a first frame");
        assert_eq!(kind, 16, "{payload:?}");
        let json: Value = serde_json::from_slice(&payload).unwrap();
        json["pid"].as_i64().unwrap().try_into().unwrap()
    }

    /// Reads output until `text` was seen in it.
    pub async fn until(&mut self, text: &str) -> String {
        let mut seen = String::new();
        while !seen.contains(text) {
            let (kind, payload) = self.next().await.unwrap_or_else(|| panic!("ended after {seen:?}"));
            assert!(kind != 19, "exited after {seen:?}");
            seen.push_str(&String::from_utf8_lossy(&payload));
        }
        seen
    }

    pub async fn finish(mut self) -> Outcome {
        let mut outcome = Outcome::default();
        while let Some((kind, payload)) = self.next().await {
            assert!(outcome.end.is_null(), "a frame after the last one");
            match kind {
                16 => {}
                17 => outcome.stdout.extend_from_slice(&payload),
                18 => outcome.stderr.extend_from_slice(&payload),
                19 | 20 => {
                    outcome.failed = kind == 20;
                    outcome.end = serde_json::from_slice(&payload).unwrap();
                }
                _ => panic!("frame type {kind}"),
            }
        }
        outcome
    }
}

pub fn frame(kind: u8, payload: &[u8]) -> Bytes {
    let mut bytes = vec![kind];
    bytes.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes.into()
}

/// A spec with nothing but a shell line.
pub fn shell(line: &str) -> Value {
    serde_json::json!({"argv": ["sh", "-c", line], "env": {}})
}

pub async fn run(host: &Host, spec: &Value) -> Outcome {
    let mut exec = Exec::start(host, spec).await;
    exec.say(2, &[]).await;
    exec.finish().await
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

pub fn in_runtime(test: impl Future<Output = ()>) {
    runtime().block_on(async {
        tokio::time::timeout(std::time::Duration::from_secs(40), test).await.expect("the test ends in time");
    });
}
