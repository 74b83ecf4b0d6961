//! The settings of latencies.
//!
//! Takes in the run file's table `latency` and the flags; gives out how long each leg takes, as a job carries it: a whole
//! number of nanoseconds, or a model with its settings.

use backplane_engine::delay::{Delay, Leg};
use backplane_engine::latency::{EntryLatency, FeedLatency, Latency};
use backplane_sdk::types::Nanos;
use serde::{Deserialize, Serialize};

use super::{parse_time, wrong};
use crate::error::CliError;
use crate::exit;
use crate::models::{ModelSetting, Models};

/// The table `latency` of a run file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LatencyTable {
    feed: Option<toml::Value>,
    entry: Option<toml::Value>,
    response: Option<toml::Value>,
    venue: Option<toml::Value>,
}

/// The flags that override it.
pub(super) struct LatencyFlags<'a> {
    pub(super) feed: Option<&'a str>,
    pub(super) entry: Option<&'a str>,
    pub(super) response: Option<&'a str>,
}

/// How long one thing travels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DelaySetting {
    /// So many nanoseconds.
    Fixed(i64),
    /// As a model says.
    Model(ModelSetting),
}

/// How long requests travel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EntrySetting {
    /// Each kind alike.
    All(DelaySetting),
    /// Each kind by itself.
    Apart(Box<ApartSetting>),
}

/// How long requests of each kind travel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApartSetting {
    /// New orders.
    pub new: DelaySetting,
    /// Modifications.
    pub modify: DelaySetting,
    /// Cancellations.
    pub cancel: DelaySetting,
}

/// How long everything travels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatencySettings {
    /// Market data; none where it is heard as recorded.
    pub feed_latency: Option<DelaySetting>,
    /// Requests.
    pub entry_latency: EntrySetting,
    /// Answers.
    pub response_latency: DelaySetting,
}

const DEFAULT: DelaySetting = DelaySetting::Fixed(100_000);

impl LatencySettings {
    /// The latency of the feed as a flag says it, and the defaults beside it.
    ///
    /// # Errors
    /// Says what would be allowed.
    pub fn of_feed(feed: Option<&str>) -> Result<LatencySettings, CliError> {
        let flags = LatencyFlags {
            feed,
            entry: None,
            response: None,
        };
        LatencySettings::read(&LatencyTable::default(), &flags)
    }

    pub(super) fn read(
        table: &LatencyTable,
        flags: &LatencyFlags<'_>,
    ) -> Result<LatencySettings, CliError> {
        if table.venue.is_some() {
            return Err(CliError::new(
                exit::CONFIG,
                "`latency.venue` is set, but a tape is the feed of one venue, so that there is nothing to tell venues apart by",
                "set `latency.feed`, `latency.entry` and `latency.response`, and run each venue's tape by itself",
            ));
        }
        let text = |flag: Option<&str>| flag.map(|x| toml::Value::String(x.to_owned()));
        let feed = text(flags.feed).or(table.feed.clone());
        let feed = feed.filter(|x| x.as_str() != Some("recorded"));
        let entry = text(flags.entry).or(table.entry.clone());
        let response = text(flags.response).or(table.response.clone());
        let read = |name, value: Option<toml::Value>| value.map(|x| delay(name, &x)).transpose();
        Ok(LatencySettings {
            feed_latency: read("latency.feed", feed)?,
            entry_latency: match entry {
                None => EntrySetting::All(DEFAULT),
                Some(value) => entry_setting(&value)?,
            },
            response_latency: read("latency.response", response)?.unwrap_or(DEFAULT),
        })
    }

    /// The settings in the engine's types.
    pub(crate) fn build(&self, models: &Models) -> Result<Latency, CliError> {
        let build = |name: &str, leg, setting: &DelaySetting| match setting {
            DelaySetting::Fixed(nanos) => Ok(Delay::Fixed(Nanos(*nanos))),
            DelaySetting::Model(model) => {
                let built = models.build_latency(leg, model);
                built.map(Delay::Drawn).map_err(|why| refused(name, &why))
            }
        };
        let entry = |name: &str, setting| build(name, Leg::Entry, setting);
        Ok(Latency {
            feed: match &self.feed_latency {
                None => FeedLatency::Recorded,
                Some(x) => FeedLatency::Delayed(build("latency.feed", Leg::Feed, x)?),
            },
            entry: match &self.entry_latency {
                EntrySetting::All(all) => EntryLatency::all(entry("latency.entry", all)?),
                EntrySetting::Apart(x) => EntryLatency {
                    new: entry("latency.entry.new", &x.new)?,
                    modify: entry("latency.entry.modify", &x.modify)?,
                    cancel: entry("latency.entry.cancel", &x.cancel)?,
                },
            },
            response: build("latency.response", Leg::Response, &self.response_latency)?,
        })
    }

    /// The same without the texts of files.
    pub(super) fn described(&self) -> LatencySettings {
        let delay = |setting: &DelaySetting| match setting {
            DelaySetting::Fixed(nanos) => DelaySetting::Fixed(*nanos),
            DelaySetting::Model(model) => DelaySetting::Model(model.described()),
        };
        LatencySettings {
            feed_latency: self.feed_latency.as_ref().map(delay),
            entry_latency: match &self.entry_latency {
                EntrySetting::All(all) => EntrySetting::All(delay(all)),
                EntrySetting::Apart(x) => EntrySetting::Apart(Box::new(ApartSetting {
                    new: delay(&x.new),
                    modify: delay(&x.modify),
                    cancel: delay(&x.cancel),
                })),
            },
            response_latency: delay(&self.response_latency),
        }
    }
}

/// One delay for every request, or a table of `new`, `modify` and `cancel`; what is left out is as `new`.
fn entry_setting(value: &toml::Value) -> Result<EntrySetting, CliError> {
    let apart = value.as_table().filter(|x| !x.contains_key("model"));
    let Some(table) = apart else {
        return Ok(EntrySetting::All(delay("latency.entry", value)?));
    };
    let known = ["new", "modify", "cancel"];
    if let Some(name) = table.keys().find(|x| !known.contains(&x.as_str())) {
        let why = format!("`{name}` is not `model`, `new`, `modify` or `cancel`");
        return Err(refused("latency.entry", &why));
    }
    let one = |name: &str| {
        let value = table.get(name);
        value.map(|x| delay(&format!("latency.entry.{name}"), x))
    };
    let new = one("new").unwrap_or(Ok(DEFAULT))?;
    Ok(EntrySetting::Apart(Box::new(ApartSetting {
        modify: one("modify").unwrap_or_else(|| Ok(new.clone()))?,
        cancel: one("cancel").unwrap_or_else(|| Ok(new.clone()))?,
        new,
    })))
}

fn delay(name: &str, value: &toml::Value) -> Result<DelaySetting, CliError> {
    match value {
        toml::Value::String(text) => {
            let time = parse_time(text);
            let time = time.map_err(|allowed| wrong(name, &format!("`{text}`"), &allowed))?;
            Ok(DelaySetting::Fixed(time.0))
        }
        toml::Value::Table(table) => {
            let model = ModelSetting::of(table).map_err(|why| refused(name, &why))?;
            Ok(DelaySetting::Model(model))
        }
        other => {
            let found = format!("`{other}`");
            Err(wrong(name, &found, "a time or a table with `model`"))
        }
    }
}

fn refused(name: &str, why: &str) -> CliError {
    CliError::new(
        exit::CONFIG,
        format!("`{name}`: {why}"),
        "docs/latency.md describes every model",
    )
}
