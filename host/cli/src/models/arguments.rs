//! The settings of one model.
//!
//! Takes in what the run file says of a model; gives out times, numbers, lists and the rows of a file, each checked.
//! Settings that the model does not ask for are refused.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use backplane_sdk::types::Nanos;
use serde::{Deserialize, Serialize};

use crate::settings::{parse_decimal, parse_time};

/// The largest file of a model, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// What the run file says of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelSetting {
    /// The model's name.
    pub model: String,
    /// The settings as they stand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, toml::Value>,
    /// The file that the setting `file` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<ModelFile>,
}

/// A file that a model is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// Its name, without the path to it.
    pub name: String,
    /// The BLAKE3 digest of its bytes, in hexadecimal.
    pub blake3: String,
    /// Its text; left out where only is told what ran.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl ModelFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn read(path: &Path) -> Result<ModelFile, String> {
        let failed = |error: &dyn std::fmt::Display| format!("reading {}: {error}", path.display());
        let length = std::fs::metadata(path).map_err(|x| failed(&x))?.len();
        if length > FILE_BYTES_MAX {
            return Err(failed(&format!("more than {FILE_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|x| failed(&x))?;
        Ok(ModelFile {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            blake3: blake3::hash(text.as_bytes()).to_hex().to_string(),
            text,
        })
    }

    /// The numbers of a CSV file with these columns, row by row. Empty lines are left out.
    ///
    /// # Errors
    /// Says which line is wrong.
    pub fn integers(&self, columns: &[&str]) -> Result<Vec<Vec<i64>>, String> {
        let read = |text: &str| {
            text.parse()
                .map_err(|_| format!("`{text}` is no whole number"))
        };
        self.rows(columns, |_, text| read(text))
    }

    /// As [`ModelFile::integers`], with any reading of a field; `read` gets the number of its column.
    ///
    /// # Errors
    /// Says which line is wrong.
    pub fn rows<T>(
        &self,
        columns: &[&str],
        read: impl Fn(usize, &str) -> Result<T, String>,
    ) -> Result<Vec<Vec<T>>, String> {
        let lines = self.text.lines().enumerate();
        let mut lines = lines.filter(|x| !x.1.trim().is_empty());
        let header = lines.next().map_or("", |x| x.1);
        if fields(header) != columns {
            return Err(format!(
                "{}, line 1: the columns are not `{}`",
                self.name,
                columns.join(",")
            ));
        }
        let row = |(number, line): (usize, &str)| {
            let place = |why: String| format!("{}, line {}: {why}", self.name, number + 1);
            let fields = fields(line);
            if fields.len() != columns.len() {
                let (found, wanted) = (fields.len(), columns.len());
                return Err(place(format!("{found} fields instead of {wanted}")));
            }
            let numbered = fields.iter().enumerate();
            let values = numbered.map(|(column, text)| read(column, text));
            values.collect::<Result<Vec<T>, _>>().map_err(place)
        };
        lines.map(row).collect()
    }
}

fn fields(line: &str) -> Vec<&str> {
    line.split(',').map(str::trim).collect()
}

impl ModelSetting {
    /// A model of a TOML table: its `model` and everything else; reads the file that it names.
    ///
    /// # Errors
    /// Says what is missing, or why the file cannot be read.
    pub fn of(table: &toml::Table) -> Result<ModelSetting, String> {
        let mut settings: BTreeMap<String, toml::Value> = table.clone().into_iter().collect();
        let Some(toml::Value::String(model)) = settings.remove("model") else {
            return Err("`model` is not set to the name of a model".into());
        };
        let file = match settings.get("file") {
            Some(toml::Value::String(path)) => Some(ModelFile::read(Path::new(path))?),
            Some(_) => return Err("`file` is not a path".into()),
            None => None,
        };
        Ok(ModelSetting {
            model,
            settings,
            file,
        })
    }

    /// The same without the text of its file: what a run is told of.
    #[must_use]
    pub fn described(&self) -> ModelSetting {
        let mut described = self.clone();
        if let Some(file) = &mut described.file {
            file.text.clear();
        }
        described
    }
}

/// The settings of one model, to be asked for.
#[derive(Debug)]
pub struct ModelArguments<'a> {
    setting: &'a ModelSetting,
    asked: RefCell<BTreeSet<&'a str>>,
}

impl<'a> ModelArguments<'a> {
    /// The settings of a model, none of which was asked for.
    pub fn new(setting: &'a ModelSetting) -> ModelArguments<'a> {
        ModelArguments {
            setting,
            asked: RefCell::default(),
        }
    }

    /// The value of a setting; `None` where it is not set.
    pub fn value(&self, name: &str) -> Option<&'a toml::Value> {
        let (name, value) = self.setting.settings.get_key_value(name)?;
        self.asked.borrow_mut().insert(name);
        Some(value)
    }

    /// A time such as `"50us"`; `None` where it is not set.
    ///
    /// # Errors
    /// Says what a time may be.
    pub fn time(&self, name: &str) -> Result<Option<Nanos>, String> {
        self.value(name).map(|x| time_of(name, x)).transpose()
    }

    /// A number of at most nine decimals, in units of 1e-9; `None` where it is not set.
    ///
    /// # Errors
    /// Says what a number may be.
    pub fn decimal(&self, name: &str) -> Result<Option<i64>, String> {
        self.value(name).map(|x| decimal_of(name, x)).transpose()
    }

    /// A list; `None` where it is not set.
    ///
    /// # Errors
    /// Says that it is none.
    pub fn list(&self, name: &str) -> Result<Option<&'a [toml::Value]>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(toml::Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(format!("`{name}` is not a list")),
        }
    }

    /// The file that the setting `file` names; `None` where it is not set.
    pub fn file(&self) -> Option<&'a ModelFile> {
        self.value("file")?;
        self.setting.file.as_ref()
    }

    /// Refuses settings that were not asked for.
    pub(super) fn finish(&self) -> Result<(), String> {
        let asked = self.asked.borrow();
        let mut names = self.setting.settings.keys();
        match names.find(|x| !asked.contains(x.as_str())) {
            Some(name) => Err(format!(
                "model `{}` has no setting `{name}`",
                self.setting.model
            )),
            None => Ok(()),
        }
    }
}

/// The error of a setting that a model needs.
pub(super) fn missing(name: &str) -> String {
    format!("`{name}` is not set")
}

/// A value as a time.
pub(super) fn time_of(name: &str, value: &toml::Value) -> Result<Nanos, String> {
    let text = text_of(value);
    parse_time(&text).map_err(|allowed| format!("`{name}` is `{text}`, but must be {allowed}"))
}

/// A value as a number in units of 1e-9.
pub(super) fn decimal_of(name: &str, value: &toml::Value) -> Result<i64, String> {
    let text = text_of(value);
    parse_decimal(&text).map_err(|allowed| format!("`{name}` is `{text}`, but must be {allowed}"))
}

fn text_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
