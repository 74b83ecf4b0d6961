//! Checks of how instances are made: parameters at the ends of their ranges, beyond them, and drawn.
//!
//! Takes in a plugin; gives out whether it makes an instance of what it says that it takes. A strategy may refuse
//! parameters that do not go together, with a reason; it may not panic on them.

use backplane_guests::GuestError;
use backplane_sdk::params::{Param, Params, Range, Value};

use super::market::{Market, Numbers};
use super::subject::{Play, Subject};
use super::{Check, Miss, loaded};

pub(super) const CHECKS: &[Check] = &[
    loaded("makes-defaults", "it takes its own defaults", defaults),
    loaded(
        "makes-lowest",
        "it takes the lowest of each parameter, or says why not",
        lowest,
    ),
    loaded(
        "makes-highest",
        "it takes the highest of each parameter, or says why not",
        highest,
    ),
    loaded(
        "makes-drawn",
        "it takes 32 draws of its parameters, or says why not",
        drawn,
    ),
    loaded(
        "out-of-range",
        "what is beyond a parameter's range is refused",
        out_of_range,
    ),
    loaded(
        "drawn-runs",
        "with 8 draws of its parameters it hears a market",
        drawn_runs,
    ),
];

fn defaults(subject: &Subject) -> Result<String, Miss> {
    subject.instance(&subject.defaults()?)?;
    Ok(String::new())
}

fn lowest(subject: &Subject) -> Result<String, Miss> {
    takes(subject, &subject.set(|x| end(x, false))?)
}

fn highest(subject: &Subject) -> Result<String, Miss> {
    takes(subject, &subject.set(|x| end(x, true))?)
}

const fn end(param: &Param, is_highest: bool) -> Value {
    match param.range {
        Range::Integer { min, max } => Value::Integer(if is_highest { max } else { min }),
        Range::Float { min, max } => Value::Float(if is_highest { max } else { min }),
        Range::Boolean => Value::Boolean(is_highest),
    }
}

/// Whether an instance is made, or refused with a reason.
fn takes(subject: &Subject, params: &Params) -> Result<String, Miss> {
    let shown = || {
        let all = params.iter().map(|(x, value)| format!("{}={value}", x.id));
        all.collect::<Vec<_>>().join(",")
    };
    match subject.make(params) {
        Ok(_) => Ok(String::new()),
        Err(GuestError::Instance { reason, .. }) => Ok(format!("refused: {reason}")),
        Err(error) => Err(format!("{error} (with {})", shown()).into()),
    }
}

fn drawn(subject: &Subject) -> Result<String, Miss> {
    let mut numbers = Numbers(subject.seed);
    let mut refused = 0;
    for _ in 0..32 {
        let params = subject.drawn(&mut numbers)?;
        refused += usize::from(!takes(subject, &params)?.is_empty());
    }
    Ok(format!("{} made, {refused} refused", 32 - refused))
}

fn out_of_range(subject: &Subject) -> Result<String, Miss> {
    let declared = &subject.descriptor().params;
    let mut tried = 0;
    for param in declared {
        let texts: Vec<String> = match param.range {
            Range::Integer { min, max } => {
                let beyond = [i128::from(min) - 1, i128::from(max) + 1];
                beyond.iter().map(ToString::to_string).collect()
            }
            Range::Float { min, max } => {
                let beyond = [min.next_down(), max.next_up(), f64::NAN, f64::INFINITY];
                beyond.iter().map(ToString::to_string).collect()
            }
            Range::Boolean => vec!["2".into()],
        };
        for text in texts.into_iter().chain(["".into(), "x".into()]) {
            tried += 1;
            if subject
                .grant
                .params(declared, &[(param.id.clone(), text.clone())])
                .is_ok()
            {
                return Err(format!("`{}={text}` is taken", param.id).into());
            }
        }
    }
    match tried {
        0 => Err(Miss::Skipped("it has no parameters".into())),
        _ => Ok(format!("{tried} values refused")),
    }
}

fn drawn_runs(subject: &Subject) -> Result<String, Miss> {
    if subject.descriptor().params.is_empty() {
        return Err(Miss::Skipped("it has no parameters".into()));
    }
    let market = Market::generated(subject.seed, 1, 10_000)?;
    let mut numbers = Numbers(subject.seed);
    let mut made = 0;
    for _ in 0..8 {
        let params = subject.drawn(&mut numbers)?;
        if let Ok(guest) = subject.make(&params) {
            made += 1;
            subject.of_one(&market, guest, &Play::delayed(subject.seed, 100_000))?;
        }
    }
    Ok(format!("{made} ran"))
}
