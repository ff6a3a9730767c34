//! The processor's time stamp counter.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__cpuid, _mm_lfence, _rdtsc};

/// The counter, read after everything before it has been done.
pub fn read() -> u64 {
    // SAFETY: both instructions exist on every x86-64 and touch no memory.
    unsafe {
        _mm_lfence();
        _rdtsc()
    }
}

/// Whether the processor says that the counter runs evenly in all its power states.
pub fn is_invariant() -> bool {
    const ADVANCED_POWER: u32 = 0x8000_0007;
    __cpuid(0x8000_0000).eax >= ADVANCED_POWER && __cpuid(ADVANCED_POWER).edx & (1 << 8) != 0
}
