//! The tree that the layers make together: what `umoci unpack` would make of them.
//!
//! - Folders on the way to an entry are found as in the guest's own root: links are followed, never out of it; what is missing is made.
//! - An entry takes the place of what was there, but a folder that comes again stays and only looks different.
//! - `.wh.NAME` removes what lower layers have of NAME, `.wh..wh..opq` what they have in a folder; what the same layer has put
//!   there, before or after, stays.
//! - A hard link may lead to what a lower layer has.
//!
//! Where `umoci` fails this refuses; it also refuses whiteouts of `.` and `..`, with which `umoci` would remove the folder itself.

use std::collections::BTreeMap;

use crate::erofs;
use crate::limits;
use crate::path::components;
use crate::refusal::{Outcome, Refusal, shown};
use crate::space::Run;
use crate::tar::{Entry, Kind, Times};

pub type Id = u32;
pub const ROOT: Id = 0;

/// What is allocated is rounded up to this.
const ALLOCATED_BYTES: usize = 16;
/// What an attribute takes besides its text.
const ATTRIBUTE_BYTES: usize = 80;
const SETGID: u16 = 0o2000;
const WHITEOUT: &[u8] = b".wh.";
/// Whiteouts that are none: what a file system of old kept for itself.
const WHITEOUT_META: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
/// What the guest's overlay would take for a word of its own.
const OVERLAY: [&[u8]; 2] = [b"trusted.overlay.", b"user.overlay."];
/// Of the policy of where the image was made. As with attributes that Linux does not know, `umoci` leaves it out.
const LABEL: &[u8] = b"security.selinux";

/// A thing, whatever it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inode {
    pub mode: u16,
    pub user: u32,
    pub group: u32,
    pub modified: Times,
    /// Names that it has; of a folder without those of its children.
    pub names: u32,
    pub body: Body,
    /// Full names and values, sorted.
    pub attributes: Option<Box<Attributes>>,
}

pub type Attributes = Vec<(Vec<u8>, Vec<u8>)>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Without blocks when it is empty.
    File {
        size: u64,
        first: u32,
    },
    Folder(Box<Folder>),
    Link(Box<[u8]>),
    CharacterDevice(u32, u32),
    BlockDevice(u32, u32),
    Fifo,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folder {
    pub children: BTreeMap<Box<[u8]>, Child>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Child {
    pub id: Id,
    /// The layer that put it there, or something below it.
    touched: u32,
}

/// What a layer says of one thing, with its content already in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    pub entry: Entry,
    pub content: Option<Run>,
}

pub struct Tree {
    pub inodes: Vec<Inode>,
    layer: u32,
    /// Blocks of content that nothing has any more.
    pub hidden: Vec<Run>,
    /// That names, targets of links and attributes take, hidden ones too.
    text_bytes: usize,
}

/// Names from the root, and what they are.
type Way<'a> = Vec<(&'a [u8], Id)>;

impl Default for Tree {
    fn default() -> Self {
        Self { inodes: vec![folder(Times::default())], layer: 0, hidden: Vec::new(), text_bytes: 0 }
    }
}

fn folder(modified: Times) -> Inode {
    Inode { mode: 0o755, user: 0, group: 0, modified, names: 1, body: Body::Folder(Box::default()), attributes: None }
}

impl Tree {
    /// What comes now is of the next layer.
    pub fn next_layer(&mut self) {
        self.layer += 1;
    }

    pub fn put(&mut self, put: Put) -> Outcome {
        let Put { mut entry, content } = put;
        let path = std::mem::take(&mut entry.path);
        let names = components(&path)?;
        self.put_at(&names, entry, content).map_err(|refusal| refusal.of(shown(&path)))
    }

