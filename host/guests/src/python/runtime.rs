//! The Python side of the carrier, as the host carries it: always the one that speaks the host's protocol.
//!
//! Takes in nothing; gives out the first code of a process and the modules of the package.

/// What the interpreter runs.
pub(super) const BOOT: &str = include_str!("../../../../python/backplane/_boot.py");

macro_rules! modules {
    ($($name:literal => $file:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../python/backplane/", $file)))),*]
    };
}

/// The modules of the package by name.
pub(super) const MODULES: &[(&str, &str)] = modules! {
    "backplane" => "__init__.py",
    "backplane._beside" => "_beside.py",
    "backplane._binary" => "_binary.py",
    "backplane._child" => "_child.py",
    "backplane._fault" => "_fault.py",
    "backplane._feature_instance" => "_feature_instance.py",
    "backplane._instance" => "_instance.py",
    "backplane._log" => "_log.py",
    "backplane._wire" => "_wire.py",
    "backplane.book" => "book.py",
    "backplane.context" => "context.py",
    "backplane.descriptor" => "descriptor.py",
    "backplane.features" => "features.py",
    "backplane.results" => "results.py",
    "backplane.runs" => "runs.py",
    "backplane.strategy" => "strategy.py",
    "backplane.types" => "types.py",
};
