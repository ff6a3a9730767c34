use std::fs;
use std::os::unix::fs::symlink;

use super::*;

#[test]
fn removes_what_is_named_and_follows_no_link() {
    let home = std::env::temp_dir().join(format!("banger-forget-{}", std::process::id()));
    let outside = home.with_extension("outside");
    for path in [&home, &outside] {
        let _ = fs::remove_dir_all(path);
        fs::create_dir_all(path).unwrap();
    }
    fs::create_dir_all(home.join(".ssh")).unwrap();
    fs::create_dir_all(home.join(".config/gh/deep")).unwrap();
    for file in
        [".netrc", ".ssh/id_rsa", ".ssh/id_rsa.pub", ".ssh/config", ".config/gh/hosts.yml", ".config/gh/deep/x", "kept"]
    {
        fs::write(home.join(file), "word").unwrap();
    }
    fs::write(outside.join("token"), "word").unwrap();
    symlink(&outside, home.join(".aws")).unwrap();
    symlink(outside.join("token"), home.join(".npmrc")).unwrap();

    let wanted = [".netrc", ".npmrc", ".aws/token", ".ssh/id_*", ".config/gh/", ".nothing/there"].map(str::to_owned);
    let removed = forget(&home, &wanted).unwrap();
    assert_eq!(
        removed,
        [".config/gh/deep", ".config/gh/hosts.yml", ".netrc", ".npmrc", ".ssh/id_rsa", ".ssh/id_rsa.pub"]
    );
    assert_eq!(fs::read(outside.join("token")).unwrap(), b"word");
    assert!(home.join("kept").exists() && home.join(".ssh/config").exists() && home.join(".config/gh").exists());
    assert!(!home.join(".netrc").exists() && fs::symlink_metadata(home.join(".npmrc")).is_err());
    assert_eq!(forget(&home, &wanted).unwrap(), [""; 0]);
    for path in [home, outside] {
        fs::remove_dir_all(path).unwrap();
    }
}
