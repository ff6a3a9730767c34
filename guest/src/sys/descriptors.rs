//! Descriptors that the agent's parent left open.

/// Lets no command inherit what the agent itself inherited.
pub fn keep_inherited_from_children() {
    // SAFETY: takes numbers; it marks descriptors and closes none. A kernel too old for it leaves things as they are.
    unsafe { libc::close_range(3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC.cast_signed()) };
}
