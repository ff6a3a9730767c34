//! Bytes that mean ill, into everything that reads what a client says. Inputs are messages as they should be, changed by chance:
//! `BANGER_TEST_SEED` repeats a run, `BANGER_TEST_FULL` makes it long.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::channel;
use tokio::task::LocalSet;

use crate::account::Account;
use crate::auth::Auth;
use crate::connection::Connection;
use crate::exchange::choose::{choose, offer};
use crate::host_key::HostKey;
use crate::numbers::{limit, message};
use crate::session::environment::Environment;
use crate::session::modes;
use crate::sftp::attributes::Attributes;
use crate::sftp::packet as sftp;
use crate::sftp::requests::Server;
use crate::transport::Transport;
use crate::user_key::{Authorized, has_signed};
use crate::wire::{Reader, Writer};

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

fn change(bytes: &mut Vec<u8>, others: &[Vec<u8>], chance: &mut Chance) {
    const TELLING: [&[u8]; 8] =
        [b"\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\x10\0\0", b"\x80", b"..", b"\xc3\xa4"];
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

fn fuzz(name: &str, seeds: &[Vec<u8>], mut parse: impl FnMut(&[u8])) {
    let seed = std::env::var("BANGER_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed: u64 = seed.unwrap_or_else(|| u64::from(now.subsec_nanos()));
    println!("{name}: BANGER_TEST_SEED={seed}");
    let long = Duration::from_secs(if std::env::var_os("BANGER_TEST_FULL").is_some() { 120 } else { 2 });
    let mut chance = Chance(seed | 1);
    seeds.iter().for_each(|input| parse(input));
    let begun = Instant::now();
    while begun.elapsed() < long {
        let mut input = seeds[chance.below(seeds.len())].clone();
        change(&mut input, seeds, &mut chance);
        parse(&input);
    }
}

#[test]
fn what_comes_before_anybody_is_known() {
    let greeting = b"SSH-2.0-OpenSSH_9.2\r\n".to_vec();
    let mut offered = bytes::BytesMut::new();
    crate::packet::Outbound::default().seal(&offer(&[0; 16]), &mut offered).unwrap();
    let whole = [greeting.clone(), offered.to_vec()].concat();
    fuzz("transport", &[greeting, whole], |input| {
        let mut transport = Transport::new(HostKey::from_seed(&[1; 32]), limit::REKEY_BYTES).unwrap();
        transport.inbound.buffer.extend_from_slice(input);
        // In the clear nobody gets further than to the keys.
        assert!(!matches!(transport.receive(), Ok(Some(_))));
    });
    fuzz("offer", &[offer(&[0; 16])], |input| drop(choose(input)));
}

#[test]
fn who_it_says_that_it_is() {
    let blob = Writer::default().string("ssh-ed25519").string([1; 32]).done();
    let signature = Writer::default().string("ssh-ed25519").string([2; 64]).done();
    let ask = Writer::message(message::SERVICE_REQUEST).string("ssh-userauth").done();
    let request =
        Writer::message(message::USERAUTH_REQUEST).string("root").string("ssh-connection").string("publickey");
    let request = request.boolean(true).string("ssh-ed25519").string(&blob).string(&signature).done();
    fuzz("auth", &[ask.clone(), request], |input| {
        let mut auth = Auth::new(Authorized::default(), |name| Account::find_in(name, "", ""));
        auth.receive(b"session", &ask).ok();
        assert!(!matches!(auth.receive(b"session", input), Ok(crate::auth::Answer::Accepted(_))));
    });
    let kinds = ["ssh-ed25519", "rsa-sha2-256", "ecdsa-sha2-nistp384", "sk-ecdsa-sha2-nistp256@openssh.com"];
    fuzz("key", &[blob, signature.clone()], |input| {
        assert!(kinds.iter().all(|kind| !has_signed(kind, input, &signature, b"data")));
    });
    fuzz("authorized", &[b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me\n".to_vec()], |input| {
        drop(Authorized::parse(&String::from_utf8_lossy(input)));
    });
    fuzz("passwd", &[b"root:x:0:0:root:/root:/bin/sh\n".to_vec()], |input| {
        let text = String::from_utf8_lossy(input);
        drop(Account::find_in("root", &text, &text));
    });
}

fn requests() -> Vec<Vec<u8>> {
    let request = |kind: &str| Writer::message(message::CHANNEL_REQUEST).u32(0).string(kind).boolean(true);
    let size = |writer: Writer| writer.u32(80).u32(24).u32(0).u32(0);
    vec![
        Writer::message(message::CHANNEL_OPEN).string("session").u32(0).u32(1 << 20).u32(1 << 15).done(),
        size(request("pty-req").string("xterm")).string([3, 0, 0, 0, 8, 0]).done(),
        request("env").string("LANG").string("C").done(),
        size(request("window-change")).done(),
        request("signal").string("TERM").done(),
        request("subsystem").string("none").done(),
        request("eow@openssh.com").done(),
        Writer::message(message::CHANNEL_DATA).u32(0).string("content").done(),
        Writer::message(message::CHANNEL_EXTENDED_DATA).u32(0).u32(1).string("content").done(),
        Writer::message(message::CHANNEL_WINDOW_ADJUST).u32(0).u32(1 << 20).done(),
        Writer::message(message::CHANNEL_EOF).u32(0).done(),
        Writer::message(message::CHANNEL_CLOSE).u32(0).done(),
        Writer::message(message::CHANNEL_OPEN_CONFIRMATION).u32(0).u32(0).u32(1).u32(1).done(),
        Writer::message(message::CHANNEL_OPEN_FAILURE).u32(0).u32(1).string("").string("").done(),
        Writer::message(message::GLOBAL_REQUEST).string("keepalive@openssh.com").boolean(true).done(),
        Writer::message(message::GLOBAL_REQUEST).string("no-more-sessions@openssh.com").boolean(false).done(),
    ]
}

/// Nobody: what would be started is `/nowhere`.
fn connection() -> Connection {
    let account = Account::find_in("web", "web:x:1:1::/nowhere:/nowhere\n", "").unwrap();
    Connection::new(account, Environment::new(), channel(64).0)
}

#[test]
fn what_somebody_wants_who_is_known() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let opening = requests()[0].clone();
        let mut conversation = connection();
        let mut said = 0;
        fuzz("connection", &requests(), |input| {
            // No command is ever what a wish for a terminal or a file turns into by chance.
            if conversation.receive(input).is_err() || said > 1000 {
                conversation = connection();
                conversation.receive(&opening).unwrap();
                said = 0;
            }
            said += 1;
            assert!(conversation.out.iter().all(|payload| payload.len() < 1024));
            conversation.out.clear();
        });
    });
}

