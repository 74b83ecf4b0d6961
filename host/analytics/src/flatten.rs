//! A JSON value as a list of paths and leaves.
//!
//! Takes in a value; gives out what stands at each path, in words. Lists of plain values are one leaf.

use serde_json::Value;

/// The leaves of a value with their dotted paths, each below `path`.
pub(crate) fn flatten(path: &str, value: &Value, out: &mut Vec<(String, String)>) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(&below(name), value, out);
            }
        }
        Value::Array(items) if items.iter().any(|x| x.is_object() || x.is_array()) => {
            for (place, value) in items.iter().enumerate() {
                flatten(&below(&place.to_string()), value, out);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(leaf).collect();
            out.push((path.to_owned(), items.join(", ")));
        }
        Value::Null if path.is_empty() => {}
        value => out.push((path.to_owned(), leaf(value))),
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
