//! What one plugin was granted.
//!
//! Takes in what a policy says of a plugin, and the parameters that the plugin declares; gives out whether it may be
//! carried, and the parameters of an instance, which are those that plugin and policy both allow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use backplane_sdk::params::{Param, Params, Range, Value};
use serde::{Deserialize, Serialize};

use super::limits::Limits;
use crate::carrier::Carrier;
use crate::error::GuestError;

/// What one plugin was granted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// On what it may be carried.
    pub carriers: BTreeSet<Carrier>,
    /// What each of its instances may use up.
    pub limits: Limits,
    /// The BLAKE3 digest of its file, in hexadecimal digits, where it is granted to no other.
    pub digest: Option<String>,
    /// What its parameters may be, beyond what the plugin says.
    pub params: BTreeMap<String, ParamRule>,
}

/// What a policy allows of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParamRule {
    /// One value.
    Fixed(Scalar),
    /// Values from a range.
    Within(Bounds),
}

/// A value as a policy writes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
}

/// A range; a bound that is not given is the plugin's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The lowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Scalar>,
    /// The highest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Scalar>,
}

impl Grant {
    /// Whether a carrier was granted.
    pub fn has(&self, carrier: Carrier) -> bool {
        self.carriers.contains(&carrier)
    }

    /// Fails where the bytes of a file are not those that the grant is for.
    ///
    /// # Errors
    /// Says which digest was granted, and which the file has.
    pub fn check_digest(&self, path: &Path, digest: &[u8; 32]) -> Result<(), GuestError> {
        let found = blake3::Hash::from_bytes(*digest).to_hex();
        match &self.digest {
            Some(granted) if *granted != found.as_str() => Err(GuestError::OtherDigest {
                path: path.to_owned(),
                granted: granted.clone(),
                found: found.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// The parameters of an instance: what is given as a user writes it; otherwise what the policy fixes; otherwise the
    /// plugin's default.
    ///
    /// # Errors
    /// Says which parameter plugin or policy does not allow, and what would be.
    pub fn params(&self, declared: &[Param], given: &[(String, String)]) -> Result<Params, String> {
        let mut params = Params::defaults(declared);
        let mut allowed = Params::defaults(declared);
        let ids: BTreeSet<&str> = given.iter().map(|x| x.0.as_str()).collect();
        for (id, text) in given {
            allowed = allowed.with_text(id, text)?;
        }
        for id in self.params.keys() {
            if !declared.iter().any(|x| x.id == *id) {
                let reason = "the policy has a rule for it, but the plugin does not declare it";
                return Err(format!("there is no parameter `{id}`: {reason}"));
            }
        }
        for (param, value) in allowed.iter() {
            let is_given = ids.contains(param.id.as_str());
            let value = self.allow(param, value, is_given)?;
            params = params.with(&param.id, value)?;
        }
        Ok(params)
    }

    /// A declared parameter as the policy narrows it: its range, or for a fixed one its default and no range.
    ///
    /// # Errors
    /// Says which rule does not fit.
    pub fn narrow(&self, param: &Param) -> Result<(Param, bool), String> {
        match self.params.get(&param.id) {
            None => Ok((param.clone(), false)),
            Some(ParamRule::Within(bounds)) => Ok((bounds.narrow(param)?, false)),
            Some(ParamRule::Fixed(scalar)) => {
                let default = scalar.value(param)?;
                let fixed = Param {
                    default,
                    ..param.clone()
                };
                Ok((fixed, true))
            }
        }
    }

    fn allow(&self, param: &Param, value: Value, is_given: bool) -> Result<Value, String> {
        let id = &param.id;
        match self.params.get(id) {
            None => Ok(value),
            Some(ParamRule::Fixed(scalar)) => {
                let fixed = scalar.value(param)?;
                if is_given && value != fixed {
                    return Err(format!(
                        "parameter `{id}` is {value}, but the policy fixes it at {fixed}"
                    ));
                }
                param.check(fixed).map(|()| fixed)
            }
            Some(ParamRule::Within(bounds)) => {
                let narrow = bounds.narrow(param)?;
                let whence = if is_given { "" } else { " by default" };
                let reason = |x: String| match x.split_once(", but must be") {
                    Some((head, rest)) => {
                        format!("{head}{whence}, but the policy wants it to be{rest}")
                    }
                    None => x,
                };
                narrow.check(value).map_err(reason).map(|()| value)
            }
        }
    }
}

impl Scalar {
    /// Reads a value as a user writes it.
    pub fn parse(text: &str) -> Option<Scalar> {
        let boolean = text.parse().ok().map(Scalar::Boolean);
        let integer = || text.parse().ok().map(Scalar::Integer);
        let float = || text.parse().ok().filter(|x: &f64| x.is_finite());
        boolean
            .or_else(integer)
            .or_else(|| float().map(Scalar::Float))
    }

    /// The scalar as a value of a parameter's kind.
    fn value(self, param: &Param) -> Result<Value, String> {
        match (param.range, self) {
            (Range::Integer { .. }, Scalar::Integer(x)) => Ok(Value::Integer(x)),
            (Range::Float { .. }, Scalar::Float(x)) => Ok(Value::Float(x)),
            (Range::Float { .. }, Scalar::Integer(x)) => Ok(Value::Float(x as f64)),
            (Range::Boolean, Scalar::Boolean(x)) => Ok(Value::Boolean(x)),
            (range, _) => {
                let kind = match range {
                    Range::Integer { .. } => "a whole number",
                    Range::Float { .. } => "a number",
                    Range::Boolean => "true or false",
                };
                let id = &param.id;
                Err(format!(
                    "the policy's rule for parameter `{id}` does not fit it: it is {kind}"
                ))
            }
        }
    }
}

impl Bounds {
    /// The parameter with the range that it and the policy both allow.
    fn narrow(&self, param: &Param) -> Result<Param, String> {
        let bound = |scalar: Option<Scalar>| scalar.map(|x| x.value(param)).transpose();
        let range = match (param.range, bound(self.min)?, bound(self.max)?) {
            (Range::Integer { min, max }, low, high) => Range::Integer {
                min: low.and_then(integer).map_or(min, |x| x.max(min)),
                max: high.and_then(integer).map_or(max, |x| x.min(max)),
            },
            (Range::Float { min, max }, low, high) => Range::Float {
                min: low.and_then(float).map_or(min, |x| x.max(min)),
                max: high.and_then(float).map_or(max, |x| x.min(max)),
            },
            (Range::Boolean, _, _) => Range::Boolean,
        };
        Ok(Param {
            range,
            ..param.clone()
        })
    }
}

const fn integer(value: Value) -> Option<i64> {
    match value {
        Value::Integer(x) => Some(x),
        _ => None,
    }
}

const fn float(value: Value) -> Option<f64> {
    match value {
        Value::Float(x) => Some(x),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn set(rules: &str, given: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let declared = [
            Param::integer("size", 100, 1..=1_000, "how much"),
            Param::float("entry", 2.0, 0.1..=10.0, "when"),
            Param::boolean("short", true, "whether to sell short"),
        ];
        let params: BTreeMap<String, ParamRule> = toml::from_str(rules).unwrap();
        let grant = Grant {
            params,
            ..Grant::default()
        };
        let given: Vec<(String, String)> = given
            .iter()
            .map(|(id, text)| ((*id).into(), (*text).into()))
            .collect();
        let params = grant.params(&declared, &given)?;
        Ok(params.iter().map(|x| x.1.to_string()).collect())
    }

    #[test]
    fn a_parameter_is_what_plugin_and_policy_both_allow() {
        let rules = "size = { max = 200 }\nentry = { min = 1, max = 20.0 }\nshort = false";
        assert_eq!(set(rules, &[]).unwrap(), ["100", "2", "false"]);
        let given = [("size", "200"), ("entry", "10"), ("short", "false")];
        assert_eq!(set(rules, &given).unwrap(), ["200", "10", "false"]);
        let error = |given| set(rules, &[given]).unwrap_err();
        assert_eq!(
            error(("size", "201")),
            "parameter `size` is 201, but the policy wants it to be a whole number from 1 to 200"
        );
        assert_eq!(
            error(("size", "2000")),
            "parameter `size` is 2000, but must be a whole number from 1 to 1000"
        );
        assert_eq!(
            error(("short", "true")),
            "parameter `short` is true, but the policy fixes it at false"
        );
        assert!(error(("entry", "0.5")).contains("a number from 1 to 10"));
    }

    #[test]
    fn a_rule_that_does_not_fit_is_named() {
        let error = set("size = { max = 50 }", &[]).unwrap_err();
        assert!(error.contains("`size` is 100 by default, but the policy wants"));
        let error = set("sise = 3", &[]).unwrap_err();
        assert!(error.starts_with("there is no parameter `sise`"), "{error}");
        let error = set("size = 1.5", &[]).unwrap_err();
        assert!(error.contains("it is a whole number"), "{error}");
        let error = set("size = 2000", &[]).unwrap_err();
        assert!(error.contains("from 1 to 1000"), "{error}");
    }

    #[test]
    fn a_grant_for_one_file_is_for_no_other() {
        let digest = *blake3::hash(b"this").as_bytes();
        let grant = Grant {
            digest: Some(blake3::hash(b"this").to_string()),
            ..Grant::default()
        };
        let path = Path::new("x.wasm");
        assert!(grant.check_digest(path, &digest).is_ok());
        let other = *blake3::hash(b"that").as_bytes();
        let error = grant.check_digest(path, &other).unwrap_err().to_string();
        assert!(error.contains("x.wasm") && error.contains(&blake3::hash(b"that").to_string()));
        assert!(Grant::default().check_digest(path, &other).is_ok());
    }
}
