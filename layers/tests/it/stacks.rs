//! Layers made by chance: the tree is what `umoci` unpacks, entry by entry.

use std::fs::{File, OpenOptions};

use banger_layers::job::{Job, Layer, Part, Report};
use banger_layers::merge::merge;
use banger_layers::refusal::Outcome;
use banger_layers::tree::Tree;

use super::archive::{Item, archive};
use super::listing::{self, Listing};
use super::merged::{self, ROOMY};
use super::random::Random;
use super::umoci;
use super::workshop::Workshop;

/// Stacks that one image holds, each in a folder of its own: `umoci` takes long to begin.
const TOGETHER: usize = 250;
const SAMPLE: usize = 2000;
const ALL: usize = 50_000;
const LAYERS: usize = 4;

/// A stack below a folder: the entries of each of its layers.
type Stack = Vec<Vec<Item>>;

const NAMES: [&str; 6] = ["a", "b", "c", "dir", "deep/er", "e f"];

fn path(random: &mut Random) -> String {
    let mut path = (*random.one(&NAMES)).to_owned();
    while random.one_in(2) {
        path = format!("{path}/{}", random.one(&NAMES));
    }
    path
}

fn target(random: &mut Random, home: &str) -> String {
    match random.below(5) {
        0 => format!("/{home}/{}", path(random)),
        1 => format!("../{home}/{}", path(random)),
        2 => format!("./{}", random.one(&NAMES)),
        3 => "nowhere/at/all".into(),
        _ => path(random),
    }
}

fn item(random: &mut Random, home: &str) -> Item {
    let mut at = format!("{home}/{}", path(random));
    if random.one_in(12) {
        at = format!("{home}/x/../{}", path(random));
    }
    let mut item = match random.below(16) {
        0..5 => Item::file(&at, format!("{}", random.next()).repeat(random.below(3) as usize).as_bytes()),
        5..8 => Item::new(&at, b'5'),
        8..10 => Item::link(&at, b'2', &target(random, home)),
        10..12 => Item::link(&at, b'1', &format!("{home}/{}", path(random))),
        12 => {
            Item { device: (random.below(200) as u32, random.below(200) as u32), ..Item::new(&at, *random.one(b"346")) }
        }
        13 | 14 => Item::new(&hide(&at), b'0'),
        _ => Item::new(&format!("{at}/.wh..wh..opq"), b'0'),
    };
    item.user = random.below(3) as u32 * 1000;
    item.group = random.below(3) as u32;
    item.modified = 1_000_000_000 + random.below(1_000_000);
    item.mode = *random.one(&[0o644, 0o755, 0o4755, 0o1777, 0o2750, 0]);
    if random.one_in(8) {
        item = item
            .with("mtime", format!("{}.{}", 1_000_000_000 + random.below(1000), random.below(1_000_000)).as_bytes());
    }
    if random.one_in(8) && matches!(item.flag, b'0' | b'5') {
        item = item.with("SCHILY.xattr.user.it", format!("{}", random.next()).as_bytes());
    }
    if random.one_in(8) && item.flag == b'0' {
        item = item.with("SCHILY.xattr.trusted.it", b"\0\xff");
    }
    item
}

/// A whiteout of it.
fn hide(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    format!("{folder}/.wh.{name}")
}

fn stack(random: &mut Random, home: &str) -> Stack {
    (0..LAYERS)
        .map(|layer| {
            let mut items: Vec<Item> = (0..random.below(9)).map(|_| item(random, home)).collect();
            if layer == 0 {
                items.insert(0, Item::new(home, b'5'));
            }
            items
        })
        .collect()
}

fn read(workshop: &Workshop, name: &str, layers: &[Vec<Item>]) -> (Vec<Layer>, Outcome<Tree>, File) {
    let layers: Vec<Layer> = layers
        .iter()
        .enumerate()
        .map(|(at, items)| merged::plain(workshop.write(&format!("{name}-{at}.tar"), &archive(items))))
        .collect();
    let out = merged::out(workshop);
    let tree = merged::read(&out, &layers, ROOMY);
    (layers, tree, out)
}

fn first_difference(ours: &Listing, theirs: &Listing) -> Option<String> {
    let paths = ours.keys().chain(theirs.keys());
    paths
        .filter(|path| path.as_str() != ".")
        .find(|path| {
            let (Some(ours), Some(theirs)) = (ours.get(*path), theirs.get(*path)) else { return true };
            // A folder that no layer told of has the time at which it was made.
            let modified = if theirs.modified.is_none() { None } else { ours.modified };
            listing::Line { modified, ..ours.clone() } != *theirs
        })
        .map(|path| format!("{path}: ours {:?}, theirs {:?}", ours.get(path), theirs.get(path)))
}

