//! What is checked of a function's code before it is compiled.
//!
//! Takes in a function's body; gives out the number that it gives, where it does nothing else, or the reason for which it
//! is not compiled: how long a compiler takes, and how much memory, grows faster than what it compiles.

use wasmparser::{FunctionBody, Operator};

use super::check::{invalid, within};
use crate::error::Refusal;

/// The most bytes of a function.
pub const FUNCTION_BYTES_MAX: usize = 512 * 1024;
/// The most variables of a function, parameters included.
pub const LOCALS_MAX: u64 = 10_000;
/// The most blocks within each other.
pub const DEPTH_MAX: u64 = 1_000;
/// The most targets of all the jump tables of a function.
pub const TARGETS_MAX: u64 = 100_000;
/// The most pairs of a variable and a branch: a compiler may look at each.
pub const WORK_MAX: u64 = 4_000_000;

/// Checks a function's body.
pub(super) fn check(body: &FunctionBody<'_>, params: usize) -> Result<Option<i32>, Refusal> {
    let bytes = body.range().len() as u64;
    within(
        "bytes of code in a function",
        bytes,
        FUNCTION_BYTES_MAX as u64,
    )?;
    let mut locals = params as u64;
    for declared in body.get_locals_reader().map_err(|x| invalid(&x))? {
        locals += u64::from(declared.map_err(|x| invalid(&x))?.0);
        within("variables in a function", locals, LOCALS_MAX)?;
    }
    let mut reader = body.get_operators_reader().map_err(|x| invalid(&x))?;
    let (mut depth, mut branches, mut targets) = (1u64, 1u64, 0u64);
    let (mut count, mut constant) = (0u64, None);
    while !reader.eof() {
        let operator = reader.read().map_err(|x| invalid(&x))?;
        match &operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                (depth, branches) = (depth + 1, branches + 1);
                within("blocks within each other", depth, DEPTH_MAX)?;
            }
            Operator::End => depth = depth.saturating_sub(1),
            Operator::Br { .. } | Operator::BrIf { .. } | Operator::Else => branches += 1,
            Operator::BrTable { targets: table } => {
                targets += u64::from(table.len());
                branches += u64::from(table.len());
                within("targets of jump tables in a function", targets, TARGETS_MAX)?;
            }
            Operator::I32Const { value } if count == 0 => constant = Some(*value),
            _ => constant = None,
        }
        count += 1;
    }
    within(
        "pairs of a variable and a branch in a function",
        locals.saturating_mul(branches),
        WORK_MAX,
    )?;
    Ok(constant.filter(|_| count == 2))
}
