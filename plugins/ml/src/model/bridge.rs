//! The bridge to the model in Python.
//!
//! Takes in rows; gives out the predictions of a child process: a row of `f64` goes out, an `f64` comes back. The process
//! ends when its input does, and so with the plugin, however that ends.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Model;

/// A process of Python that predicts.
pub(crate) struct PythonBridge {
    child: Child,
    rows: ChildStdin,
    predictions: ChildStdout,
    width: usize,
    bytes: Vec<u8>,
}

impl PythonBridge {
    /// Starts the interpreter of `BACKPLANE_PYTHON`, or `python3`, with the folder's `predict.py`.
    pub(crate) fn start(folder: &Path, width: usize) -> Result<PythonBridge, String> {
        let named = std::env::var_os("BACKPLANE_PYTHON").map(PathBuf::from);
        let python = named.unwrap_or_else(|| "python3".into());
        let failed = |what: &str| format!("starting {}: {what}", python.display());
        let mut command = Command::new(&python);
        command.arg("-B").arg(folder.join("predict.py"));
        command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|x| failed(&x.to_string()))?;
        let (Some(rows), Some(predictions)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("it has no pipes"));
        };
        Ok(PythonBridge {
            child,
            rows,
            predictions,
            width,
            bytes: Vec::new(),
        })
    }
}

impl Model for PythonBridge {
    fn predict(&mut self, row: &[f64]) -> Result<f64, String> {
        debug_assert_eq!(row.len(), self.width);
        self.bytes.clear();
        self.bytes.extend(row.iter().flat_map(|x| x.to_le_bytes()));
        let mut prediction = [0; 8];
        let sent = self.rows.write_all(&self.bytes);
        let asked = sent.and_then(|()| self.predictions.read_exact(&mut prediction));
        asked.map_err(|error| format!("asking the model in Python: {error}"))?;
        Ok(f64::from_le_bytes(prediction))
    }
}

impl Drop for PythonBridge {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
