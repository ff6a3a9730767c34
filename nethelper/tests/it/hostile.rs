//! Messages that mean harm, each written down: it is refused, it changes nothing, and whoever sends it goes on to be answered.

use std::io::Write;
use std::os::fd::AsFd;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::{Value, json};

use super::world::{Connection, World, grants, host, open, same};

/// In the place of an address or a network.
const WORDS: [&str; 41] = [
    "",
    " ",
    "*",
    "-",
    "/",
    "..",
    "../../../etc/passwd",
    "/run/netns/other",
    "/proc/1/ns/net",
    "banger-1",
    "bg1",
    "up0",
    "lo",
    "--help",
    "-batch /etc/shadow",
    "-f /etc/shadow",
    "--log-file=/etc/cron.d/x",
    "1.2.3.4; flush ruleset",
    "1.2.3.4 }\nflush ruleset\nadd element inet banger own { 1.2.3.4",
    "1.2.3.4\nlink delete dev lo",
    "1.2.3.4\0",
    "1.2.3.4/24\0/24",
    "$(reboot)",
    "`reboot`",
    "1.2.3.4 && reboot",
    "include \"/etc/shadow\"",
    "@never",
    "!= 1.2.3.4",
    "1.2.3.4-5.6.7.8",
    "1.2.3.4,5.6.7.8",
    "{ 1.2.3.4 }",
    "01.2.3.4",
    "1.2.3",
    "1.2.3.4.5",
    "256.2.3.4",
    "0x7f.0.0.1",
    "2130706433",
    "::ffff:1.2.3.4",
    "localhost",
    "١.٢.٣.٤",
    "1.2.3.4/33",
];

/// In the place of a number, as JSON.
const NUMBERS: [&str; 20] = [
    "-1",
    "-0.0",
    "0.5",
    "1.0",
    "1e0",
    "1e400",
    "65536",
    "4294967296",
    "18446744073709551616",
    "-9223372036854775809",
    "99999999999999999999999999999999999999",
    "\"1\"",
    "\"bg1\"",
    "\"../1\"",
    "null",
    "true",
    "[1]",
    "{\"1\":1}",
    "\"1; reboot\"",
    "NaN",
];

/// That are no message, or one with too much, too little, or twice.
const FORMS: [&str; 56] = [
    "",
    " ",
    "null",
    "true",
    "1",
    "\"hello\"",
    "\"close\"",
    "[]",
    "{}",
    "[{\"close\":{}}]",
    "{\"close\":null}",
    "{\"close\":1}",
    "{\"close\":{\"force\":true}}",
    "{\"close\":{},\"hello\":{}}",
    "{\"hello\":{},\"hello\":{}}",
    "{\"hello\":{\"\":1}}",
    "{\"HELLO\":{}}",
    "{\"hello \":{}}",
    "{\"hello\\u0000\":{}}",
    "{\"__proto__\":{}}",
    "{\"exec\":{\"argv\":[\"reboot\"]}}",
    "{\"run\":\"ip link delete lo\"}",
    "{\"nft\":\"flush ruleset\"}",
    "{\"serve\":{\"uid\":0}}",
    "{\"open\":{}}",
    "{\"open\":{\"slots\":[]}}",
    "{\"open\":{\"host\":{\"own\":[],\"near\":[],\"server\":null}}}",
    "{\"open\":{\"host\":{\"own\":[],\"near\":[],\"server\":null},\"slots\":[],\"uid\":0}}",
    "{\"open\":{\"host\":{\"own\":[],\"near\":[],\"server\":null},\"slots\":{}}}",
    "{\"open\":{\"host\":{\"own\":[],\"near\":[],\"server\":null},\"slots\":[1]}}",
    "{\"open\":{\"host\":{\"own\":[],\"near\":[],\"server\":null,\"path\":\"/etc\"},\"slots\":[]}}",
    "{\"open\":{\"host\":{\"own\":[[]],\"near\":[],\"server\":null},\"slots\":[]}}",
    "{\"open\":{\"host\":{\"own\":\"1.2.3.4\",\"near\":[],\"server\":null},\"slots\":[]}}",
    "{\"open\":{\"host\":{\"own\":[],\"near\":[],\"server\":null},\"slots\":[],\"slots\":[]}}",
    "{\"host\":{\"own\":[],\"near\":[]}}",
    "{\"host\":{\"own\":[],\"own\":[],\"near\":[],\"server\":null}}",
    "{\"slots\":{\"make\":[1]}}",
    "{\"slots\":{\"retire\":[1]}}",
    "{\"slots\":{\"make\":[1],\"retire\":[1],\"mode\":\"tun\"}}",
    "{\"slots\":{\"make\":[1],\"retire\":[{\"slot\":1,\"grants\":{}}]}}",
    "{\"slots\":{\"make\":\"1\",\"retire\":[]}}",
    "{\"grants\":{\"slot\":1}}",
    "{\"grants\":{\"slot\":1,\"grants\":{}}}",
    "{\"grants\":{\"slot\":1,\"grants\":{\"hostPorts\":[],\"lan\":[],\"outward\":1,\"network\":null}}}",
    "{\"grants\":{\"slot\":1,\"grants\":{\"hostPorts\":[],\"lan\":[],\"outward\":\"yes\",\"network\":null}}}",
    "{\"grants\":{\"slot\":1,\"grants\":{\"hostPorts\":[],\"lan\":[],\"outward\":true}}}",
    "{\"grants\":{\"slot\":1,\"grants\":{\"hostPorts\":[],\"lan\":[],\"outward\":true,\"network\":null,\"rule\":\"accept\"}}}",
    "{\"tap\":{}}",
    "{\"tap\":{\"slot\":1,\"path\":\"/dev/kvm\"}}",
    "{\"tap\":{\"slot\":1,\"slot\":2}}",
    "{\"tap\":{\"name\":\"lo\"}}",
    "{\"tap\":{\"slot\":1}}}",
    "{\"tap\":{\"slot\":1}",
    "{'tap':{'slot':1}}",
    "{\"tap\":{\"slot\":1,}}",
    "/* {\"hello\":{}} */",
];

