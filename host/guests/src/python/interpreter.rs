//! Which interpreter runs the strategies.
//!
//! Takes in what the run says and the environment; gives out a path or a name to look for.

use std::path::{Path, PathBuf};

/// The interpreter: the one that the run names, that of the virtual environment in `VIRTUAL_ENV`, or `python3`.
pub fn interpreter(named: Option<&Path>) -> PathBuf {
    choose(named, std::env::var_os("VIRTUAL_ENV").map(PathBuf::from))
}

fn choose(named: Option<&Path>, environment: Option<PathBuf>) -> PathBuf {
    match (named, environment) {
        (Some(named), _) => named.to_owned(),
        (None, Some(folder)) if !folder.as_os_str().is_empty() => folder.join("bin/python3"),
        _ => PathBuf::from("python3"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_goes_before_the_environment_and_that_before_the_system() {
        let named = Path::new("/opt/python3.12");
        assert_eq!(choose(Some(named), Some("/venv".into())), named);
        assert_eq!(
            choose(None, Some("/venv".into())),
            Path::new("/venv/bin/python3")
        );
        assert_eq!(choose(None, Some("".into())), Path::new("python3"));
        assert_eq!(choose(None, None), Path::new("python3"));
    }
}