    fn put_at(&mut self, names: &[&[u8]], entry: Entry, content: Option<Run>) -> Outcome {
        let Some((&name, folders)) = names.split_last() else {
            if entry.kind != Kind::Folder {
                return Err(Refusal::damaged("the root is a folder, and is not to become anything else"));
            }
            return self.dress(ROOT, &entry);
        };
        let parents = self.resolve(folders)?;
        if name.starts_with(WHITEOUT) {
            // Whatever content it has is nobody's.
            self.hidden.extend(content);
            return self.white_out(&parents, name);
        }
        let way = self.make_folders(&parents, entry.modified)?;
        let parent = way.last().map_or(ROOT, |&(_, id)| id);
        let before = self.child(parent, name);
        let is_folder_again = entry.kind == Kind::Folder && before.is_some_and(|id| self.is_folder(id));
        if !is_folder_again {
            // First, as umoci does: a link to what stood here leads nowhere.
            self.remove(parent, name);
        }
        let id = match (before, is_folder_again) {
            (Some(id), true) => id,
            _ if entry.kind == Kind::HardLink => {
                let target = self.link_target(&entry.link)?;
                self.inodes[target as usize].names += 1;
                target
            }
            _ => self.make(&entry, content)?,
        };
        if entry.kind != Kind::HardLink {
            self.dress(id, &entry)?;
        }
        self.link(parent, name, id)?;
        self.touch(&way);
        Ok(())
    }

    fn make(&mut self, entry: &Entry, content: Option<Run>) -> Outcome<Id> {
        self.hold(entry.link.len())?;
        let (major, minor) = entry.device;
        let body = match entry.kind {
            Kind::File => Body::File { size: entry.size, first: content.map_or(0, |run| run.first) },
            Kind::Folder => Body::Folder(Box::default()),
            Kind::SymbolicLink => Body::Link(symbolic(&entry.link)?),
            Kind::CharacterDevice => Body::CharacterDevice(major, minor),
            Kind::BlockDevice => Body::BlockDevice(major, minor),
            Kind::Fifo => Body::Fifo,
            Kind::HardLink => return Err(Refusal::damaged("a hard link is nothing of its own")),
        };
        self.add(Inode { body, ..folder(entry.modified) })
    }

    fn add(&mut self, inode: Inode) -> Outcome<Id> {
        let id = Id::try_from(self.inodes.len()).map_err(|_| Refusal::too_large("it holds too many things"))?;
        self.inodes.push(inode);
        Ok(id)
    }

    /// Gives a thing the owner, mode, time and attributes of an entry, and no others.
    fn dress(&mut self, id: Id, entry: &Entry) -> Outcome {
        let attributes = attributes(&entry.attributes)?;
        for (name, value) in attributes.iter().flat_map(|all| all.iter()) {
            self.hold(ATTRIBUTE_BYTES + name.len() + value.len())?;
        }
        let inode = &mut self.inodes[id as usize];
        // A symbolic link has no mode of its own.
        inode.mode = if matches!(inode.body, Body::Link(_)) { 0o777 } else { entry.mode };
        (inode.user, inode.group, inode.modified) = (entry.user, entry.group, entry.modified);
        inode.attributes = attributes;
        Ok(())
    }

    /// The names from the root at the end of all links. Some at the end may lead to nothing.
    fn resolve(&self, folders: &[&[u8]]) -> Outcome<Vec<Vec<u8>>> {
        let mut way: Vec<(Vec<u8>, Option<Id>)> = Vec::new();
        let mut rest: Vec<Vec<u8>> = folders.iter().rev().map(|name| name.to_vec()).collect();
        let mut links = 0;
        while let Some(name) = rest.pop() {
            match name.as_slice() {
                b"" | b"." => continue,
                b".." => {
                    way.pop();
                    continue;
                }
                _ => {}
            }
            let parent = way.last().map_or(Some(ROOT), |&(_, id)| id);
            let id = parent.and_then(|parent| self.child(parent, &name));
            let Some(Body::Link(target)) = id.map(|id| &self.inodes[id as usize].body) else {
                way.push((name, id));
                if way.len() > limits::DEPTH {
                    return Err(Refusal::too_large(format_args!("it is below more than {} folders", limits::DEPTH)));
                }
                continue;
            };
            links += 1;
            if links > limits::LINKS {
                return Err(Refusal::damaged("it is below links that go round in a circle"));
            }
            if target.starts_with(b"/") {
                way.clear();
            }
            rest.extend(target.split(|&byte| byte == b'/').rev().map(<[u8]>::to_vec));
            if rest.len() > limits::PATH_BYTES {
                return Err(Refusal::too_large("it is below links that get longer and longer"));
            }
        }
        Ok(way.into_iter().map(|(name, _)| name).collect())
    }