fn granted(change: impl FnOnce(&mut Value)) -> Value {
    let mut grants = grants();
    change(&mut grants);
    json!({ "grants": { "slot": 1, "grants": grants } })
}

/// Everywhere where a number stands, `@` for it.
fn numbered() -> [Value; 7] {
    [
        json!({ "tap": { "slot": "@" } }),
        json!({ "traffic": { "slot": "@" } }),
        json!({ "slots": { "make": ["@"], "retire": [] } }),
        json!({ "slots": { "make": [], "retire": ["@"] } }),
        granted(|grants| grants["hostPorts"] = json!(["@"])),
        granted(|grants| grants["network"] = json!("@")),
        json!({ "grants": { "slot": "@", "grants": grants() } }),
    ]
}

fn all() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = FORMS.iter().map(|form| form.as_bytes().to_vec()).collect();
    for word in WORDS {
        for field in ["own", "near", "server"] {
            let mut host = host();
            host[field] = if field == "server" { json!(word) } else { json!([word]) };
            all.push(json!({ "host": host }).to_string().into_bytes());
            all.push(json!({ "open": { "host": host, "slots": [] } }).to_string().into_bytes());
        }
        all.push(granted(|grants| grants["lan"] = json!([word])).to_string().into_bytes());
    }
    for number in NUMBERS {
        // A named network may have a large number, and none.
        let is_allowed =
            |place: &Value| ["null", "65536"].contains(&number) && place["grants"]["grants"]["network"] == json!("@");
        for place in numbered().iter().filter(|place| !is_allowed(place)) {
            all.push(place.to_string().replace("\"@\"", number).into_bytes());
        }
    }
    let much = |count: usize, each: Value| Value::Array(vec![each; count]);
    let many = [
        granted(|grants| grants["hostPorts"] = much(65, json!(80))),
        granted(|grants| grants["lan"] = much(65, json!("10.0.0.0/8"))),
        granted(|grants| grants["hostPorts"] = json!([0])),
        granted(|grants| grants["network"] = json!(0)),
        json!({ "slots": { "make": much(513, json!(1)), "retire": [] } }),
        json!({ "host": { "own": much(513, json!("1.2.3.4")), "near": [], "server": null } }),
        json!({ "host": { "own": [], "near": much(513, json!("1.2.3.0/24")), "server": null } }),
        json!({ "open": { "host": host(), "slots": much(2, json!({ "slot": 1, "grants": grants() })) } }),
        json!({ "slots": { "make": [16_320], "retire": [] } }),
        json!({ "tap": { "slot": 16_320 } }),
    ];
    all.extend(many.iter().map(|message| message.to_string().into_bytes()));
    // Depth, bytes that are no text, signs that look like others, and what ends a line elsewhere.
    all.extend([
        vec![b'['; 60_000],
        "{\"a\":".repeat(10_000).into_bytes(),
        [b"{\"hello\":{\"a\":".to_vec(), vec![b'['; 200], vec![b']'; 200], b"}}".to_vec()].concat(),
        b"\0".to_vec(),
        vec![0; 1000],
        vec![0xff; 1000],
        b"\xef\xbb\xbf{\"hello\":{}}".to_vec(),
        b"{\"h\xc3ello\":{}}".to_vec(),
        b"{\"hello\":{}}\0".to_vec(),
        b"{\"close\":{}} {\"close\":{}}".to_vec(),
        "{\"hello\u{2028}\":{}}".into(),
        "{\"ｈello\":{}}".into(),
        format!("{{\"{}\":{{}}}}", "a".repeat(60_000)).into_bytes(),
        b"\x1b]52;c;eA==\x07".to_vec(),
    ]);
    all
}

