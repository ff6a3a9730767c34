//! All layers, two at a time, and the one tree that they go into in their order.

use std::fs::File;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::erofs;
use crate::folder;
use crate::home;
use crate::job::{Job, Made, Part, Report};
use crate::layer::{self, Common};
use crate::refusal::{Outcome, Refusal};
use crate::release;
use crate::space::Space;
use crate::tree::{Put, Tree};

/// Batches of one layer that may wait for the layers below it: a hundred thousand entries, some megabytes.
const WAITING: usize = 400;
const THREADS: usize = 2;

/// A layer, and the end of its queue that the thread which reads it takes.
type Source<'a> = (&'a Part, Mutex<Option<SyncSender<Vec<Put>>>>);

/// Writes the file system to `out`, which is empty, and returns when it is on the disk. What a failure leaves in it is of no use.
pub fn merge(job: &Job, out: &File, report: &Report) -> Outcome<Made> {
    let common = Common {
        space: Space::new(out, job.limits.bytes),
        report,
        entries: AtomicU64::new(job.limits.entries),
        over: AtomicBool::new(false),
    };
    require_one_stream(&job.layers)?;
    let tree = read_all(&job.layers, &common)?;
    for &run in &tree.hidden {
        common.space.free(run)?;
    }
    let release = release::find(&tree, out);
    // A home that cannot be written is one that the guest makes.
    let has_seed = job.seed.as_ref().is_some_and(|seed| home::write(&tree, out, seed).unwrap_or(false));
    Ok(Made { release, has_seed, ..erofs::write(&tree, &common.space, out)? })
}

/// Whatever comes on standard input comes once, and nobody knew its digest beforehand.
fn require_one_stream(layers: &[Part]) -> Outcome {
    let mut streams = layers.iter().filter_map(|part| match part {
        Part::Archive(layer) if layer.is_stream() => Some(layer),
        _ => None,
    });
    match (streams.next(), streams.next()) {
        (Some(_), Some(_)) => Err(Refusal::system("the job is none", "it has more than one layer on standard input")),
        (Some(layer), None) if layer.digest.is_some() => {
            Err(Refusal::system("the job is none", "the layer on standard input has a digest"))
        }
        _ => Ok(()),
    }
}

/// What the layers say together. Their content is in its blocks then.
pub fn read_all(layers: &[Part], common: &Common<'_>) -> Outcome<Tree> {
    let (sources, mouths): (Vec<Source<'_>>, Vec<Receiver<Vec<Put>>>) = layers
        .iter()
        .map(|layer| {
            let (to, mouth) = sync_channel(WAITING);
            ((layer, Mutex::new(Some(to))), mouth)
        })
        .unzip();
    let failure = Mutex::new(None);
    let fail = |at: usize, refusal: Refusal| {
        common.over.store(true, Ordering::Relaxed);
        let refusal = match layers.len() {
            1 => refusal,
            all => refusal.of(format_args!("layer {} of {all}", at + 1)),
        };
        lock(&failure).get_or_insert(refusal);
    };
    let next = AtomicUsize::new(0);
    // In their order: the lowest one that is not done is always being read, and never waits for another.
    let read_some = || {
        while !common.is_over() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((layer, to)) = sources.get(at) else { return };
            let Some(to) = lock(to).take() else { continue };
            let outcome = match layer {
                Part::Archive(layer) => layer::read(layer, common, &to),
                Part::Folder(layer) => folder::read(&layer.folder, common, &to),
            };
            if let Err(refusal) = outcome {
                fail(at, refusal);
            }
        }
    };
    let tree = thread::scope(|scope| {
        for _ in 0..THREADS.min(layers.len()) {
            scope.spawn(read_some);
        }
        let mut tree = Tree::default();
        for (at, mouth) in mouths.into_iter().enumerate() {
            tree.next_layer();
            while let Some(batch) = receive(&mouth, common) {
                for put in batch {
                    if let Err(refusal) = tree.put(put) {
                        fail(at, refusal);
                        break;
                    }
                }
            }
        }
        tree
    });
    match lock(&failure).take() {
        Some(refusal) => Err(refusal),
        None => Ok(tree),
    }
}

/// The next batch of a layer; none at its end, and none when all is over.
fn receive(mouth: &Receiver<Vec<Put>>, common: &Common<'_>) -> Option<Vec<Put>> {
    if common.is_over() { None } else { mouth.recv().ok() }
}

/// A thread that panicked has ended all others with it.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
