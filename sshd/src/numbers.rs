//! The numbers of messages (RFC 4250, 4.1) and every bound on what a client may ask.

pub mod message {
    pub const DISCONNECT: u8 = 1;
    pub const IGNORE: u8 = 2;
    pub const UNIMPLEMENTED: u8 = 3;
    pub const DEBUG: u8 = 4;
    pub const SERVICE_REQUEST: u8 = 5;
    pub const SERVICE_ACCEPT: u8 = 6;
    pub const EXT_INFO: u8 = 7;
    pub const KEXINIT: u8 = 20;
    pub const NEWKEYS: u8 = 21;
    pub const KEX_INIT: u8 = 30;
    pub const KEX_REPLY: u8 = 31;
    pub const USERAUTH_REQUEST: u8 = 50;
    pub const USERAUTH_FAILURE: u8 = 51;
    pub const USERAUTH_SUCCESS: u8 = 52;
    pub const USERAUTH_PK_OK: u8 = 60;
    pub const GLOBAL_REQUEST: u8 = 80;
    pub const REQUEST_SUCCESS: u8 = 81;
    pub const REQUEST_FAILURE: u8 = 82;
    pub const CHANNEL_OPEN: u8 = 90;
    pub const CHANNEL_OPEN_CONFIRMATION: u8 = 91;
    pub const CHANNEL_OPEN_FAILURE: u8 = 92;
    pub const CHANNEL_WINDOW_ADJUST: u8 = 93;
    pub const CHANNEL_DATA: u8 = 94;
    pub const CHANNEL_EXTENDED_DATA: u8 = 95;
    pub const CHANNEL_EOF: u8 = 96;
    pub const CHANNEL_CLOSE: u8 = 97;
    pub const CHANNEL_REQUEST: u8 = 98;
    pub const CHANNEL_SUCCESS: u8 = 99;
    pub const CHANNEL_FAILURE: u8 = 100;
}

pub mod limit {
    use std::time::Duration;

    /// Of OpenSSH: a command comes in one packet, however long.
    pub const PACKET_BYTES: usize = 256 * 1024;
    /// Before the client has said its version.
    pub const GREETING_BYTES: usize = 8 * 1024;
    /// Of a channel's content, in either direction.
    pub const DATA_BYTES: u32 = 32 * 1024;
    /// What a client may send into a channel that nobody reads.
    pub const WINDOW_BYTES: u32 = 1024 * 1024;
    /// With all their windows full they take 64 MiB.
    pub const CHANNELS: usize = 64;
    pub const LISTENERS: usize = 16;
    /// Keys that are offered; an ssh-agent may hold many.
    pub const AUTH_REQUESTS: usize = 64;
    pub const LOGIN: Duration = Duration::from_secs(120);
    pub const CONNECT: Duration = Duration::from_secs(10);
    pub const VARIABLES: usize = 256;
    pub const VARIABLE_BYTES: usize = 64 * 1024;
    /// What waits to be sent: above it nothing more is read, and no channel is listened to.
    pub const OUTBOX_BYTES: usize = 1024 * 1024;
    /// Answers that are held back while keys change.
    pub const HELD_BYTES: usize = 4 * 1024 * 1024;
    /// After as much in either direction there are new keys; both ciphers stay far below what they could bear.
    pub const REKEY_BYTES: u64 = 1 << 30;
    pub const KEY_FILE_BYTES: u64 = 64 * 1024;
    /// How long those who have inherited a terminal are listened to after the end of the command.
    pub const LAST_WORDS: Duration = Duration::from_millis(250);
}
