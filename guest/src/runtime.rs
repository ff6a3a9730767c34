//! The one-threaded event loop that everything but the wire's two threads runs in.

use std::io;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

pub fn block_on<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    // Nothing here is meant for a thread pool.
    let runtime = Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(1).build()?;
    LocalSet::new().block_on(&runtime, work)
}

/// Does what blocks; the event loop goes on meanwhile.
pub async fn in_thread<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new().name(name.into()).spawn(move || drop(tell.send(work())))?;
    told.await.map_err(|_| io::Error::other("its thread ended early"))
}