    /// Makes what is missing on the way.
    fn make_folders<'a>(&mut self, parents: &'a [Vec<u8>], modified: Times) -> Outcome<Way<'a>> {
        let mut way = Vec::with_capacity(parents.len());
        let mut at = ROOT;
        for name in parents {
            at = match self.child(at, name) {
                Some(id) if self.is_folder(id) => id,
                Some(_) => {
                    return Err(Refusal::damaged(format_args!("it is below {}, which is no folder", shown(name))));
                }
                None => {
                    let above = &self.inodes[at as usize];
                    // As Linux makes a folder below one with setgid.
                    let inherited = if above.mode & SETGID == 0 { (0, 0) } else { (SETGID, above.group) };
                    let made = folder(modified);
                    let id = self.add(Inode { mode: made.mode | inherited.0, group: inherited.1, ..made })?;
                    self.link(at, name, id)?;
                    id
                }
            };
            way.push((name.as_slice(), at));
        }
        Ok(way)
    }

    /// All on the way are the layer's, too: a whiteout of one of them leaves it.
    fn touch(&mut self, way: &[(&[u8], Id)]) {
        let mut at = ROOT;
        for &(name, id) in way {
            let layer = self.layer;
            if let Some(child) = self.children_mut(at).and_then(|children| children.get_mut(name)) {
                child.touched = layer;
            }
            at = id;
        }
    }

    fn white_out(&mut self, parents: &[Vec<u8>], name: &[u8]) -> Outcome {
        let mut at = ROOT;
        for part in parents {
            match self.child(at, part) {
                Some(id) => at = id,
                None => return Ok(()), // nothing to remove
            }
        }
        if name == OPAQUE {
            self.clear(at);
            return Ok(());
        }
        if name.starts_with(WHITEOUT_META) {
            return Ok(());
        }
        let name = &name[WHITEOUT.len()..];
        if matches!(name, b"" | b"." | b"..") {
            return Err(Refusal::damaged("a whiteout names nothing that could be removed"));
        }
        let Some(child) = self.children_mut(at).and_then(|children| children.get(name).copied()) else { return Ok(()) };
        if child.touched == self.layer {
            self.clear(child.id);
        } else {
            self.remove(at, name);
        }
        Ok(())
    }

    /// Removes what lower layers have in a folder, and below those of its folders that stay. Of anything else, nothing.
    fn clear(&mut self, id: Id) {
        let layer = self.layer;
        let mut folders = vec![id];
        while let Some(at) = folders.pop() {
            let Some(children) = self.children_mut(at) else { continue };
            let (ours, others): (Vec<_>, Vec<_>) = children
                .iter()
                .map(|(name, child)| (name.clone(), *child))
                .partition(|(_, child)| child.touched == layer);
            folders.extend(ours.into_iter().map(|(_, child)| child.id));
            for (name, _) in others {
                self.remove(at, &name);
            }
        }
    }

    /// Takes a name away, and with the last one the thing, and all that is below it.
    fn remove(&mut self, parent: Id, name: &[u8]) {
        let Some(child) = self.children_mut(parent).and_then(|children| children.remove(name)) else { return };
        let mut going = vec![child.id];
        while let Some(id) = going.pop() {
            let inode = &mut self.inodes[id as usize];
            inode.names -= 1;
            if inode.names > 0 {
                continue;
            }
            match std::mem::replace(&mut inode.body, Body::Fifo) {
                Body::Folder(folder) => going.extend(folder.children.values().map(|child| child.id)),
                Body::File { size, first } if size > 0 => {
                    let blocks = size.div_ceil(crate::space::BLOCK);
                    self.hidden.push(Run { first, blocks: blocks as u32 });
                }
                _ => {}
            }
        }
    }

    fn link_target(&self, link: &[u8]) -> Outcome<Id> {
        let missing = || Refusal::damaged(format_args!("it is a hard link to {}, which is not there", shown(link)));
        let names = components(link)?;
        let (&name, folders) = names.split_last().ok_or_else(|| Refusal::damaged("it is a hard link to the root"))?;
        let mut at = ROOT;
        for part in self.resolve(folders)? {
            at = self.child(at, &part).ok_or_else(missing)?;
        }
        let target = self.child(at, name).ok_or_else(missing)?;
        if self.is_folder(target) {
            return Err(Refusal::damaged(format_args!("it is a hard link to {}, which is a folder", shown(link))));
        }
        Ok(target)
    }

    /// Memory has to be enough for whatever anybody made.
    fn hold(&mut self, bytes: usize) -> Outcome {
        self.text_bytes += bytes.next_multiple_of(ALLOCATED_BYTES);
        if self.text_bytes > limits::TEXT_BYTES {
            return Err(Refusal::too_large("it holds more names, links and attributes than are allowed"));
        }
        Ok(())
    }

    fn link(&mut self, parent: Id, name: &[u8], id: Id) -> Outcome {
        self.hold(name.len())?;
        let child = Child { id, touched: self.layer };
        if let Some(children) = self.children_mut(parent) {
            children.insert(name.into(), child);
        }
        Ok(())
    }

    /// What a path leads to at the end of all links.
    pub fn find(&self, path: &[&[u8]]) -> Option<Id> {
        let names = self.resolve(path).ok()?;
        names.iter().try_fold(ROOT, |at, name| self.child(at, name))
    }

    pub fn child(&self, parent: Id, name: &[u8]) -> Option<Id> {
        match &self.inodes[parent as usize].body {
            Body::Folder(folder) => folder.children.get(name).map(|child| child.id),
            _ => None,
        }
    }

    fn children_mut(&mut self, id: Id) -> Option<&mut BTreeMap<Box<[u8]>, Child>> {
        match &mut self.inodes[id as usize].body {
            Body::Folder(folder) => Some(&mut folder.children),
            _ => None,
        }
    }

    fn is_folder(&self, id: Id) -> bool {
        matches!(self.inodes[id as usize].body, Body::Folder(_))
    }
}

