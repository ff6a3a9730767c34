//! The connection itself: greeting, packets, and keys that change from time to time (RFC 4253).

use bytes::{Bytes, BytesMut};
use ring::rand::{SecureRandom, SystemRandom};

use crate::broken::{Broken, Outcome, Reason};
use crate::exchange::agree::agree;
use crate::exchange::choose::{Choice, choose, offer};
use crate::exchange::keys::{Direction, Transcript, derive};
use crate::host_key::HostKey;
use crate::numbers::{limit, message};
use crate::packet::{Inbound, Outbound, no_randomness};
use crate::user_key;
use crate::wire::{Reader, Writer};

/// The client of OpenSSH tells that nobody reads the output any more, so that `yes | head` ends, to those alone who have its name.
pub const VERSION: &str = concat!("SSH-2.0-OpenSSH_banger-", env!("CARGO_PKG_VERSION"));

/// How far an exchange of keys has come.
enum Stage {
    /// None goes on.
    Quiet,
    /// We have said what we can do, and the client has not.
    Offered { ours: Vec<u8> },
    /// What counts is chosen.
    Chosen { ours: Vec<u8>, theirs: Bytes, choice: Choice },
    /// We use the new keys already; the client says when it does.
    Answered { choice: Choice, secret: Vec<u8>, digest: Vec<u8> },
}

pub struct Transport {
    host_key: HostKey,
    pub inbound: Inbound,
    outbound: Outbound,
    /// Sealed, to be written.
    pub out: BytesMut,
    /// What has to wait until the exchange that goes on is over.
    held: Vec<Vec<u8>>,
    held_bytes: usize,
    client_version: Option<Bytes>,
    stage: Stage,
    /// The digest of the first exchange, by which this connection is known.
    session: Option<Vec<u8>>,
    is_strict: bool,
    rekey_bytes: u64,
}

impl Transport {
    pub fn new(host_key: HostKey, rekey_bytes: u64) -> Outcome<Self> {
        let mut made = Self {
            host_key,
            inbound: Inbound::default(),
            outbound: Outbound::default(),
            out: BytesMut::from(format!("{VERSION}\r\n").as_bytes()),
            held: Vec::new(),
            held_bytes: 0,
            client_version: None,
            stage: Stage::Quiet,
            session: None,
            is_strict: false,
            rekey_bytes,
        };
        made.begin()?;
        Ok(made)
    }

    /// None before the first keys: until then nobody may say anything else.
    pub fn session(&self) -> Option<&[u8]> {
        self.session.as_deref()
    }

    /// Whether keys are being changed: then nothing else is said.
    pub fn is_busy(&self) -> bool {
        !matches!(self.stage, Stage::Quiet | Stage::Answered { .. })
    }

    /// Whether so much waits to be written that nothing more should come.
    pub fn is_full(&self) -> bool {
        self.out.len() >= limit::OUTBOX_BYTES
    }

    pub fn send(&mut self, payload: Vec<u8>) -> Outcome<()> {
        if self.is_busy() {
            self.held_bytes += payload.len();
            if self.held_bytes > limit::HELD_BYTES {
                return Err(Broken::new(Reason::KeyExchange, "the client does not come to an end with new keys"));
            }
            self.held.push(payload);
            return Ok(());
        }
        self.outbound.seal(&payload, &mut self.out)?;
        if self.outbound.bytes >= self.rekey_bytes && matches!(self.stage, Stage::Quiet) {
            self.begin()?;
        }
        Ok(())
    }

    /// Best effort: the last word.
    pub fn farewell(&mut self, broken: &Broken) {
        let bye = Writer::message(message::DISCONNECT).u32(broken.reason as u32).string(&broken.message).string("");
        let _ = self.outbound.seal(&bye.done(), &mut self.out);
    }

    /// The next message that is not of the transport's own business.
    pub fn receive(&mut self) -> Outcome<Option<Bytes>> {
        if self.client_version.is_none() && !self.read_greeting()? {
            return Ok(None);
        }
        while let Some((sequence, payload)) = self.inbound.next_packet()? {
            if let Some(payload) = self.handle(sequence, payload)? {
                return Ok(Some(payload));
            }
            if self.inbound.bytes >= self.rekey_bytes && matches!(self.stage, Stage::Quiet) {
                self.begin()?;
            }
        }
        Ok(None)
    }

    fn read_greeting(&mut self) -> Outcome<bool> {
        let buffer = &mut self.inbound.buffer;
        let Some(end) = buffer.iter().take(limit::GREETING_BYTES).position(|byte| *byte == b'\n') else {
            let is_long = buffer.len() >= limit::GREETING_BYTES;
            return if is_long { Err(Broken::protocol("the client does not greet")) } else { Ok(false) };
        };
        let line = buffer.split_to(end + 1).freeze();
        let line = line.slice(..line.trim_ascii_end().len());
        // Other lines come from servers alone (RFC 4253, 4.2).
        if !line.starts_with(b"SSH-2.0-") || line.len() > 255 {
            return Err(Broken::protocol("the client does not speak SSH 2.0"));
        }
        self.client_version = Some(line);
        Ok(true)
    }

