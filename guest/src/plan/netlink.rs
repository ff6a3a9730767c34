//! Requests to the kernel's network configuration, byte by byte. One request, one acknowledgement.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, send, socket_with};

const NLMSG_ERROR: u16 = 2;
const REQUEST: u16 = 0x1;
const ACK: u16 = 0x4;
const REPLACE: u16 = 0x100;
const CREATE: u16 = 0x400;
const HEADER_BYTES: usize = 16;

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const AF_INET: u8 = 2;

pub struct Netlink(OwnedFd);

impl Netlink {
    pub fn open() -> io::Result<Self> {
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        Ok(Self(socket))
    }

    /// Brings a link up, and sets its largest packet.
    pub fn link_up(&self, index: u32, mtu: Option<u32>) -> io::Result<()> {
        const IFF_UP: u32 = 1;
        const IFLA_MTU: u16 = 4;
        let mut message = Message::new(RTM_NEWLINK, 0);
        message.put(&[0, 0]).put(&0_u16.to_ne_bytes()).put(&index.to_ne_bytes());
        message.put(&IFF_UP.to_ne_bytes()).put(&IFF_UP.to_ne_bytes());
        if let Some(mtu) = mtu {
            message.attribute(IFLA_MTU, &mtu.to_ne_bytes());
        }
        self.request(message)
    }

    pub fn set_address(&self, index: u32, address: Ipv4Addr, length: u8) -> io::Result<()> {
        const IFA_ADDRESS: u16 = 1;
        const IFA_LOCAL: u16 = 2;
        const IFA_BROADCAST: u16 = 4;
        let mut message = Message::new(RTM_NEWADDR, CREATE | REPLACE);
        message.put(&[AF_INET, length, 0, 0]).put(&index.to_ne_bytes());
        message.attribute(IFA_LOCAL, &address.octets()).attribute(IFA_ADDRESS, &address.octets());
        if length < 31 {
            let hosts = u32::MAX.checked_shr(length.into()).unwrap_or(0);
            message.attribute(IFA_BROADCAST, &(address.to_bits() | hosts).to_be_bytes());
        }
        self.request(message)
    }

    pub fn set_default_route(&self, index: u32, gateway: Ipv4Addr) -> io::Result<()> {
        const MAIN_TABLE: u8 = 254;
        const FROM_BOOT: u8 = 3;
        const EVERYWHERE: u8 = 0;
        const UNICAST: u8 = 1;
        /// The gateway need not be within the address's prefix.
        const ON_LINK: u32 = 4;
        const RTA_OIF: u16 = 4;
        const RTA_GATEWAY: u16 = 5;
        let mut message = Message::new(RTM_NEWROUTE, CREATE | REPLACE);
        message.put(&[AF_INET, 0, 0, 0, MAIN_TABLE, FROM_BOOT, EVERYWHERE, UNICAST]).put(&ON_LINK.to_ne_bytes());
        message.attribute(RTA_GATEWAY, &gateway.octets()).attribute(RTA_OIF, &index.to_ne_bytes());
        self.request(message)
    }

    fn request(&self, message: Message) -> io::Result<()> {
        send(&self.0, &message.finish(), SendFlags::empty())?;
        let mut answer = [0_u8; 4096];
        let (_, count) = recv(&self.0, &mut answer, RecvFlags::empty())?;
        match acknowledged(&answer[..count.min(answer.len())]) {
            Some(0) => Ok(()),
            Some(code) => Err(io::Error::from_raw_os_error(-code)),
            None => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

fn acknowledged(answer: &[u8]) -> Option<i32> {
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    let code = i32::from_ne_bytes(answer.get(HEADER_BYTES..HEADER_BYTES + 4)?.try_into().ok()?);
    (kind == NLMSG_ERROR).then_some(code)
}

struct Message(Vec<u8>);

impl Message {
    fn new(kind: u16, flags: u16) -> Self {
        let mut message = Self(vec![0; 4]);
        message.put(&kind.to_ne_bytes()).put(&(REQUEST | ACK | flags).to_ne_bytes()).put(&[0; 8]);
        message
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// All of ours are short; each is padded to four bytes.
    fn attribute(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let length = u16::try_from(4 + value.len()).expect("attributes are short");
        self.put(&length.to_ne_bytes()).put(&kind.to_ne_bytes()).put(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).expect("messages are short");
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_understands_our_requests() {
        // Link 0 does not exist: the kernel parses the whole request and then says so, or that we may not ask.
        let netlink = Netlink::open().unwrap();
        for result in [
            netlink.link_up(i32::MAX as u32, Some(1400)),
            netlink.set_address(i32::MAX as u32, Ipv4Addr::new(192, 0, 2, 1), 24),
            netlink.set_default_route(i32::MAX as u32, Ipv4Addr::new(192, 0, 2, 2)),
        ] {
            let code = result.unwrap_err().raw_os_error();
            assert!(matches!(code, Some(libc::ENODEV | libc::EPERM)), "{code:?}");
        }
    }
}
