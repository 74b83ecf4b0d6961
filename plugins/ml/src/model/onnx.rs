//! The model as ONNX, run in this process without Python.
//!
//! Takes in rows; gives out predictions. The numbers are 32-bit floats, as the export made them.

use std::path::Path;
use std::sync::Arc;

use tract_onnx::prelude::*;

use super::Model;

/// A model as ONNX.
pub(crate) struct OnnxModel {
    plan: Arc<TypedRunnableModel>,
    width: usize,
}

impl OnnxModel {
    /// Reads and prepares a model of one input of `width` values.
    pub(crate) fn load(path: &Path, width: usize) -> Result<OnnxModel, String> {
        let failed = |error: TractError| format!("preparing {}: {error:#}", path.display());
        let model = tract_onnx::onnx().model_for_path(path).map_err(failed)?;
        let model = model
            .with_input_fact(0, f32::fact([1, width]).into())
            .map_err(failed)?;
        let model = model.into_optimized().map_err(failed)?;
        Ok(OnnxModel {
            plan: model.into_runnable().map_err(failed)?,
            width,
        })
    }
}

impl Model for OnnxModel {
    fn predict(&mut self, row: &[f64]) -> Result<f64, String> {
        let failed = |error: TractError| format!("running the model: {error:#}");
        let values: Vec<f32> = row.iter().map(|x| *x as f32).collect();
        let input = Tensor::from_shape(&[1, self.width], &values).map_err(failed)?;
        let outputs = self.plan.run(tvec!(input.into())).map_err(failed)?;
        let view = outputs[0].to_plain_array_view::<f32>().map_err(failed)?;
        let value = view.iter().next().copied();
        value
            .map(f64::from)
            .ok_or_else(|| "the model gave nothing".into())
    }
}
