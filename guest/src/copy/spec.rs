//! What is to be copied where: the payload of `spec`, parsed strictly.

use serde::Deserialize;

use super::wire::Stop;

#[derive(Debug, Deserialize)]
#[serde(tag = "direction", rename_all = "camelCase", deny_unknown_fields)]
pub enum Spec {
    /// The host sends.
    #[serde(rename_all = "camelCase")]
    In {
        to: String,
        /// `to` must be a folder that exists: several things are to be put in it.
        several: bool,
        /// `user` or `user:group`; the agent's own when absent.
        owner: Option<String>,
        resume: bool,
        checksum: bool,
    },
    /// The guest sends.
    #[serde(rename_all = "camelCase")]
    Out {
        from: Vec<String>,
        /// What links lead to is sent in their place.
        follow: bool,
    },
}

impl Spec {
    pub fn parse(json: &[u8]) -> Result<Self, Stop> {
        let spec: Self = serde_json::from_slice(json)
            .map_err(|error| Stop::failed("bad_spec", format!("the spec is not one: {error}")))?;
        let mut paths = match &spec {
            Self::In { to, .. } => std::slice::from_ref(to).iter(),
            Self::Out { from, .. } => from.iter(),
        };
        if paths.any(|path| path.contains('\0')) {
            return Err(Stop::failed("bad_spec", "a path contains a zero byte"));
        }
        Ok(spec)
    }
}
