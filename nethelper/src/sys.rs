//! What takes `unsafe`: capabilities, what a child does to itself before it becomes a program, the TAP's one ioctl, and signals.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A capability, by the kernel's number.
pub type Capability = u32;

pub mod capability {
    pub const CHOWN: u32 = 0;
    pub const KILL: u32 = 5;
    pub const SETGID: u32 = 6;
    pub const SETUID: u32 = 7;
    pub const SETPCAP: u32 = 8;
    pub const NET_ADMIN: u32 = 12;
    pub const SYS_ADMIN: u32 = 21;
}

/// Who a child is to be when it becomes a program.
#[derive(Debug, Clone, Copy)]
pub enum Who {
    /// Root with these capabilities and no others.
    Root(&'static [Capability]),
    /// A user without a group of its own, who has these capabilities as long as the program keeps them.
    User(u32, &'static [Capability]),
}

/// Whom no file belongs to.
const NOBODYS_GROUP: u32 = 65_534;

const LAST_CAPABILITY: u32 = 63;

/// Gives up all capabilities but these, for good, and whatever a program's file could add to them.
pub fn keep_only(kept: &[Capability]) -> io::Result<()> {
    drop_bounding(kept);
    // SAFETY: two numbers.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    set_capabilities(held()? & mask(kept), 0)
}

/// Nothing that is started from here on gains rights by its file.
pub fn gain_nothing() -> io::Result<()> {
    // SAFETY: two numbers.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }).map(drop)
}

/// Has the command be run as somebody, inside of a network namespace where one is given, with a fresh start for its signals.
pub fn prepare(command: &mut Command, who: Who, namespace: Option<BorrowedFd<'_>>) {
    let namespace = namespace.map(|fd| fd.as_raw_fd());
    let in_child = move || {
        reset_signals();
        if let Some(fd) = namespace {
            // SAFETY: two numbers; the descriptor is the parent's, and open in the child as well.
            check(unsafe { libc::setns(fd, libc::CLONE_NEWNET) })?;
        }
        become_somebody(who)
    };
    // SAFETY: the closure makes system calls only, on memory of its own.
    unsafe { command.pre_exec(in_child) };
}

fn become_somebody(who: Who) -> io::Result<()> {
    match who {
        Who::Root(kept) => {
            // What it is in the middle of is done again by the next helper, and not beside it.
            // SAFETY: numbers.
            check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) })?;
            drop_bounding(kept);
            set_capabilities(held()? & mask(kept), 0)
        }
        Who::User(uid, kept) => {
            drop_bounding(kept);
            // SAFETY: numbers, and no list of groups.
            unsafe {
                check(libc::setgroups(0, std::ptr::null()))?;
                check(libc::setresgid(NOBODYS_GROUP, NOBODYS_GROUP, NOBODYS_GROUP))?;
                check(libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0))?;
                check(libc::setresuid(uid, uid, uid))?;
            }
            set_capabilities(held()? & mask(kept), mask(kept))?;
            for &capability in kept {
                // SAFETY: numbers.
                check(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE, capability, 0, 0) })?;
            }
            Ok(())
        }
    }
}