#[test]
fn every_one_is_refused_and_changes_nothing() {
    let world = World::open();
    let before = world.others();
    let helper = world.start();
    let mut daemon = world.connect();
    daemon.ok(&open(&json!([])));
    daemon.ok(&json!({ "slots": { "make": [1], "retire": [] } }));
    let (ours, uplinks) = (world.ours(), world.uplinks());
    let rules = world.sh("ip netns exec banger-65534 nft list ruleset");
    let messages = all();
    println!("{} messages", messages.len());
    assert!(messages.len() >= 200);
    for message in &messages {
        let shown = String::from_utf8_lossy(&message[..message.len().min(200)]).into_owned();
        assert!(daemon.say(&[message, b"\n".as_slice()].concat()), "{shown}");
        let answer = daemon.answer().unwrap_or_else(|| panic!("closed: {shown}"));
        assert_eq!(answer["error"]["code"], json!("malformed"), "{shown}: {answer}");
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.chars().count() <= 300 && !said.contains(char::is_control), "{shown}: {said}");
    }
    daemon.ok(&json!({ "hello": {} }));
    same(&rules, &world.sh("ip netns exec banger-65534 nft list ruleset"));
    assert_eq!((world.ours(), world.uplinks()), (ours, uplinks));
    same(&before, &world.others());
    assert!(helper.end());
    same(&before, &world.others());
}

#[test]
fn pieces_and_heaps_of_messages_are_answered_one_by_one() {
    let world = World::open();
    let helper = world.start();
    let mut daemon = world.connect();
    for byte in b"{\"hello\":{}}\n" {
        assert!(daemon.say(&[*byte]));
    }
    assert!(daemon.answer().unwrap().get("ok").is_some());
    assert!(daemon.say("{\"hello\":{}}\nno\n".repeat(500).as_bytes()));
    for _ in 0..500 {
        assert!(daemon.answer().unwrap().get("ok").is_some());
        assert!(daemon.answer().unwrap().get("error").is_some());
    }
    // What has no end is no message.
    let mut half = world.connect();
    assert!(half.say(b"{\"close\":{}}"));
    half.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(half.answer(), None);
    // A line that never ends is told so, and cut off.
    let mut long = world.connect();
    let _ = long.stream.write_all(&vec![b' '; 200_000]);
    assert_eq!(long.answer().unwrap()["error"]["code"], json!("too_long"));
    assert_eq!(long.answer(), None);
    daemon.ok(&json!({ "hello": {} }));
    assert!(helper.end());
}

#[test]
fn descriptors_that_are_sent_along_are_not_taken() {
    let world = World::open();
    let helper = world.start();
    let mut daemon = world.connect();
    let file = std::fs::File::open("/dev/null").unwrap();
    let count = || world.sh("ls /proc/$(pgrep -x banger-nethelpe)/fd | wc -l");
    daemon.ok(&json!({ "hello": {} }));
    let before = count();
    for _ in 0..50 {
        let descriptors = [file.as_fd(); 8];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
        let mut along = SendAncillaryBuffer::new(&mut space);
        assert!(along.push(SendAncillaryMessage::ScmRights(&descriptors)));
        let text = [std::io::IoSlice::new(b"{\"hello\":{}}\n")];
        sendmsg(&daemon.stream, &text, &mut along, SendFlags::empty()).unwrap();
        assert!(daemon.answer().unwrap().get("ok").is_some());
    }
    assert_eq!(count(), before);
    assert!(helper.end());
}

#[test]
fn who_takes_all_connections_takes_no_more_than_that() {
    let world = World::open();
    let helper = world.start();
    let mut all: Vec<Connection> = (0..40).map(|_| world.connect()).collect();
    let last = all.last_mut().unwrap();
    assert_eq!(last.answer().unwrap()["error"]["code"], json!("too_many"));
    all[0].ok(&json!({ "hello": {} }));
    drop(all);
    super::world::until("room again", || {
        let mut next = world.connect();
        next.say(b"{\"hello\":{}}\n");
        next.answer().is_some_and(|answer| answer.get("ok").is_some())
    });
    assert!(helper.end());
}
