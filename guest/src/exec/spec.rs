//! What to run: the payload of `spec`, parsed strictly.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::failure::{Code, Failure};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub argv: Vec<String>,
    pub env: BTreeMap<String, String>,
    pub cwd: Option<String>,
    pub user: Option<String>,
    pub tty: Option<Tty>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tty {
    pub rows: u16,
    pub columns: u16,
    pub term: String,
}

impl Spec {
    pub fn parse(json: &[u8]) -> Result<Self, Failure> {
        let spec: Self = serde_json::from_slice(json).map_err(|error| bad(format!("the spec is not one: {error}")))?;
        spec.check()?;
        Ok(spec)
    }

    fn check(&self) -> Result<(), Failure> {
        let program = self.argv.first().ok_or_else(|| bad("argv is empty"))?;
        if program.is_empty() {
            return Err(bad("argv[0] is empty"));
        }
        let texts = self.argv.iter().chain(self.env.values()).chain(&self.cwd).chain(&self.user);
        if texts.into_iter().any(|text| text.contains('\0')) {
            return Err(bad("a text contains a zero byte"));
        }
        if let Some(name) = self.env.keys().find(|name| !is_env_name(name)) {
            return Err(bad(format!("{name:?} cannot name an environment variable")));
        }
        if let Some(cwd) = self.cwd.as_ref().filter(|cwd| !cwd.starts_with('/')) {
            return Err(bad(format!("cwd {cwd:?} is not absolute")));
        }
        match &self.tty {
            Some(tty) if tty.term.is_empty() || !tty.term.bytes().all(|c| c.is_ascii_graphic()) => {
                Err(bad(format!("{:?} cannot name a terminal", tty.term)))
            }
            _ => Ok(()),
        }
    }
}

/// What the kernel can carry, not what a shell can say.
pub fn is_env_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Code::BadSpec, message)
}

#[cfg(test)]
#[path = "spec_test.rs"]
mod tests;
