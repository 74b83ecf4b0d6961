//! The models that a run file can name, and those that a user links in.
//!
//! Takes in a model's name and settings as the run file has them; gives out the engine's model. A program that links this
//! library may register models of its own before it hands over to [`crate::main_with`].

mod arguments;
mod latency;
mod queue;

use std::collections::BTreeMap;
use std::sync::Arc;

use backplane_engine::delay::{LatencyModel, Leg};
use backplane_engine::exchange::{FeeModel, QueueRules};

pub use arguments::{ModelArguments, ModelFile, ModelSetting};

/// Makes a latency model of a leg from its settings, or says what is wrong with them.
pub type LatencyBuilder =
    fn(leg: Leg, arguments: &ModelArguments<'_>) -> Result<Arc<dyn LatencyModel>, String>;

/// Makes a fee model from its settings, or says what is wrong with them.
pub type FeeBuilder = fn(arguments: &ModelArguments<'_>) -> Result<Box<dyn FeeModel>, String>;

/// Makes the rules of a queue from their settings, or says what is wrong with them.
pub type QueueBuilder = fn(arguments: &ModelArguments<'_>) -> Result<QueueRules, String>;

/// The models that can be named.
#[derive(Clone, Debug)]
pub struct Models {
    latency: BTreeMap<String, LatencyBuilder>,
    fees: BTreeMap<String, FeeBuilder>,
    queue: BTreeMap<String, QueueBuilder>,
}

/// The models that come with the program.
impl Default for Models {
    fn default() -> Models {
        let models = Models {
            latency: BTreeMap::new(),
            fees: BTreeMap::new(),
            queue: BTreeMap::new(),
        };
        let own = latency::BUILDERS.iter();
        let models = own.fold(models, |all, (name, builder)| all.latency(name, *builder));
        let own = queue::BUILDERS.iter();
        own.fold(models, |all, (name, builder)| all.queue(name, *builder))
    }
}

impl Models {
    /// The same models and one more for latencies; one of the same name is replaced.
    #[must_use]
    pub fn latency(mut self, name: &str, builder: LatencyBuilder) -> Models {
        self.latency.insert(name.to_owned(), builder);
        self
    }

    /// The same models and one more for fees; one of the same name is replaced.
    #[must_use]
    pub fn fees(mut self, name: &str, builder: FeeBuilder) -> Models {
        self.fees.insert(name.to_owned(), builder);
        self
    }

    /// The same models and one more for queues; one of the same name is replaced.
    #[must_use]
    pub fn queue(mut self, name: &str, builder: QueueBuilder) -> Models {
        self.queue.insert(name.to_owned(), builder);
        self
    }

    /// The rules of the queue of a setting.
    ///
    /// # Errors
    /// Says what is wrong with the name or with a setting.
    pub fn build_queue(&self, setting: &ModelSetting) -> Result<QueueRules, String> {
        let builder = find(&self.queue, setting)?;
        let arguments = ModelArguments::new(setting);
        let rules = builder(&arguments)?;
        arguments.finish()?;
        Ok(rules)
    }

    /// The fee model of a setting.
    ///
    /// # Errors
    /// Says what is wrong with the name or with a setting.
    pub fn build_fees(&self, setting: &ModelSetting) -> Result<Box<dyn FeeModel>, String> {
        let builder = find(&self.fees, setting)?;
        let arguments = ModelArguments::new(setting);
        let model = builder(&arguments)?;
        arguments.finish()?;
        Ok(model)
    }

    /// The latency model of a setting.
    ///
    /// # Errors
    /// Says what is wrong with the name or with a setting.
    pub fn build_latency(
        &self,
        leg: Leg,
        setting: &ModelSetting,
    ) -> Result<Arc<dyn LatencyModel>, String> {
        let builder = find(&self.latency, setting)?;
        let arguments = ModelArguments::new(setting);
        let model = builder(leg, &arguments)?;
        arguments.finish()?;
        Ok(model)
    }
}

fn find<'a, T>(all: &'a BTreeMap<String, T>, setting: &ModelSetting) -> Result<&'a T, String> {
    if all.is_empty() {
        let model = &setting.model;
        return Err(format!("this program has no model `{model}`"));
    }
    all.get(&setting.model).ok_or_else(|| {
        let known: Vec<String> = all.keys().map(|x| format!("`{x}`")).collect();
        format!(
            "model `{}` is not one of {}",
            setting.model,
            known.join(", ")
        )
    })
}