fn symbolic(target: &[u8]) -> Outcome<Box<[u8]>> {
    match target.len() {
        0 => Err(Refusal::damaged("it is a symbolic link to nothing")),
        long if long >= limits::PATH_BYTES => {
            Err(Refusal::too_large(format_args!("it is a symbolic link of more than {} bytes", limits::PATH_BYTES - 1)))
        }
        _ => Ok(target.into()),
    }
}

fn attributes(all: &[(Vec<u8>, Vec<u8>)]) -> Outcome<Option<Box<Attributes>>> {
    let is_kept = |name: &[u8]| {
        name != LABEL && !OVERLAY.iter().any(|prefix| name.starts_with(prefix)) && erofs::is_attribute(name)
    };
    let kept: Attributes = all.iter().filter(|(name, _)| is_kept(name)).cloned().collect();
    let bytes: usize = kept.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > limits::ATTRIBUTES_BYTES {
        return Err(Refusal::too_large(format_args!(
            "it has more than {} bytes of extended attributes",
            limits::ATTRIBUTES_BYTES
        )));
    }
    if let Some((name, _)) = kept.iter().find(|(name, _)| name.len() > limits::NAME_BYTES) {
        return Err(Refusal::too_large(format_args!("an extended attribute has a long name: {}", shown(name))));
    }
    Ok(if kept.is_empty() { None } else { Some(Box::new(kept)) })
}
