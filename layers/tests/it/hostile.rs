//! Archives that mean harm, and what the written policy makes of them. No path of them ever reaches the host: there is nothing here
//! that could make a file but the one that is the image.

use banger_layers::refusal::Code::{self, DamagedLayer, LayerTooLarge, UnsupportedLayer};

use super::archive::{Item, archive, header, record, seal};
use super::listing::Listing;
use super::merged::list;

fn file(path: &str) -> Item {
    Item::file(path, b"x")
}

fn folder(path: &str) -> Item {
    Item::new(path, b'5')
}

fn symbolic(path: &str, to: &str) -> Item {
    Item::link(path, b'2', to)
}

fn hard(path: &str, to: &str) -> Item {
    Item::link(path, b'1', to)
}

/// `path kind`, of all but the root.
fn told(listing: &Listing) -> Vec<String> {
    let all = listing.iter().filter(|(path, _)| path.as_str() != ".");
    all.map(|(path, line)| format!("{} {}", &path[2..], line.kind)).collect()
}

#[track_caller]
fn becomes(layers: &[&[Item]], expected: &[&str]) {
    let archives: Vec<_> = layers.iter().map(|items| archive(items)).collect();
    let listing = list(&archives).unwrap_or_else(|refusal| panic!("{layers:?}: {refusal}"));
    assert_eq!(told(&listing), expected, "{layers:?}");
}

#[track_caller]
fn is_refused(layers: &[&[Item]], code: Code, why: &str) {
    let archives: Vec<_> = layers.iter().map(|items| archive(items)).collect();
    let refusal = list(&archives).err().unwrap_or_else(|| panic!("taken: {layers:?}"));
    assert_eq!(refusal.code, code, "{refusal}");
    assert!(refusal.message.contains(why), "{refusal}");
}

#[test]
fn paths_stay_in_the_root() {
    for path in ["/etc/x", "../etc/x", "../../../../etc/x", "a/../../etc/x", "./etc/./x", "//etc//x", "etc/b/../x"] {
        becomes(&[&[file(path)]], &["etc folder", "etc/x file x"]);
    }
    for path in [".", "..", "/", "./", "a/..", "../.."] {
        is_refused(&[&[file(path)]], DamagedLayer, "the root is a folder");
        is_refused(&[&[symbolic(path, "/etc")]], DamagedLayer, "the root is a folder");
        becomes(&[&[folder(path)]], &[]);
    }
}

#[test]
fn links_lead_nowhere_but_into_the_root() {
    for to in ["/out", "../../../out", "out", "./out/../out", "/../../out"] {
        becomes(
            &[&[folder("out"), symbolic("a", to), file("a/x")]],
            &[&format!("a link {to}"), "out folder", "out/x file x"],
        );
    }
    becomes(&[&[symbolic("a", "/nowhere"), file("a/x")]], &["a link /nowhere", "nowhere folder", "nowhere/x file x"]);
    becomes(
        &[&[symbolic("a", "b"), symbolic("b", "/c/d"), file("a/x")]],
        &["a link b", "b link /c/d", "c folder", "c/d folder", "c/d/x file x"],
    );
    is_refused(&[&[symbolic("a", "b"), symbolic("b", "a"), file("a/x")]], DamagedLayer, "go round in a circle");
    is_refused(&[&[symbolic("a", "a/a"), file("a/x")]], DamagedLayer, "go round in a circle");
    is_refused(&[&[symbolic("a", "a/".repeat(2000).as_str()), file("a/x")]], LayerTooLarge, "longer and longer");
    is_refused(&[&[symbolic("a", "")]], DamagedLayer, "a symbolic link to nothing");
    is_refused(&[&[symbolic("a", &"l".repeat(4096))]], LayerTooLarge, "a symbolic link of more than");
    // A link where a folder was, then what was meant for the folder.
    becomes(
        &[&[folder("a"), file("a/x")], &[symbolic("a", "/b"), file("a/y")]],
        &["a link /b", "b folder", "b/y file x"],
    );
    // And a folder where a link was.
    becomes(
        &[&[folder("b"), symbolic("a", "b")], &[folder("a"), file("a/y")]],
        &["a folder", "a/y file x", "b folder"],
    );
}

