//! Writes archives, as odd as a test wants them.

#[derive(Debug, Clone)]
pub struct Item {
    pub path: String,
    pub flag: u8,
    pub link: String,
    pub mode: u32,
    pub user: u32,
    pub group: u32,
    pub modified: u64,
    pub device: (u32, u32),
    pub content: Vec<u8>,
    pub records: Vec<(String, Vec<u8>)>,
}

impl Item {
    pub fn new(path: &str, flag: u8) -> Self {
        Self {
            path: path.to_owned(),
            flag,
            link: String::new(),
            mode: if flag == b'5' { 0o755 } else { 0o644 },
            user: 0,
            group: 0,
            modified: 1_000_000_000,
            device: (0, 0),
            content: Vec::new(),
            records: Vec::new(),
        }
    }

    pub fn file(path: &str, content: &[u8]) -> Self {
        Self { content: content.to_vec(), ..Self::new(path, b'0') }
    }

    pub fn link(path: &str, flag: u8, link: &str) -> Self {
        Self { link: link.to_owned(), ..Self::new(path, flag) }
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: &[u8]) -> Self {
        self.records.push((key.to_owned(), value.to_vec()));
        self
    }
}

/// An archive with its end.
pub fn archive(items: &[Item]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        append(&mut bytes, item);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn append(bytes: &mut Vec<u8>, item: &Item) {
    let mut records = item.records.clone();
    if item.path.len() > 100 {
        records.push(("path".into(), item.path.clone().into_bytes()));
    }
    if item.link.len() > 100 {
        records.push(("linkpath".into(), item.link.clone().into_bytes()));
    }
    if !records.is_empty() {
        let text: Vec<u8> = records.iter().flat_map(|(key, value)| record(key, value)).collect();
        bytes.extend(header(&Item { records: Vec::new(), ..Item::new("pax", b'x') }, text.len()));
        content(bytes, &text);
    }
    bytes.extend(header(item, item.content.len()));
    content(bytes, &item.content);
}

/// The length counts its own digits.
pub fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

fn content(bytes: &mut Vec<u8>, content: &[u8]) {
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
}

pub fn header(item: &Item, size: usize) -> [u8; 512] {
    let mut block = [0; 512];
    let mut put = |at: usize, field: &[u8]| block[at..at + field.len()].copy_from_slice(field);
    let cut = |text: &str, most: usize| text.as_bytes()[..text.len().min(most)].to_vec();
    put(0, &cut(&item.path, 100));
    put(100, format!("{:07o}\0", item.mode).as_bytes());
    put(108, format!("{:07o}\0", item.user).as_bytes());
    put(116, format!("{:07o}\0", item.group).as_bytes());
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", item.modified).as_bytes());
    put(156, &[item.flag]);
    put(157, &cut(&item.link, 100));
    put(257, b"ustar\x0000");
    put(329, format!("{:07o}\0", item.device.0).as_bytes());
    put(337, format!("{:07o}\0", item.device.1).as_bytes());
    seal(&mut block);
    block
}

/// Makes the sum fit what is there now.
pub fn seal(block: &mut [u8; 512]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