/// What a program may expect of its parent. pasta, which outlives who started it and may write to a pipe that nobody reads, ignores
/// `SIGPIPE` by itself, and ends at once where that was ignored before.
fn reset_signals() {
    let mut nothing = MaybeUninit::uninit();
    // SAFETY: the set is made before it is used.
    unsafe {
        libc::sigemptyset(nothing.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, nothing.as_ptr(), std::ptr::null_mut());
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

/// Blocks the signals by which we are told to end; for all threads, when there is only one yet.
pub fn hold_back_ends() -> io::Result<()> {
    let set = ends();
    // SAFETY: the set is made.
    match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Returns when we are told to end.
pub fn wait_for_end() {
    let (set, mut signal) = (ends(), 0);
    // SAFETY: both outlive the call.
    while unsafe { libc::sigwait(&raw const set, &raw mut signal) } != 0 {}
}

fn ends() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the set is made before it is read.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// Who was at the other end of a socket when it was connected, or listened to. None where the kernel does not say. (A peer in a process
/// namespace that we do not see has the number 0, which is no number to those who take a process to have one.)
pub fn peer_uid(socket: &impl AsRawFd) -> Option<u32> {
    let mut peer = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut bytes = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the kernel writes no more than there is room for.
    let result = unsafe {
        let (level, what) = (libc::SOL_SOCKET, libc::SO_PEERCRED);
        libc::getsockopt(socket.as_raw_fd(), level, what, (&raw mut peer).cast(), &raw mut bytes)
    };
    (result == 0 && bytes as usize == size_of::<libc::ucred>()).then_some(peer.uid)
}

/// Opens the other end of a card that is there, in the network namespace of this thread. `ResourceBusy` when somebody has it.
pub fn attach(card: &str) -> io::Result<OwnedFd> {
    /// `struct ifreq`, as far as it is asked for.
    #[repr(C)]
    struct Wanted {
        name: [u8; libc::IFNAMSIZ],
        flags: libc::c_short,
        rest: [u8; 22],
    }
    const FLAGS: libc::c_int = libc::IFF_TAP | libc::IFF_NO_PI | libc::IFF_VNET_HDR;
    let mut wanted = Wanted { name: [0; libc::IFNAMSIZ], flags: FLAGS as libc::c_short, rest: [0; 22] };
    // One byte is left, a zero.
    let room = &mut wanted.name[..libc::IFNAMSIZ - 1];
    room.get_mut(..card.len()).ok_or(io::ErrorKind::InvalidInput)?.copy_from_slice(card.as_bytes());
    // SAFETY: a path that ends in a zero, and numbers; what comes back is ours alone.
    let tun = unsafe {
        let fd = check(libc::open(c"/dev/net/tun".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC | libc::O_NONBLOCK))?;
        OwnedFd::from_raw_fd(fd)
    };
    // SAFETY: the kernel reads and writes 40 bytes, as many as there are.
    check(unsafe { libc::ioctl(tun.as_raw_fd(), libc::TUNSETIFF, &raw mut wanted) })?;
    Ok(tun)
}

/// Has a descriptor be this number, too, for the program that we are about to become.
pub fn put_at(fd: OwnedFd, number: RawFd) -> io::Result<()> {
    use std::os::fd::IntoRawFd;
    let fd = fd.into_raw_fd();
    // SAFETY: numbers; whatever had the number before is closed, and nothing of ours has it.
    unsafe {
        if fd == number {
            check(libc::fcntl(fd, libc::F_SETFD, 0))?;
        } else {
            check(libc::dup2(fd, number))?;
            libc::close(fd);
        }
    }
    Ok(())
}

fn drop_bounding(kept: &[Capability]) {
    for capability in (0..=LAST_CAPABILITY).filter(|capability| !kept.contains(capability)) {
        // SAFETY: numbers. Those that this kernel does not know are refused; who may drop none has none that counts.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
    }
}

fn mask(capabilities: &[Capability]) -> u64 {
    capabilities.iter().fold(0, |mask, capability| mask | 1 << capability)
}

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Half {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// `_LINUX_CAPABILITY_VERSION_3`: two halves.
const FORM: u32 = 0x2008_0522;

/// What this thread may have.
fn held() -> io::Result<u64> {
    let (mut header, mut halves) = (Header { version: FORM, pid: 0 }, [Half::default(); 2]);
    // SAFETY: the kernel writes two halves, as many as there are.
    check_long(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, halves.as_mut_ptr()) })?;
    Ok(u64::from(halves[0].permitted) | u64::from(halves[1].permitted) << 32)
}

fn set_capabilities(held: u64, inheritable: u64) -> io::Result<()> {
    let half = |shift: u32| Half {
        effective: (held >> shift) as u32,
        permitted: (held >> shift) as u32,
        inheritable: (inheritable >> shift) as u32,
    };
    let (mut header, halves) = (Header { version: FORM, pid: 0 }, [half(0), half(32)]);
    // SAFETY: the kernel reads two halves, as many as there are.
    check_long(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, halves.as_ptr()) })
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn check_long(result: libc::c_long) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