#[test]
fn what_layers_mean_is_what_umoci_makes_of_them() {
    let count = if std::env::var_os("BANGER_TEST_FULL").is_some() { ALL } else { SAMPLE };
    let seed = std::env::var("BANGER_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs());
    println!("seed {seed}: BANGER_TEST_SEED={seed}");
    let mut random = Random::new(seed);
    let workshop = Workshop::in_memory();
    let (mut refused, mut checked) = (0, 0);
    for batch in 0..count.div_ceil(TOGETHER) {
        let mut together: Vec<Vec<Item>> = vec![Vec::new(); LAYERS];
        let mut taken = 0;
        while taken < TOGETHER {
            let stack = stack(&mut random, &format!("s{taken}"));
            let (layers, ours, _out) = read(&workshop, "one", &stack);
            if ours.is_err() {
                refused += 1;
                // Of those that we refuse, umoci takes none; a part of them is asked.
                if checked * 20 < batch {
                    checked += 1;
                    let archives: Vec<_> = layers.iter().map(|layer| layer.path.clone()).collect();
                    assert!(
                        umoci::unpack(&workshop, &archives).is_err(),
                        "umoci takes {stack:?}: {ours:?}",
                        ours = ours.err()
                    );
                }
                continue;
            }
            taken += 1;
            for (all, one) in together.iter_mut().zip(stack) {
                all.extend(one);
            }
        }
        let (layers, ours, out) = read(&workshop, "all", &together);
        let archives: Vec<_> = layers.iter().map(|layer| layer.path.clone()).collect();
        let root =
            umoci::unpack(&workshop, &archives).unwrap_or_else(|error| panic!("batch {batch}, seed {seed}: {error}"));
        let (ours, theirs) = (listing::of_tree(&ours.unwrap(), &out), listing::of_folder(&root));
        if let Some(difference) = first_difference(&ours, &theirs) {
            panic!("batch {batch}, seed {seed}: {difference}");
        }
        assert!(ours.len() > TOGETHER);
    }
    assert!(refused > 0 && checked > 0);
    println!("{count} stacks, {refused} refused ({checked} of them by umoci, too)");
}

/// Whoever else reads the file system finds the same in it.
#[test]
fn what_is_written_is_what_the_tree_says() {
    let workshop = Workshop::open();
    let mut random = Random::new(7);
    let mut layers: Vec<Vec<Item>> = vec![Vec::new(); LAYERS];
    let mut taken = 0;
    while taken < 50 {
        let stack = stack(&mut random, &format!("s{taken}"));
        if read(&workshop, "one", &stack).1.is_err() {
            continue;
        }
        taken += 1;
        for (all, one) in layers.iter_mut().zip(stack) {
            all.extend(one);
        }
    }
    // A folder with a long table, a link that is all but too long, a file longer than what is gathered.
    layers[0]
        .extend((0..2000).map(|at| Item::file(&format!("many/a file with a name of some length, number {at}"), b"x")));
    layers[0].push(Item::link("long link", b'2', &"l".repeat(4095)));
    layers[1].push(Item::link("long link 2", b'2', &"0123456789/".repeat(365)));
    layers[1].push(Item::file("big", &vec![b'z'; 3_000_001]));
    layers[1].push(Item::file("many/attributes", b"").with("SCHILY.xattr.user.long", &[b'v'; 5000]));
    let (layers, ours, out) = read(&workshop, "all", &layers);
    let ours = listing::of_tree(&ours.unwrap(), &out);

    let image = workshop.path("image");
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&image).unwrap();
    let job = Job { layers: layers.into_iter().map(Part::Archive).collect(), limits: ROOMY, seed: None };
    let made = merge(&job, &file, &Report::default()).unwrap();
    assert_eq!(made.bytes, file.metadata().unwrap().len());
    assert_eq!(sum(&image), made.checksum);
    let root = workshop.path("extracted");
    let extract = std::process::Command::new("fsck.erofs")
        .args(["--preserve", &format!("--extract={}", root.display())])
        .arg(&image)
        .output()
        .unwrap();
    assert!(extract.status.success(), "{}", String::from_utf8_lossy(&extract.stderr));
    let theirs = listing::of_folder(&root);
    for (path, line) in &ours {
        let found = theirs.get(path).unwrap_or_else(|| panic!("{path} is missing"));
        // That program extracts neither attributes nor, of this version, times of links; and each name is a file of its own.
        assert_eq!((&found.kind, found.owner), (&line.kind, line.owner), "{path}");
    }
    assert_eq!(ours.len(), theirs.len());
}

fn sum(path: &std::path::Path) -> String {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_banger-layers")).arg("sum").arg(path).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    said.trim().strip_prefix(r#"{"summed":{"checksum":""#).unwrap().strip_suffix(r#""}}"#).unwrap().to_owned()
}
