//! The model: a row of features in, the expected return out.
//!
//! Takes in rows; gives out predictions in 1e-4, from a process of Python or from the same model as ONNX.

mod bridge;
mod onnx;

use std::path::Path;

/// Predicts the return to come.
pub(crate) trait Model {
    /// The expected return of a row, in 1e-4.
    fn predict(&mut self, row: &[f64]) -> Result<f64, String>;
}

/// Loads the model of a folder, to run in Python or as ONNX, for rows of so many values.
pub(crate) fn load(
    folder: &Path,
    in_python: bool,
    width: usize,
) -> Result<Box<dyn Model>, String> {
    if in_python {
        return Ok(Box::new(bridge::PythonBridge::start(folder, width)?));
    }
    Ok(Box::new(onnx::OnnxModel::load(&folder.join("model.onnx"), width)?))
}
