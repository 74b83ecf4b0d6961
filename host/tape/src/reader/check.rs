//! The values that a replay relies on.
//!
//! Takes in a batch's columns; gives out the first row that holds what no tape may hold.

use std::path::Path;

use backplane_sdk::types::TradingStatus;

use super::Columns;
use crate::error::TapeError;
use crate::format::ACTION_STATUS;

const fn is_action(letter: u8) -> bool {
    matches!(
        letter,
        b'A' | b'C' | b'M' | b'R' | b'T' | b'F' | ACTION_STATUS
    )
}

const fn is_side(letter: u8) -> bool {
    matches!(letter, b'A' | b'B' | b'N')
}

/// Whether a row says a trading status that there is not.
fn is_unknown_status(letter: u8, number: u32) -> bool {
    let known = |number| TradingStatus::from_code(number).is_some();
    letter == ACTION_STATUS && !u8::try_from(number).is_ok_and(known)
}

/// Checks a batch. Each check walks its whole column without a branch; only a failed one looks for the row.
pub(super) fn check(
    path: &Path,
    columns: &Columns<'_>,
    instruments: usize,
    earlier: i64,
) -> Result<(), TapeError> {
    let wrong = |place: Option<usize>, why: String| {
        Err(TapeError::Row {
            path: path.to_path_buf(),
            row: columns
                .first_row
                .saturating_add(place.unwrap_or_default() as u64),
            why,
        })
    };
    let unknown = |number: &u16| usize::from(*number) >= instruments;
    if columns
        .instrument
        .iter()
        .fold(false, |bad, number| bad | unknown(number))
    {
        let place = columns.instrument.iter().position(unknown);
        let why = format!("its instrument is not one of the tape's {instruments}");
        return wrong(place, why);
    }
    if columns
        .action
        .iter()
        .fold(false, |bad, &letter| bad | !is_action(letter))
    {
        let place = columns.action.iter().position(|&letter| !is_action(letter));
        let why = "its action is none of A, C, M, R, T, F, S".to_owned();
        return wrong(place, why);
    }
    if columns
        .side
        .iter()
        .fold(false, |bad, &letter| bad | !is_side(letter))
    {
        let place = columns.side.iter().position(|&letter| !is_side(letter));
        return wrong(place, "its side is none of A, B, N".to_owned());
    }
    let is_status = |letter: &u8| *letter == ACTION_STATUS;
    if columns
        .action
        .iter()
        .fold(false, |any, letter| any | is_status(letter))
    {
        let mut statuses = columns.action.iter().zip(columns.size);
        let place = statuses.position(|(letter, size)| is_unknown_status(*letter, *size));
        if place.is_some() {
            let why = "its size is not the number of a trading status".to_owned();
            return wrong(place, why);
        }
    }
    if is_backwards(columns.ts_recv, earlier) {
        let mut before = earlier;
        let place = columns
            .ts_recv
            .iter()
            .position(|&time| std::mem::replace(&mut before, time) > time);
        let why = "its ts_recv is before the row's before it".to_owned();
        return wrong(place, why);
    }
    Ok(())
}

/// Whether a time is before the one before it, the first of which is `earlier`.
fn is_backwards(times: &[i64], earlier: i64) -> bool {
    let starts = times.first().is_some_and(|first| *first < earlier);
    times
        .windows(2)
        .fold(starts, |bad, pair| bad | (pair[1] < pair[0]))
}
