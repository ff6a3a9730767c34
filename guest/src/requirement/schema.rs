//! What to wait for, parsed strictly.

use serde::Deserialize;

/// The host's longest deadline, and somewhat more.
const MOST_PATIENCE_MS: u64 = 2 * 60 * 60 * 1000;
const MOST_ARGUMENTS: usize = 256;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Wish {
    pub probe: Probe,
    pub patience_ms: u64,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", tag = "kind")]
pub enum Probe {
    /// Something listens on the port, on whatever address.
    Tcp { port: u16 },
    /// systemd calls the unit active.
    Unit { unit: String },
    /// The program ends with code 0.
    Command { argv: Vec<String> },
    /// There is something at the path.
    File { path: String },
}

impl Wish {
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let wish: Self = serde_json::from_slice(json).map_err(|error| format!("the wish is not one: {error}"))?;
        if wish.patience_ms > MOST_PATIENCE_MS {
            return Err(format!("a patience of {} ms is too long", wish.patience_ms));
        }
        wish.probe.check()?;
        Ok(wish)
    }
}

impl Probe {
    fn check(&self) -> Result<(), String> {
        match self {
            Self::Tcp { port: 0 } => Err("0 is not a port".into()),
            Self::Tcp { .. } => Ok(()),
            Self::Unit { unit } if is_unit(unit) => Ok(()),
            Self::Unit { unit } => Err(format!("{unit:?} cannot name a unit")),
            Self::Command { argv } => check_argv(argv),
            Self::File { path } if path.starts_with('/') && !path.contains('\0') => Ok(()),
            Self::File { path } => Err(format!("{path:?} is not an absolute path")),
        }
    }
}

fn is_unit(unit: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b":_.@\\-".contains(&c);
    (1..=255).contains(&unit.len()) && unit.bytes().all(allowed) && !unit.starts_with('-')
}

fn check_argv(argv: &[String]) -> Result<(), String> {
    match argv.first() {
        None => Err("argv is empty".into()),
        Some(program) if program.is_empty() => Err("argv[0] is empty".into()),
        Some(_) if argv.len() > MOST_ARGUMENTS => Err(format!("argv has {} elements", argv.len())),
        Some(_) if argv.iter().any(|text| text.contains('\0')) => Err("an argument contains a zero byte".into()),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_kind() {
        let parse = |probe: &str| Wish::parse(format!(r#"{{"probe":{probe},"patienceMs":5}}"#).as_bytes());
        let probe = |text: &str| parse(text).unwrap().probe;
        assert_eq!(probe(r#"{"kind":"tcp","port":8080}"#), Probe::Tcp { port: 8080 });
        assert_eq!(probe(r#"{"kind":"unit","unit":"a@b.service"}"#), Probe::Unit { unit: "a@b.service".into() });
        assert_eq!(probe(r#"{"kind":"command","argv":["true"]}"#), Probe::Command { argv: vec!["true".into()] });
        assert_eq!(probe(r#"{"kind":"file","path":"/a b"}"#), Probe::File { path: "/a b".into() });
        for wrong in [
            r#"{"kind":"tcp","port":0}"#,
            r#"{"kind":"tcp","port":65536}"#,
            r#"{"kind":"tcp","port":1,"host":"x"}"#,
            r#"{"kind":"unit","unit":"--now"}"#,
            r#"{"kind":"unit","unit":"a b"}"#,
            r#"{"kind":"unit","unit":""}"#,
            r#"{"kind":"command","argv":[]}"#,
            r#"{"kind":"command","argv":["a\u0000b"]}"#,
            r#"{"kind":"file","path":"relative"}"#,
            r#"{"kind":"dream"}"#,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(Wish::parse(br#"{"probe":{"kind":"tcp","port":1},"patienceMs":99999999999}"#).is_err());
    }
}
