//! The one-threaded event loop that everything but the wire's two threads runs in.

use std::io;

use tokio::runtime::Builder;
use tokio::task::LocalSet;

pub fn block_on<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    // Nothing here is meant for a thread pool.
    let runtime = Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(1).build()?;
    LocalSet::new().block_on(&runtime, work)
}