#[test]
fn more_than_fits_ends_the_connection_or_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let open = &requests()[0];
        let mut many = connection();
        for _ in 0..limit::CHANNELS + 10 {
            many.receive(open).unwrap();
        }
        let refused = many.out.iter().filter(|payload| payload[0] == message::CHANNEL_OPEN_FAILURE).count();
        assert_eq!(refused, 10);
        let data = |bytes: u32| Writer::message(message::CHANNEL_DATA).u32(0).string(vec![0; bytes as usize]).done();
        let mut much = connection();
        much.receive(open).unwrap();
        for _ in 0..limit::WINDOW_BYTES / limit::DATA_BYTES {
            much.receive(&data(limit::DATA_BYTES)).unwrap();
        }
        assert!(much.receive(&data(1)).is_err(), "more than the window");
        let mut large = connection();
        large.receive(open).unwrap();
        assert!(large.receive(&data(limit::DATA_BYTES + 1)).is_err(), "more than a packet");
        // Of a kind that nobody wants it counts as well.
        let aside = Writer::message(message::CHANNEL_EXTENDED_DATA).u32(0).u32(1).string(vec![0; 1 << 20]).done();
        let mut twice = connection();
        twice.receive(open).unwrap();
        twice.receive(&aside).unwrap();
        assert_eq!(twice.out.pop_back().map(|payload| payload[0]), Some(message::CHANNEL_WINDOW_ADJUST));
        let grow = Writer::message(message::CHANNEL_WINDOW_ADJUST).u32(0).u32(u32::MAX).done();
        assert!(twice.receive(&grow).is_err(), "more than can be counted");
        let unknown = Writer::message(message::CHANNEL_EOF).u32(99).done();
        assert!(connection().receive(&unknown).is_err());
    });
}

#[test]
fn what_it_wants_of_files_and_of_its_terminal() {
    let folder = std::env::temp_dir().join(format!("banger-sshd-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let ask = |kind: u8| Writer::message(kind).u32(1);
    // What changes something is asked of handles alone: a path may become any.
    let seeds = [
        ask(sftp::INIT).done(),
        ask(sftp::OPEN).string("file").u32(1).u32(0).done(),
        ask(sftp::OPENDIR).string(".").done(),
        ask(sftp::READDIR).string([0; 4]).done(),
        ask(sftp::READ).string([0; 4]).u64(0).u32(4096).done(),
        ask(sftp::CLOSE).string([0; 4]).done(),
        ask(sftp::FSTAT).string([0; 4]).done(),
        ask(sftp::STAT).string(".").done(),
        ask(sftp::REALPATH).string("a/../..").done(),
        ask(sftp::EXTENDED).string("limits@openssh.com").done(),
        ask(sftp::EXTENDED).string("statvfs@openssh.com").string("/").done(),
        ask(sftp::EXTENDED).string("expand-path@openssh.com").string("~/x").done(),
    ];
    let reads: Vec<u8> = seeds.iter().map(|seed| seed[0]).collect();
    std::fs::write(folder.join("file"), "content").unwrap();
    let mut server = Server::new(&folder.to_string_lossy());
    fuzz("files", &seeds, |input| {
        let is_harmless = input.first().is_some_and(|kind| reads.contains(kind)) && !names_a_change(input);
        if is_harmless && let Some(answer) = server.answer(input) {
            assert!(answer.len() <= sftp::MAX_PACKET_BYTES);
        }
    });
    std::fs::remove_dir_all(&folder).unwrap();
    let attributes =
        Writer::default().u32(0x8000_000f).u64(1).u32(2).u32(3).u32(4).u32(5).u32(6).u32(1).string("").string("");
    fuzz("attributes", &[attributes.done()], |input| {
        let _ = Attributes::read(&mut Reader::new(input));
    });
    let terminal = rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR).unwrap();
    let termios = rustix::termios::tcgetattr(&terminal).unwrap();
    fuzz("modes", &[vec![3, 0, 0, 0, 8, 53, 0, 0, 0, 0, 0]], |input| modes::apply(input, &mut termios.clone()));
}

/// An opening that could write, or an extension that could.
fn names_a_change(input: &[u8]) -> bool {
    let mut reader = Reader::new(input);
    let (kind, _) = (reader.byte(), reader.u32());
    match kind {
        Ok(sftp::OPEN) => reader.string().is_ok() && reader.u32() != Ok(1),
        Ok(sftp::EXTENDED) => reader.string().is_ok_and(|name| {
            !matches!(name, b"limits@openssh.com" | b"statvfs@openssh.com" | b"expand-path@openssh.com")
        }),
        _ => false,
    }
}
