//! `banger-sshd serve --host-key FILE --authorized-keys FILE` serves the connection on stdin and stdout; what is in its environment, every
//! command gets. `banger-sshd make-key FILE` makes a host key, with its public half in `FILE.pub`.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use banger_sshd::host_key::{self, HostKey};
use banger_sshd::numbers::limit;
use banger_sshd::serve::{Options, serve};
use banger_sshd::user_key::Authorized;

const USAGE: &str = "usage: banger-sshd serve --host-key FILE --authorized-keys FILE [--rekey-bytes N]
       banger-sshd make-key FILE";

fn main() -> ExitCode {
    let words: Vec<String> = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["make-key", path] => host_key::make(Path::new(path)).map_err(|error| cannot("make the key", path, &error)),
        ["serve", "--host-key", host_key, "--authorized-keys", keys] => run(host_key, keys, limit::REKEY_BYTES),
        ["serve", "--host-key", host_key, "--authorized-keys", keys, "--rekey-bytes", bytes] => match bytes.parse() {
            Ok(bytes) => run(host_key, keys, bytes),
            Err(_) => return usage(),
        },
        _ => return usage(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("banger-sshd: {message}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn cannot(what: &str, path: &str, error: &io::Error) -> String {
    format!("cannot {what} {path}: {error}")
}

fn run(host_key: &str, keys: &str, rekey_bytes: u64) -> Result<(), String> {
    let options = Options {
        host_key: HostKey::load(Path::new(host_key)).map_err(|error| cannot("use the host key", host_key, &error))?,
        authorized: Authorized::parse(&read(keys).map_err(|error| cannot("read", keys, &error))?),
        environment: env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        rekey_bytes,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot begin: {error}"))?;
    let tasks = tokio::task::LocalSet::new();
    // What is left when the client has gone ends with it: terminals hang up, pipes break.
    tasks.block_on(&runtime, serve(options)).map_err(|broken| broken.message)
}

fn read(path: &str) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(limit::KEY_FILE_BYTES).read_to_string(&mut text)?;
    Ok(text)
}
