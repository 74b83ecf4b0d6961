//! An example strategy on predictions of a trained model.
//!
//! Takes in market data; gives out market orders. `strategy` joins three parts: a `FeatureExtractor` makes rows of
//! features, a model predicts the return to come (in Python by the `PythonBridge`, or as ONNX without Python), and a
//! `PositionSizer` makes a position of it. `README.md` tells how the model is trained.

mod extractor;
mod model;
mod sizer;
mod strategy;

backplane_sdk::export_strategy!(strategy::Ml);
