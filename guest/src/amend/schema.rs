//! What is to be changed, parsed strictly.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::plan::schema::{self, Peer, Time};

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    pub time: Option<Time>,
    #[serde(default, deserialize_with = "hostname")]
    pub hostname: Option<String>,
    /// Replaces the environment of the plan.
    #[serde(default, deserialize_with = "env")]
    pub env: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub disks: Vec<Disk>,
    /// Replaces those of the plan.
    #[serde(default, deserialize_with = "peers")]
    pub peers: Option<Vec<Peer>>,
}

/// A disk that the host has made longer.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    pub serial: String,
    pub bytes: u64,
}

impl Amendment {
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| format!("the amendment is not one: {error}"))
    }
}

fn hostname<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    schema::hostname(from).map(Some)
}

fn env<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    schema::env(from).map(Some)
}

fn peers<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Peer>>, D::Error> {
    schema::peers(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_may_be_left_out() {
        assert_eq!(Amendment::parse(b"{}"), Ok(Amendment::default()));
        let text =
            br#"{"time":{"unixMs":7},"hostname":"dev","env":{"A":"1"},"disks":[{"serial":"work","bytes":4096}],"peers":[]}"#;
        let amendment = Amendment::parse(text).unwrap();
        assert_eq!(amendment.time, Some(Time { unix_ms: 7 }));
        assert_eq!(amendment.hostname.as_deref(), Some("dev"));
        assert_eq!(amendment.disks, [Disk { serial: "work".into(), bytes: 4096 }]);
        assert_eq!(amendment.peers, Some(Vec::new()));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"surprise":1}"#,
            r#"{"hostname":"two words"}"#,
            r#"{"hostname":null}"#,
            r#"{"env":{"A=B":"1"}}"#,
            r#"{"time":{"unixMs":-1}}"#,
            r#"{"peers":[{"address":"198.19.0.2","names":["a\nb"]}]}"#,
            r#"{"peers":[{"address":"::1","names":["a"]}]}"#,
            r#"{"disks":[{"serial":"work","bytes":1,"more":2}]}"#,
        ] {
            assert!(Amendment::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