#[test]
fn hard_links_lead_to_what_is_there() {
    becomes(&[&[file("a"), hard("b", "/a")]], &["a file x", "b file x"]);
    becomes(&[&[file("a")], &[hard("b", "../a")]], &["a file x", "b file x"]);
    becomes(
        &[&[file("d/a"), symbolic("l", "d"), hard("b", "l/a")]],
        &["b file x", "d folder", "d/a file x", "l link d"],
    );
    becomes(&[&[symbolic("l", "/etc/shadow"), hard("b", "l")]], &["b link /etc/shadow", "l link /etc/shadow"]);
    is_refused(&[&[hard("b", "/etc/shadow")]], DamagedLayer, "which is not there");
    is_refused(&[&[hard("b", "b")]], DamagedLayer, "which is not there");
    is_refused(&[&[file("b"), hard("b", "b")]], DamagedLayer, "which is not there");
    is_refused(&[&[hard("b", "a"), file("a")]], DamagedLayer, "which is not there");
    is_refused(&[&[folder("a"), hard("b", "a")]], DamagedLayer, "which is a folder");
    is_refused(&[&[hard("b", "/")]], DamagedLayer, "a hard link to the root");
    is_refused(&[&[file("a"), hard("b", "a/c")]], DamagedLayer, "which is not there");
    // The old one keeps what it had when the name goes to another.
    becomes(&[&[file("a"), hard("b", "a")], &[Item::file("a", b"y")]], &["a file y", "b file x"]);
}

#[test]
fn whiteouts_remove_what_is_below() {
    let lower: &[Item] = &[folder("d"), file("d/x"), file("d/y"), symbolic("l", "d"), file("f")];
    let white = |path: &str| Item::new(path, b'0');
    becomes(&[lower, &[white("d/.wh.x")]], &["d folder", "d/y file x", "f file x", "l link d"]);
    becomes(&[lower, &[white(".wh.d")]], &["f file x", "l link d"]);
    // The link, and not what it leads to.
    becomes(&[lower, &[white(".wh.l")]], &["d folder", "d/x file x", "d/y file x", "f file x"]);
    becomes(&[lower, &[white("l/.wh.x")]], &["d folder", "d/y file x", "f file x", "l link d"]);
    becomes(&[lower, &[white("d/.wh..wh..opq")]], &["d folder", "f file x", "l link d"]);
    becomes(&[lower, &[white("l/.wh..wh..opq")]], &["d folder", "f file x", "l link d"]);
    becomes(&[lower, &[white(".wh..wh..opq")]], &[]);
    becomes(&[lower, &[white("f/.wh..wh..opq")]], &["d folder", "d/x file x", "d/y file x", "f file x", "l link d"]);
    becomes(&[lower, &[white("nowhere/.wh.x")]], &["d folder", "d/x file x", "d/y file x", "f file x", "l link d"]);
    becomes(&[lower, &[white(".wh..wh.plnk")]], &["d folder", "d/x file x", "d/y file x", "f file x", "l link d"]);
    becomes(&[lower, &[folder(".wh.d")]], &["f file x", "l link d"]);
    // What the layer itself puts there stays, whichever comes first.
    becomes(&[lower, &[file("d/z"), white("d/.wh..wh..opq")]], &["d folder", "d/z file x", "f file x", "l link d"]);
    becomes(&[lower, &[white("d/.wh..wh..opq"), file("d/z")]], &["d folder", "d/z file x", "f file x", "l link d"]);
    becomes(&[lower, &[file("d/x"), white(".wh.d")]], &["d folder", "d/x file x", "f file x", "l link d"]);
    for name in [".wh.", ".wh..", ".wh..."] {
        is_refused(&[lower, &[white(name)]], DamagedLayer, "names nothing that could be removed");
        is_refused(&[lower, &[white(&format!("d/{name}"))]], DamagedLayer, "names nothing that could be removed");
    }
}

#[test]
fn things_take_each_others_place() {
    becomes(&[&[folder("a"), file("a/x")], &[file("a")]], &["a file x"]);
    becomes(&[&[file("a")], &[folder("a"), file("a/x")]], &["a folder", "a/x file x"]);
    becomes(&[&[file("a"), Item::file("a", b"second")]], &["a file second"]);
    is_refused(&[&[file("a"), file("a/x")]], DamagedLayer, "it is below a, which is no folder");
    becomes(
        &[&[file("A"), file("a"), file("\u{e9}"), file("e\u{301}")]],
        &["A file x", "\\xc3\\xa9 file x", "a file x", "e\\xcc\\x81 file x"],
    );
    becomes(&[&[file("a\n\u{1b}[31m")]], &["a\\n\\x1b[31m file x"]);
}

