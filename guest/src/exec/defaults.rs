//! Who runs a command, and where, when its spec does not say: what the image of the guest says.

use serde::Deserialize;

use super::failure::{Code, Failure};
use super::spec::Spec;
use super::user::Account;

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Whose word it is, for messages.
    pub image: String,
    pub user: Option<String>,
    /// Absolute.
    pub cwd: Option<String>,
}

impl Defaults {
    pub fn account(&self, spec: &Spec) -> Result<Account, Failure> {
        match (&spec.user, &self.user) {
            (None, Some(user)) => Account::find(Some(user)).map_err(|failure| self.explain(failure, Code::BadUser)),
            (wanted, _) => Account::find(wanted.as_deref()),
        }
    }

    /// Whether the spec has its folder from here.
    pub fn choose_folder(&self, spec: &mut Spec) -> bool {
        let is_ours = spec.cwd.is_none() && self.cwd.is_some();
        if is_ours {
            spec.cwd.clone_from(&self.cwd);
        }
        is_ours
    }

    /// Says of a failure by `code` whose word has led to it.
    pub fn explain(&self, failure: Failure, code: Code) -> Failure {
        if failure.code != code {
            return failure;
        }
        Failure::new(code, format!("{}: that is what image {} says", failure.message, self.image))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: &str) -> Spec {
        Spec::parse(json.as_bytes()).unwrap()
    }

    fn defaults(user: Option<&str>, cwd: Option<&str>) -> Defaults {
        Defaults { image: "web".into(), user: user.map(str::to_owned), cwd: cwd.map(str::to_owned) }
    }

    #[test]
    fn the_spec_goes_before_the_image() {
        let image = defaults(Some("31:32"), Some("/srv"));
        let mut silent = spec(r#"{"argv":["a"],"env":{}}"#);
        let account = image.account(&silent).unwrap();
        assert_eq!((account.uid, account.gid), (31, 32));
        assert!(image.choose_folder(&mut silent));
        assert_eq!(silent.cwd.as_deref(), Some("/srv"));
        let mut certain = spec(r#"{"argv":["a"],"env":{},"user":"root","cwd":"/tmp"}"#);
        assert_eq!(image.account(&certain).unwrap().uid, 0);
        assert!(!image.choose_folder(&mut certain));
        assert_eq!(certain.cwd.as_deref(), Some("/tmp"));
        let mut silent = spec(r#"{"argv":["a"],"env":{}}"#);
        assert!(!Defaults::default().choose_folder(&mut silent));
        assert_eq!(silent.cwd, None, "the home");
    }

    #[test]
    fn a_failure_says_whose_word_it_was() {
        let image = defaults(Some("no-such-user"), None);
        let silent = spec(r#"{"argv":["a"],"env":{}}"#);
        let failure = image.account(&silent).unwrap_err();
        assert_eq!(failure.code, Code::BadUser);
        assert_eq!(failure.message, "there is no user \"no-such-user\" in the guest: that is what image web says");
        let other = Failure::new(Code::NotFound, "there is none");
        assert_eq!(image.explain(other.clone(), Code::BadCwd), other);
    }
}
