//! The tapes on which strategies are compared: a generated market of two instruments, a stock and a future.
//!
//! Takes in a name; gives out the tape, or why there is none.

use std::path::{Path, PathBuf};
use std::process::Command;

use backplane_tests::market_data;

use crate::runs::{built, command};

/// The names of the tapes.
pub const NAMES: [&str; 3] = ["generated", "GOOG", "ES"];

/// The messages of the generated tape.
const MESSAGES: &str = "500000";

/// Makes a tape.
pub fn make(name: &str) -> Result<PathBuf, String> {
    let folder = built().join("../same");
    std::fs::create_dir_all(&folder).map_err(|x| x.to_string())?;
    let tape = folder.join(format!("{}.tape", name.to_lowercase()));
    let mut command = command();
    match name {
        "GOOG" => import(
            &mut command,
            &["lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip"],
        )?,
        "ES" => import(
            &mut command,
            &[
                "databento_dbn/esh4-glbx-mdp3-20231224.mbo.dbn.zst",
                "databento_dbn/esh4-glbx-mdp3-20231225.mbo.dbn.zst",
            ],
        )?,
        _ => {
            command.args(["tape", "generate", "--seed", "7", "--instruments", "2"]);
            command.args(["--messages", MESSAGES]);
        }
    }
    let output = command.args(["--force", "-o"]).arg(&tape).output();
    let output = output.map_err(|x| x.to_string())?;
    match output.status.success() {
        true => Ok(tape),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn import(command: &mut Command, files: &[&str]) -> Result<(), String> {
    let absent = "its recording is not here; set BACKPLANE_DATA to the folder of market data";
    let data = market_data().ok_or(absent)?;
    let files = files.iter().map(|x| data.join(x));
    let files: Vec<PathBuf> = files.collect();
    if !files.iter().all(|x| Path::exists(x)) {
        return Err(absent.into());
    }
    command.args(["tape", "import"]).args(files);
    Ok(())
}