#[test]
fn devices_and_modes_are_told_and_not_made() {
    let node = Item { device: (8, 0), mode: 0o4777, ..Item::new("sda", b'4') };
    becomes(&[&[node, Item::new("pipe", b'6')]], &["pipe fifo", "sda block 8 0"]);
    for flag in *b"7VMDAZ" {
        is_refused(&[&[Item::new("a", flag)]], UnsupportedLayer, "of a type that is not known");
    }
}

#[test]
fn names_have_bounds() {
    becomes(&[&[file(&"n".repeat(255))]], &[&format!("{} file x", "n".repeat(255))]);
    is_refused(&[&[file(&"n".repeat(256))]], LayerTooLarge, "a name has more than 255 bytes");
    is_refused(&[&[file(&"d/".repeat(129))]], LayerTooLarge, "a path has more than 128 folders");
    is_refused(&[&[file(&"./".repeat(3000))]], LayerTooLarge, "a path has more than 4096 bytes");
    is_refused(
        &[&[symbolic("l", &"d/".repeat(100)), file(&format!("l/{}", "e/".repeat(100)))]],
        LayerTooLarge,
        "folders",
    );
}

#[test]
fn extended_headers_are_taken_by_their_word_and_no_further() {
    becomes(&[&[file("short").with("path", b"long/er")]], &["long folder", "long/er file x"]);
    becomes(&[&[file("kept").with("path", b"")]], &["kept file x"]);
    becomes(&[&[file("a").with("path", b"first").with("path", b"last")]], &["last file x"]);
    becomes(&[&[file("a").with("SCHILY.xattr.trusted.overlay.opaque", b"y")]], &["a file x"]);
    is_refused(&[&[file("a").with("path", b"a\0b")]], DamagedLayer, "no record where one should be");
    is_refused(&[&[file("a").with("uid", b"-1")]], DamagedLayer, "no user or group");
    is_refused(&[&[file("a").with("uid", b"4294967295")]], DamagedLayer, "no user or group");
    is_refused(&[&[file("a").with("uid", b"99999999999999999999")]], DamagedLayer, "no user or group");
    is_refused(&[&[file("a").with("size", b"-1")]], DamagedLayer, "no size");
    is_refused(&[&[file("a").with("size", b"18446744073709551615")]], DamagedLayer, "no size");
    is_refused(&[&[file("a").with("size", b"9000000000000000000")]], LayerTooLarge, "allowed");
    is_refused(&[&[file("a").with("size", b"5000")]], DamagedLayer, "cut short");
    is_refused(&[&[file("a").with("mtime", b"yesterday")]], DamagedLayer, "a time is none");
    is_refused(&[&[file("a").with("SCHILY.xattr.user.a", &vec![b'a'; 70_000])]], LayerTooLarge, "extended attributes");
    for text in [
        "5 a=b\n",
        "99 a=b\n",
        "0 a=b\n",
        "a=b\n",
        "6 ab\n",
        "6 a=b ",
        "6 =ab\n",
        "-6 a=b\n",
        "06  a=b\n",
        "18446744073709551616 a=b\n",
    ] {
        let mut bytes = header(&Item::new("pax", b'x'), text.len()).to_vec();
        bytes.extend(text.as_bytes());
        bytes.resize(1024, 0);
        bytes.extend(archive(&[file("a")]));
        // The first is one record, and rest.
        let refusal = list(&[bytes]).expect_err(text);
        assert_eq!(refusal.code, DamagedLayer, "{text:?}: {refusal}");
    }
}

#[test]
fn an_extended_header_has_bounds() {
    let text = record("comment", &vec![b'c'; 1 << 20]);
    let mut bytes = header(&Item::new("pax", b'x'), text.len()).to_vec();
    bytes.extend(&text);
    assert_eq!(list(&[bytes]).unwrap_err().code, LayerTooLarge);
    // Says that it is long, and is not there.
    for flag in *b"xgLK" {
        let bytes = header(&Item::new("pax", flag), 0o7777_7777).to_vec();
        assert_eq!(list(&[bytes]).unwrap_err().code, LayerTooLarge);
    }
}

