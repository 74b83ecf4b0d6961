//! The settings of what happens to positions at set times.
//!
//! Takes in what a run file says of an instrument's funding, borrowing, corporate actions and expiry; gives out the
//! engine's schedule. Files are read once, when the run file is, and travel in the job.

use std::path::Path;

use backplane_engine::schedule::{Event, Occasion, Recurring, Schedule};
use backplane_sdk::types::{Instrument, Nanos, Price, Timestamp};
use serde::{Deserialize, Serialize};

use super::instrument::AccountSettings;
use super::{Decimal, parse_decimal, parse_time, setting, wrong};
use crate::error::CliError;
use crate::exit;
use crate::models::ModelFile;

/// A table `funding` of an instrument.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FundingTable {
    rate: Option<Decimal>,
    interval: Option<String>,
    file: Option<String>,
}

/// What a run file says of times.
#[derive(Clone, Copy)]
pub(super) struct ScheduleTables<'a> {
    pub(super) funding: Option<&'a FundingTable>,
    pub(super) borrow_rate: Option<&'a Decimal>,
    pub(super) actions: Option<&'a str>,
    pub(super) expiration: Option<&'a toml::value::Datetime>,
    pub(super) settlement_price: Option<&'a Decimal>,
}

/// What happens to positions in an instrument: rates and prices in units of 1e-9, times in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScheduleSettings {
    /// The share that is paid for funding at every interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding_rate: Option<i64>,
    /// The time between two payments, counted from midnight UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding_interval: Option<i64>,
    /// The times and rates of funding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding_file: Option<ModelFile>,
    /// What short positions pay in a year of 360 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub borrow_rate: Option<i64>,
    /// Splits and dividends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<ModelFile>,
    /// When trading ends for good, where the tape does not say it right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<i64>,
    /// The price at which an expired position is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_price: Option<i64>,
}

const DAY: Nanos = Nanos::from_secs(86_400);

impl ScheduleSettings {
    /// The settings of an instrument; `name` gives a field's whole name.
    pub(super) fn read(
        name: &dyn Fn(&str) -> String,
        tables: ScheduleTables<'_>,
    ) -> Result<ScheduleSettings, CliError> {
        let number = |field: &str, value: Option<&Decimal>| {
            let read = |x: &Decimal| setting(&name(field), Some(x.text()), "", parse_decimal);
            value.map(read).transpose()
        };
        let file = |field: &str, path: Option<&str>| {
            let read =
                |x: &str| ModelFile::read(Path::new(x)).map_err(|x| refused(&name(field), &x));
            path.map(read).transpose()
        };
        let funding = tables.funding;
        let (rate, interval) = match funding {
            Some(x) if x.file.is_some() => {
                if x.rate.is_some() || x.interval.is_some() {
                    let why = "a `file` says it all; leave `rate` and `interval` away";
                    return Err(refused(&name("funding"), why));
                }
                (None, None)
            }
            Some(x) => {
                let missing = || {
                    refused(
                        &name("funding"),
                        "`rate` and `interval`, or `file`, must be set",
                    )
                };
                let interval = x.interval.clone().ok_or_else(missing)?;
                let interval = setting(&name("funding.interval"), Some(interval), "", parse_time)?;
                if interval < Nanos::from_secs(1) {
                    let found = format!("{} ns", interval.0);
                    return Err(wrong(&name("funding.interval"), &found, "at least `1s`"));
                }
                let rate = number("funding.rate", x.rate.as_ref())?.ok_or_else(missing)?;
                (Some(rate), Some(interval.0))
            }
            None => (None, None),
        };
        let expiration = tables.expiration.map(|x| time_of(&name("expiration"), x));
        let settings = ScheduleSettings {
            funding_rate: rate,
            funding_interval: interval,
            funding_file: file("funding.file", funding.and_then(|x| x.file.as_deref()))?,
            borrow_rate: number("borrow_rate", tables.borrow_rate)?,
            actions: file("actions", tables.actions)?,
            expiration: expiration.transpose()?,
            settlement_price: number("settlement_price", tables.settlement_price)?,
        };
        // What a file says is checked before a worker is started.
        settings
            .events()
            .map_err(|x| refused(&name("funding"), &x))?;
        settings
            .corporate()
            .map_err(|x| refused(&name("actions"), &x))?;
        Ok(settings)
    }

    fn events(&self) -> Result<Vec<(i64, Occasion)>, String> {
        let Some(file) = &self.funding_file else {
            return Ok(Vec::new());
        };
        let rows = file.rows(&["ts", "rate"], |column, text| match column {
            0 => whole(text),
            _ => parse_decimal(text).map_err(|x| format!("`{text}` is not {x}")),
        })?;
        Ok(rows
            .iter()
            .map(|x| (x[0], Occasion::Funding { rate: x[1] }))
            .collect())
    }

