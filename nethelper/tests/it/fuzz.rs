//! Messages by chance, valid ones and valid ones that were changed, against a helper that does what they say: nothing outside of what is
//! ours is ever another. `BANGER_TEST_SEED` repeats a run, `BANGER_TEST_FULL` makes it 100,000 messages.

use serde_json::{Value, json};

use super::random::Random;
use super::world::{World, open, same};

const SAMPLE: usize = 3_000;
const ALL: usize = 100_000;
/// After so many it is looked whether anything else has changed.
const LOOK: usize = 1_000;

fn number(random: &mut Random) -> Value {
    match random.below(10) {
        0 => json!(random.next()),
        1 => json!(-(random.below(70_000).cast_signed())),
        2 => json!(random.below(70_000) as f64 / 3.0),
        3 => json!(random.below(70_000)),
        _ => json!(random.below(12)),
    }
}

fn address(random: &mut Random) -> String {
    (0..4).map(|_| random.below(256).to_string()).collect::<Vec<_>>().join(".")
}

fn network(random: &mut Random) -> String {
    let bytes = random.next().to_be_bytes();
    match random.below(4) {
        0 => format!("{}.0.0.0/8", bytes[0]),
        1 => format!("{}.{}.0.0/16", bytes[0], bytes[1]),
        2 => format!("{}/32", address(random)),
        _ => format!("{}/{}", address(random), random.below(40)),
    }
}

fn some<T: Into<Value>>(random: &mut Random, each: impl Fn(&mut Random) -> T) -> Value {
    (0..random.below(4)).map(|_| each(random).into()).collect()
}

fn message(random: &mut Random) -> Value {
    let grants = json!({
        "hostPorts": some(random, number),
        "lan": some(random, network),
        "outward": random.one_in(2),
        "network": if random.one_in(2) { Value::Null } else { number(random) },
    });
    let host = json!({ "own": some(random, address), "near": some(random, network), "server": "127.0.0.53" });
    let granted = json!({ "slot": number(random), "grants": grants });
    match random.below(16) {
        0 => json!({ "open": { "host": host, "slots": some(random, |_| granted.clone()) } }),
        1 | 2 => json!({ "host": host }),
        3..=6 => json!({ "slots": { "make": some(random, number), "retire": some(random, number) } }),
        7..=9 => json!({ "grants": granted }),
        10 => json!({ "traffic": { "slot": number(random) } }),
        11 => json!({ "tap": { "slot": number(random) } }),
        12 if random.one_in(50) => json!({ "close": {} }),
        _ => json!({ "hello": {} }),
    }
}

/// Most are changed in a few places.
fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    const TELLING: [&str; 24] = [
        "\0",
        "\n",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "-1",
        "1e9",
        "null",
        "../",
        "/",
        " ",
        ";flush ruleset",
        "$(reboot)",
        "--help",
        "banger-1",
        "bg1",
        "other",
        "\u{fffd}",
        "999999999999999999999",
    ];
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 => bytes.truncate(at),
            2 | 3 => drop(bytes.splice(at..at, random.one(&TELLING).bytes())),
            4 if at < bytes.len() => {
                let count = random.below((bytes.len() - at) as u64) as usize;
                drop(bytes.drain(at..at + count));
            }
            _ => {
                let part = bytes[at..].to_vec();
                bytes.extend(part);
            }
        }
    }
    // Each is to be one.
    bytes.retain(|&byte| byte != b'\n');
    bytes.truncate(60_000);
}

#[test]
fn nothing_but_what_is_ours_is_ever_touched() {
    let count = if std::env::var_os("BANGER_TEST_FULL").is_some() { ALL } else { SAMPLE };
    let random = &mut Random::from_environment();
    let world = World::open();
    let before = world.others();
    let helper = world.start();
    let mut daemon = world.connect();
    daemon.ok(&open(&json!([])));
    let (mut done, mut refused) = (0, 0);
    for at in 1..=count {
        let mut bytes = message(random).to_string().into_bytes();
        if !random.one_in(3) {
            change(&mut bytes, random);
        }
        bytes.push(b'\n');
        assert!(daemon.say(&bytes));
        let answer = daemon.answer().unwrap_or_else(|| panic!("closed: {}", String::from_utf8_lossy(&bytes)));
        match answer.get("ok") {
            Some(_) => done += 1,
            None => refused += 1,
        }
        // Not for ever closed by chance.
        if answer["error"]["code"] == "not_open" || at % LOOK == 0 {
            daemon.ok(&open(&json!([])));
        }
        if at % LOOK == 0 {
            same(&before, &world.others());
            assert!(
                world
                    .ours()
                    .lines()
                    .all(|line| line.starts_with("bg") || ["lo", "up0", "table inet banger"].contains(&line)),
                "{}",
                world.ours()
            );
        }
    }
    println!("{done} done, {refused} refused");
    assert!(done > count / 20 && refused > count / 5, "{done} done, {refused} refused");
    assert!(helper.end());
    same(&before, &world.others());
    assert!(world.sh("ls /run/netns").split_whitespace().eq(["banger-1", "other"]));
    assert_eq!(world.uplinks(), [""; 0]);
}