#[test]
fn headers_must_be_whole() {
    let good = archive(&[file("a")]);
    assert!(list(std::slice::from_ref(&good)).is_ok());
    let mut sum = good.clone();
    sum[0] = b'b';
    assert_eq!(list(&[sum]).unwrap_err().code, DamagedLayer);
    for length in [1, 100, 511, 513, 600] {
        assert_eq!(list(&[good[..length].to_vec()]).unwrap_err().message, "it is cut short", "{length}");
    }
    // An end that is not marked, or only by one block, is one all the same.
    for length in [0, 512 * 2, 512 * 3] {
        assert!(list(&[good[..length].to_vec()]).is_ok(), "{length}");
    }
    // What stands behind the end is nobody's.
    assert_eq!(told(&list(&[[good.clone(), archive(&[file("b")])].concat()]).unwrap()), ["a file x"]);
    for (at, field) in [(100, b"99999999"), (108, b"abcdefgh"), (124, b"-0000001"), (136, b"12 34567")] {
        let mut block = header(&file("a"), 1);
        block[at..at + 8].copy_from_slice(field);
        seal(&mut block);
        let refusal = list(&[[block.as_slice(), &[0; 1536]].concat()]).unwrap_err();
        assert_eq!(refusal.code, DamagedLayer, "{at}: {refusal}");
    }
}

#[test]
fn sparse_files_fit_together() {
    let sparse = |map: &str, size: &str, content: &[u8]| {
        let item =
            Item::file("s", content).with("GNU.sparse.map", map.as_bytes()).with("GNU.sparse.size", size.as_bytes());
        item.with("GNU.sparse.name", b"named")
    };
    becomes(&[&[sparse("0,1,4,2", "8", b"abc")]], &["named file a\\x00\\x00\\x00bc\\x00\\x00"]);
    for (map, size, content) in [
        ("0,1", "8", b"ab".as_slice()),
        ("0,2,1,1", "8", b"abc"),
        ("4,1,0,1", "8", b"ab"),
        ("7,2", "8", b"ab"),
        ("0,1,4", "8", b"a"),
        ("18446744073709551615,1", "8", b"a"),
        ("0,1", "18446744073709551616", b"a"),
        ("a,1", "8", b"a"),
    ] {
        let refusal = list(&[archive(&[sparse(map, size, content)])]).expect_err(map);
        assert_eq!(refusal.code, DamagedLayer, "{map}: {refusal}");
    }
    is_refused(&[&[sparse("0,1", "9000000000000000000", b"a")]], LayerTooLarge, "allowed");
    is_refused(&[&[sparse(&"0,0,".repeat(70_000), "8", b"")]], LayerTooLarge, "pieces");
    let ahead = |text: &str, rest: &[u8]| {
        let mut content = text.as_bytes().to_vec();
        content.resize(512, 0);
        content.extend(rest);
        let item = Item::file("s", &content).with("GNU.sparse.major", b"1").with("GNU.sparse.minor", b"0");
        item.with("GNU.sparse.realsize", b"6")
    };
    becomes(&[&[ahead("1\n2\n3\n", b"abc")]], &["s file \\x00\\x00abc\\x00"]);
    for text in ["1\n2\n", "\n", "99999999\n", "1\n5\n3\n", "1\n2\n2\n", "x\n", "18446744073709551616\n"] {
        assert!(list(&[archive(&[ahead(text, b"abc")])]).is_err(), "{text}");
    }
    let item = Item::file("s", b"").with("GNU.sparse.major", b"2").with("GNU.sparse.minor", b"0");
    is_refused(&[&[item]], UnsupportedLayer, "not known");
}

#[test]
fn names_are_bounded_together() {
    let name = |at: u32| format!("{}{at}", "n".repeat(80));
    let many = |count: u32| archive(&(0..count).map(|at| file(&name(at))).collect::<Vec<_>>());
    assert!(list(&[many(1000)]).is_ok());
    // In several layers, too: what is hidden was there.
    let layer = many(300_000);
    let refusal = list(&[layer.clone(), layer]).unwrap_err();
    assert_eq!(refusal.code, LayerTooLarge, "{refusal}");
    let value = vec![b'v'; 60_000];
    let items: Vec<Item> = (0..900).map(|at| file(&name(at)).with("SCHILY.xattr.user.a", &value)).collect();
    let refusal = list(&[archive(&items)]).unwrap_err();
    assert!(refusal.message.contains("more names, links and attributes"), "{refusal}");
}