    fn corporate(&self) -> Result<Vec<(i64, Occasion)>, String> {
        let Some(file) = &self.actions else {
            return Ok(Vec::new());
        };
        let rows = file.rows(&["ts", "action", "value"], |_, text| Ok(text.to_owned()))?;
        let read = |(number, row): (usize, &Vec<String>)| {
            let place = |why: String| format!("{}, action {}: {why}", file.name, number + 1);
            let at = whole(&row[0]).map_err(place)?;
            let occasion = match row[1].as_str() {
                "dividend" => parse_decimal(&row[2])
                    .map(|x| Occasion::Dividend { amount: Price(x) })
                    .map_err(|x| place(format!("`{}` is not {x}", row[2]))),
                "split" => ratio(&row[2]).ok_or_else(|| {
                    place(format!(
                        "`{}` is not new units for old such as `4:1`",
                        row[2]
                    ))
                }),
                other => Err(place(format!("`{other}` is not `dividend` or `split`"))),
            };
            Ok((at, occasion?))
        };
        rows.iter().enumerate().map(read).collect()
    }

    /// The same without the texts of files.
    pub(super) fn described(&self) -> ScheduleSettings {
        let mut described = self.clone();
        let files = [&mut described.funding_file, &mut described.actions];
        for file in files.into_iter().flatten() {
            file.text.clear();
        }
        described
    }
}

/// What happens to a tape's instruments.
pub(super) fn schedule(
    settings: &AccountSettings,
    instruments: &[Instrument],
) -> Result<Schedule, CliError> {
    let (mut events, mut recurring) = (Vec::new(), Vec::new());
    for instrument in instruments {
        let own = settings.instruments.get(&instrument.symbol);
        let own = own.map_or_else(ScheduleSettings::default, |x| x.schedule.clone());
        let id = instrument.id;
        let name = |field: &str| format!("instrument.{}.{field}", instrument.symbol);
        let once = own.events().map_err(|x| refused(&name("funding"), &x))?;
        let actions = own.corporate().map_err(|x| refused(&name("actions"), &x))?;
        let expiry = Occasion::Expiry {
            price: own.settlement_price.map(Price),
        };
        let expires = instrument.expiration;
        let expires = (expires != Timestamp::MAX).then_some((expires.0, expiry));
        let all = once.into_iter().chain(actions).chain(expires);
        events.extend(all.map(|(at, occasion)| Event {
            at: Timestamp(at),
            instrument: id,
            occasion,
        }));
        let again = |every: Nanos, occasion| Recurring {
            first: Timestamp(0),
            every,
            instrument: id,
            occasion,
        };
        if let (Some(rate), Some(interval)) = (own.funding_rate, own.funding_interval) {
            recurring.push(again(Nanos(interval), Occasion::Funding { rate }));
        }
        if let Some(rate) = own.borrow_rate {
            recurring.push(again(DAY, Occasion::Borrow { rate }));
        }
    }
    Ok(Schedule::new(events, recurring))
}

fn whole(text: &str) -> Result<i64, String> {
    let number = text.parse();
    number.map_err(|_| format!("`{text}` is no whole number of nanoseconds"))
}

fn ratio(text: &str) -> Option<Occasion> {
    let (new, old) = text.split_once(':')?;
    let above_zero = |x: &str| x.trim().parse().ok().filter(|x: &u32| *x > 0);
    Some(Occasion::Split {
        new: above_zero(new)?,
        old: above_zero(old)?,
    })
}

/// A TOML date and time with an offset, in nanoseconds since the Unix epoch.
fn time_of(name: &str, time: &toml::value::Datetime) -> Result<i64, CliError> {
    let allowed = "a date and time with an offset such as 2024-03-15T13:30:00Z";
    let failed = || wrong(name, &format!("`{time}`"), allowed);
    let (Some(date), Some(clock), Some(offset)) = (time.date, time.time, time.offset) else {
        return Err(failed());
    };
    let minutes = match offset {
        toml::value::Offset::Z => 0,
        toml::value::Offset::Custom { minutes } => i64::from(minutes),
    };
    let day = days_from_civil(date.year.into(), date.month.into(), date.day.into());
    let seconds = day * 86_400
        + i64::from(clock.hour) * 3_600
        + (i64::from(clock.minute) - minutes) * 60
        + i64::from(clock.second.unwrap_or_default());
    let nanos = seconds.checked_mul(1_000_000_000);
    let nanos = nanos.and_then(|x| x.checked_add(clock.nanosecond.unwrap_or_default().into()));
    nanos.ok_or_else(failed)
}

/// The days from 1970-01-01 to a date of the civil calendar (Howard Hinnant: chrono-compatible low-level date algorithms).
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn refused(name: &str, why: &str) -> CliError {
    CliError::new(
        exit::CONFIG,
        format!("`{name}`: {why}"),
        "docs/accounts.md describes what happens to positions",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_as_the_calendar_does() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2024-03-15T09:30:00-04:00", 1_710_509_400),
        ] {
            let found = time_of("x", &text.parse().unwrap()).unwrap();
            assert_eq!(found, seconds * 1_000_000_000, "{text}");
        }
        assert!(time_of("x", &"2024-03-15".parse().unwrap()).is_err());
    }
}