    fn handle(&mut self, sequence: u32, payload: Bytes) -> Outcome<Option<Bytes>> {
        let kind = payload[0];
        let is_first = self.session.is_none();
        if is_first && self.is_strict && !(message::KEXINIT..=49).contains(&kind) {
            return Err(Broken::protocol("something came between in the first exchange of keys"));
        }
        match kind {
            message::DISCONNECT => Err(Broken::new(Reason::ConnectionLost, "the client has gone")),
            message::IGNORE | message::DEBUG | message::UNIMPLEMENTED => Ok(None),
            message::KEXINIT => self.chose(sequence, payload).map(|()| None),
            message::KEX_INIT => self.agreed(&payload).map(|()| None),
            message::NEWKEYS => self.renewed(&payload).map(|()| None),
            message::EXT_INFO => Ok(None),
            // Known to us as a number, and of no meaning from a client.
            7..=29 | 31..=49 => {
                self.outbound.seal(&Writer::message(message::UNIMPLEMENTED).u32(sequence).done(), &mut self.out)?;
                Ok(None)
            }
            _ if is_first => Err(Broken::protocol("a message came before there were keys")),
            // After it has said what it can do, a client says nothing else until it has new keys.
            _ if matches!(self.stage, Stage::Chosen { .. } | Stage::Answered { .. }) => {
                Err(Broken::protocol("a message came in the middle of an exchange of keys"))
            }
            _ => Ok(Some(payload)),
        }
    }

    fn begin(&mut self) -> Outcome<()> {
        let mut cookie = [0; 16];
        SystemRandom::new().fill(&mut cookie).map_err(|_| no_randomness())?;
        let ours = offer(&cookie);
        self.outbound.seal(&ours, &mut self.out)?;
        self.stage = Stage::Offered { ours };
        Ok(())
    }

    fn chose(&mut self, sequence: u32, theirs: Bytes) -> Outcome<()> {
        if matches!(self.stage, Stage::Quiet) {
            self.begin()?;
        }
        let Stage::Offered { ours } = std::mem::replace(&mut self.stage, Stage::Quiet) else {
            return Err(Broken::protocol("an exchange of keys begins in the middle of another"));
        };
        let choice = choose(&theirs)?;
        if self.session.is_none() {
            self.is_strict = choice.is_strict;
            if self.is_strict && sequence != 0 {
                return Err(Broken::protocol("something came before the first exchange of keys"));
            }
        }
        self.stage = Stage::Chosen { ours, theirs, choice };
        Ok(())
    }

    fn agreed(&mut self, payload: &[u8]) -> Outcome<()> {
        let Stage::Chosen { ours, theirs, choice } = &mut self.stage else {
            return Err(Broken::protocol("half of an exchange of keys came out of its order"));
        };
        if std::mem::take(&mut choice.ignore_next) {
            return Ok(());
        }
        let mut reader = Reader::new(payload);
        reader.byte()?;
        let client_half = reader.string()?;
        reader.end()?;
        let agreed = agree(choice.method, client_half)?;
        let digest = Transcript {
            client_version: self.client_version.as_deref().unwrap_or_default(),
            server_version: VERSION.as_bytes(),
            client_offer: theirs,
            server_offer: ours,
            host_key: &self.host_key.blob,
            client_half,
            server_half: &agreed.answer,
            secret: &agreed.secret,
        }
        .digest();
        let choice = *choice;
        let reply = Writer::message(message::KEX_REPLY).string(&self.host_key.blob).string(&agreed.answer);
        let reply = reply.string(self.host_key.sign(&digest)).done();
        self.outbound.seal(&reply, &mut self.out)?;
        self.outbound.seal(&[message::NEWKEYS], &mut self.out)?;
        let session = self.session.as_ref().unwrap_or(&digest);
        let keys = derive(Direction::ToClient, choice.to_them, &agreed.secret, &digest, session);
        self.outbound.set_keys(choice.to_them, &keys.key, &keys.iv, self.is_strict);
        if self.session.is_none() && choice.wants_extensions {
            let told = Writer::message(message::EXT_INFO).u32(1).string("server-sig-algs").string(user_key::ALGORITHMS);
            self.outbound.seal(&told.done(), &mut self.out)?;
        }
        self.stage = Stage::Answered { choice, secret: agreed.secret, digest };
        self.held_bytes = 0;
        for payload in std::mem::take(&mut self.held) {
            self.outbound.seal(&payload, &mut self.out)?;
        }
        Ok(())
    }

    fn renewed(&mut self, payload: &[u8]) -> Outcome<()> {
        let Stage::Answered { choice, secret, digest } = std::mem::replace(&mut self.stage, Stage::Quiet) else {
            return Err(Broken::protocol("new keys came out of their order"));
        };
        if payload.len() != 1 {
            return Err(Broken::protocol("new keys with something behind"));
        }
        let session = self.session.as_ref().unwrap_or(&digest);
        let keys = derive(Direction::ToServer, choice.to_us, &secret, &digest, session);
        self.inbound.set_keys(choice.to_us, &keys.key, &keys.iv, self.is_strict);
        self.session.get_or_insert(digest);
        Ok(())
    }
}
