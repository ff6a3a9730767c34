use super::*;

fn code(json: &str) -> Option<Code> {
    Spec::parse(json.as_bytes()).err().map(|failure| failure.code)
}

#[test]
fn accepts_what_a_client_may_want() {
    assert_eq!(code(r#"{"argv":["true"],"env":{}}"#), None);
    assert_eq!(
        code(
            r#"{"argv":["a",""],"env":{"A":"","b c":"x=y"},"cwd":"/","user":"1:2","tty":{"rows":0,"columns":1,"term":"x"}}"#
        ),
        None
    );
}

#[test]
fn refuses_what_the_kernel_could_not_carry() {
    for json in [
        "",
        "[]",
        r#"{"argv":[],"env":{}}"#,
        r#"{"argv":[""],"env":{}}"#,
        r#"{"argv":["a\u0000"],"env":{}}"#,
        r#"{"argv":["a"],"env":{"":"x"}}"#,
        r#"{"argv":["a"],"env":{"A":"\u0000"}}"#,
        r#"{"argv":["a"],"env":{},"cwd":"relative"}"#,
        r#"{"argv":["a"],"env":{},"tty":{"rows":-1,"columns":1,"term":"x"}}"#,
        r#"{"argv":["a"],"env":{},"tty":{"rows":1,"columns":65536,"term":"x"}}"#,
        r#"{"argv":["a"],"env":{},"tty":{"rows":1,"columns":1,"term":"a b"}}"#,
        r#"{"argv":["a"],"argv":["b"],"env":{}}"#,
    ] {
        assert_eq!(code(json), Some(Code::BadSpec), "{json}");
    }
}
