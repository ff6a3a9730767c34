//! Who it is (RFC 4252): by a public key, and nothing else.

use crate::account::Account;
use crate::broken::{Broken, Outcome, Reason};
use crate::numbers::{limit, message};
use crate::user_key::{self, Authorized};
use crate::wire::{Reader, Writer};

const SERVICE: &str = "ssh-connection";
const METHOD: &str = "publickey";

pub struct Auth {
    authorized: Authorized,
    find: fn(&str) -> Option<Account>,
    requests: usize,
    may_ask: bool,
}

pub enum Answer {
    Say(Vec<u8>),
    Accepted(Account),
}

impl Auth {
    pub fn new(authorized: Authorized, find: fn(&str) -> Option<Account>) -> Self {
        Self { authorized, find, requests: 0, may_ask: false }
    }

    pub fn receive(&mut self, session: &[u8], payload: &[u8]) -> Outcome<Answer> {
        let mut reader = Reader::new(payload);
        match reader.byte()? {
            message::SERVICE_REQUEST => {
                if reader.text()? != "ssh-userauth" {
                    return Err(Broken::new(Reason::Service, "that service is not offered"));
                }
                self.may_ask = true;
                Ok(Answer::Say(Writer::message(message::SERVICE_ACCEPT).string("ssh-userauth").done()))
            }
            message::USERAUTH_REQUEST if self.may_ask => {
                self.requests += 1;
                if self.requests > limit::AUTH_REQUESTS {
                    return Err(Broken::new(Reason::NoMoreMethods, "too many keys were tried"));
                }
                self.request(session, payload, reader)
            }
            _ => Err(Broken::protocol("a message came before anybody was known")),
        }
    }

    fn request(&self, session: &[u8], payload: &[u8], mut reader: Reader) -> Outcome<Answer> {
        let (name, service, method) = (reader.text()?, reader.text()?, reader.text()?);
        if service != SERVICE {
            return Err(Broken::new(Reason::Service, "that service is not offered"));
        }
        if method != METHOD {
            return Ok(no());
        }
        let has_signature = reader.boolean()?;
        let (algorithm, blob) = (reader.text()?, reader.string()?);
        let is_known = user_key::type_of(algorithm).is_some() && self.authorized.has(blob);
        let Some(account) = (self.find)(name).filter(|_| is_known) else { return Ok(no()) };
        if !has_signature {
            return Ok(Answer::Say(Writer::message(message::USERAUTH_PK_OK).string(algorithm).string(blob).done()));
        }
        let signed_bytes = payload.len() - reader.clone().rest().len();
        let signature = reader.string()?;
        reader.end()?;
        let signed = Writer::default().string(session).raw(&payload[..signed_bytes]).done();
        if user_key::has_signed(algorithm, blob, signature, &signed) { Ok(Answer::Accepted(account)) } else { Ok(no()) }
    }
}

fn no() -> Answer {
    Answer::Say(Writer::message(message::USERAUTH_FAILURE).string(METHOD).boolean(false).done())
}

#[cfg(test)]
#[path = "auth_test.rs"]
mod tests;
