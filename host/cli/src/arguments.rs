//! The arguments of every command.
//!
//! Takes in what the user typed; gives out checked values. What a flag means is said once, here, in its help.

mod edit;
mod run;

pub use edit::{CatArguments, ConvertArguments, MergeArguments, PartArguments, SliceArguments};
pub use run::{DevArguments, PolicyArguments, RunArguments, RunCommand};

use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use backplane_tape::TapeSchema;
use backplane_tape::generate::MarketKind;
use backplane_tape::import::IMPORTERS;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// A market-replay backtester built as a plugin host.
#[derive(Debug, Parser)]
#[command(name = "backplane", version, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run strategies over a tape and write a result directory
    Run(Box<RunCommand>),
    /// Watch strategies, run them anew whenever they change, and show what changed
    Dev(Box<DevArguments>),
    /// Import, inspect, verify, print, cut, merge, convert and generate tapes
    #[command(subcommand)]
    Tape(TapeCommand),
    /// Shadow a tape's real orders with simulated ones and compare their fills
    Calibrate(CalibrateArguments),
    /// Write the rows of features that a strategy would hear, as a table to train on
    Features(FeatureArguments),
    /// List and inspect plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Play a recording to its strategy alone, in this process: without tape or exchange, under a debugger
    Play(PlayArguments),
    /// Make the report of a result directory again, from its tables alone
    Report(ReportArguments),
    /// Compare runs: settings, figures, equity, where they part
    Compare(CompareArguments),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// What the supervisor starts; not for people
    #[command(subcommand, hide = true)]
    Worker(WorkerCommand),
}

/// Commands of `tape`.
#[derive(Debug, Subcommand)]
pub enum TapeCommand {
    /// Make a tape of a source's files
    Import(ImportArguments),
    /// Show what a tape holds
    Inspect {
        /// The tape
        tape: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Prove a tape: order, books, resolved columns, digest
    Verify {
        /// The tape
        tape: PathBuf,
        /// What the source itself says, to compare with row by row: a LOBSTER zip or orderbook CSV, Binance captures
        /// (by their book ticker), OKX captures (by their checksums); several files are one after the other
        #[arg(long, value_name = "FILE", num_args = 1..)]
        against: Vec<PathBuf>,
        /// Fail as well where crossed books, gaps, unknown orders, repeated or falling sequence numbers, or a clock that
        /// is behind are seen
        #[arg(long)]
        strict: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a tape's rows
    Cat(CatArguments),
    /// Make a tape of a part of another, with a snapshot of the books where it begins
    Slice(SliceArguments),
    /// Make one tape of several: days after each other, venues beside each other
    Merge(MergeArguments),
    /// Make a folder of Parquet files of a tape, or a tape of such a folder
    Convert(ConvertArguments),
    /// Make a tape of a seeded synthetic order-level market
    Generate(GenerateArguments),
}

/// The names of the importers, with what each of them reads.
fn sources() -> impl TypedValueParser<Value = String> {
    let names = IMPORTERS
        .iter()
        .map(|x| PossibleValue::new(x.name).help(x.about));
    PossibleValuesParser::new(names)
}

/// What a generated market is of.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Profile {
    /// A share at 150 dollars, ticks of a cent, round lots
    Equity,
    /// An index future at 4800 points, ticks of a quarter point
    Future,
    /// A coin at 60,000 dollars, ticks of ten cents, sizes in thousandths
    Crypto,
}

impl From<Profile> for MarketKind {
    fn from(profile: Profile) -> MarketKind {
        match profile {
            Profile::Equity => MarketKind::Equity,
            Profile::Future => MarketKind::Future,
            Profile::Crypto => MarketKind::Crypto,
        }
    }
}

/// What the rows of a tape are.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Rows {
    /// Orders: a row for what becomes of each of them
    Mbo,
    /// Price levels and trades, as a feed without orders shows them
    Mbp,
}

impl From<Rows> for TapeSchema {
    fn from(rows: Rows) -> TapeSchema {
        match rows {
            Rows::Mbo => TapeSchema::Mbo,
            Rows::Mbp => TapeSchema::Mbp,
        }
    }
}

/// Arguments of `tape import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The source's files, folders or archives, compressed or not; `-` is standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// The kind of source; told by the files themselves where it is not given
    #[arg(long, value_name = "FORMAT", value_parser = sources())]
    pub from: Option<String>,
    /// The tape to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// What the tape's rows are; orders where the source shows them, if it is not said
    #[arg(long, value_name = "SCHEMA")]
    pub schema: Option<Rows>,
    /// The symbols to import, all if none is named
    #[arg(long, value_name = "SYMBOL", value_delimiter = ',')]
    pub symbols: Vec<String>,
    /// LOBSTER's orderbook CSV, where it is not among the inputs
    #[arg(long, value_name = "FILE")]
    pub book: Option<PathBuf>,
    /// The smallest step of limit prices, where the source does not say it right
    #[arg(long, value_name = "PRICE")]
    pub tick: Option<String>,
    /// The step of sizes, where they may be fractions and the source does not say it right: the tape counts lots of it
    #[arg(long, value_name = "SIZE")]
    pub lot: Option<String>,
    /// Round prices and sizes that are no whole number of ticks and lots, and count them, instead of refusing them
    #[arg(long)]
    pub round: bool,
    /// The column map (TOML) of a table of your own making
    #[arg(long, value_name = "FILE")]
    pub columns: Option<PathBuf>,
    /// For bars of trades, which show no book: assume best prices so many ticks apart around each print
    #[arg(long, value_name = "TICKS")]
    pub spread: Option<NonZeroU32>,
    /// How far the recording machine's clock was behind the exchange's, such as `1.3s`; negative where it was ahead
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub clock_offset: Option<String>,
    /// What a size of one is worth when the price is one: 1 for a share, 50 for an ES contract
    #[arg(long, value_name = "NUMBER")]
    pub multiplier: Option<String>,
    /// The currency of prices
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// The day of a file that does not say it: `2019-01-30`
    #[arg(long, value_name = "DAY")]
    pub date: Option<String>,
    /// How often to read the input, each time after the end of the time before and with empty books: a long tape of a
    /// short recording
    #[arg(long, default_value = "1", value_name = "COUNT")]
    pub repeat: NonZeroU32,
    /// Replace the tape if it exists
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `tape generate`.
#[derive(Debug, Args)]
pub struct GenerateArguments {
    /// The tape to write; with `--compare` it may be left away
    #[arg(short, long, value_name = "FILE", required_unless_present = "compare")]
    pub output: Option<PathBuf>,
    /// A tape of orders to compare the market with: prints what both are like side by side. Set `--messages-per-second`
    /// to what the recorded market has
    #[arg(long, value_name = "TAPE")]
    pub compare: Option<PathBuf>,
    /// What the tape's rows are
    #[arg(long, default_value = "mbo", value_name = "SCHEMA")]
    pub schema: Rows,
    /// What trades: ticks, sizes, contract and currency
    #[arg(long, default_value = "future", value_name = "KIND")]
    pub profile: Profile,
    /// The seed: the same seed and settings give the same tape on every machine
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
    /// How many instruments trade
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    pub instruments: u16,
    /// How many messages follow the opening snapshots
    #[arg(long, default_value_t = 1_000_000, value_name = "COUNT")]
    pub messages: u64,
    /// How many messages an instrument sends in a second on average
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    pub messages_per_second: u32,
    /// How many orders rest in an instrument's book on average
    #[arg(long, default_value_t = 4_000, value_name = "COUNT")]
    pub resting_orders: u32,
    /// How long after the start the first instrument expires, and each further one after the one before, such as `600s`
    #[arg(long, value_name = "TIME")]
    pub expire_after: Option<String>,
    /// Faults for tests, at places that the seed chooses: `gaps=3` events missing, `crossed=2` books, `late=5` events,
    /// `jumps=1` of the local clock
    #[arg(long, value_name = "KIND=COUNT", value_delimiter = ',')]
    pub faults: Vec<String>,
    /// Replace the tape if it exists
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Commands of `plugin`.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// List the plugins of a directory, and why others are refused
    List {
        /// The directory
        directory: PathBuf,
        /// What plugins may have
        #[command(flatten)]
        policy: PolicyArguments,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a plugin's size, digest, imports and exports and, where it may be loaded, what it says about itself
    Inspect {
        /// The plugin's file
        plugin: PathBuf,
        /// What plugins may have
        #[command(flatten)]
        policy: PolicyArguments,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a strategy to begin with: a folder that builds, passes its own tests and validates at once
    New(NewArguments),
    /// Check a plugin before it is trusted: how it bears other markets, rejects and restarts, and whether it repeats
    Validate(ValidateArguments),
}

/// The languages in which a strategy can be begun.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Language {
    /// Rust, with the SDK
    Rust,
    /// C, with the SDK's headers
    C,
    /// AssemblyScript, with a copy of the SDK's module
    Assemblyscript,
    /// Python, which needs no SDK
    Python,
}

/// Arguments of `plugin new`.
#[derive(Debug, Args)]
pub struct NewArguments {
    /// The strategy's name
    pub name: String,
    /// The language
    #[arg(long, default_value = "rust", value_name = "LANGUAGE")]
    pub lang: Language,
    /// The folder to make; the name where it is not given
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// The SDK's folder; that of the checkout around this program where it is not given
    #[arg(long, value_name = "DIR")]
    pub sdk: Option<PathBuf>,
}

/// Arguments of `plugin validate`.
#[derive(Debug, Args)]
pub struct ValidateArguments {
    /// The plugin's file
    #[arg(required_unless_present = "list")]
    pub plugin: Option<PathBuf>,
    /// What plugins may have
    #[command(flatten)]
    pub policy: PolicyArguments,
    /// Set a parameter in all checks: `PARAM=VALUE`; give it again for more
    #[arg(long = "set", value_name = "PARAM=VALUE")]
    pub params: Vec<String>,
    /// Make this check only; give it again for more
    #[arg(long = "check", value_name = "NAME")]
    pub checks: Vec<String>,
    /// List the checks and what each wants, and make none
    #[arg(long)]
    pub list: bool,
    /// Show only checks that failed
    #[arg(long)]
    pub only_failed: bool,
    /// The seed of all that is drawn; give it again to make every check with several
    #[arg(long = "seed", default_value = "1", value_name = "NUMBER")]
    pub seeds: Vec<u64>,
    /// How long one check may take before its process is ended
    #[arg(long, default_value = "60s", value_name = "TIME")]
    pub timeout: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `calibrate`.
#[derive(Debug, Args)]
pub struct CalibrateArguments {
    /// A tape of orders (schema `mbo`)
    pub tape: PathBuf,
    /// Shadow at most so many orders, drawn by the seed; all if it is not said
    #[arg(long, value_name = "COUNT")]
    pub sample: Option<NonZeroUsize>,
    /// The seed of all that is drawn
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
    /// Shadow them on the tape of orders, on price levels of the same market, or on both
    #[arg(long, value_enum, default_value = "both", value_name = "LEVEL")]
    pub level: CalibrateLevel,
    /// Write a page that opens offline; a file that exists is replaced
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `features`.
#[derive(Debug, Args)]
pub struct FeatureArguments {
    /// The tape
    pub tape: PathBuf,
    /// The features by their names, such as `microprice,imbalance_5,volume_10s`
    #[arg(long, required = true, value_delimiter = ',', value_name = "NAME,...")]
    pub features: Vec<String>,
    /// When a row is made: `time:100ms`, `trades:50`, `volume:1000` or `best-price`
    #[arg(long, default_value = "time:100ms", value_name = "CLOCK")]
    pub sampling: String,
    /// The Parquet file to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// How long market data takes to the strategies: `recorded`, or a time such as `50us`
    #[arg(long, value_name = "TIME")]
    pub feed_latency: Option<String>,
    /// Replace the file if it exists
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `play`.
#[derive(Debug, Args)]
pub struct PlayArguments {
    /// A recording that `run --record` made
    pub recording: PathBuf,
    /// The directory in which the strategy's plugin lies: the one that ran, or a debug build of it. It is loaded into this
    /// process
    #[arg(long, value_name = "DIR")]
    pub plugins: PathBuf,
    /// What plugins may have
    #[command(flatten)]
    pub policy: PolicyArguments,
    /// Stop after the message of this number, counted from 1
    #[arg(long, value_name = "NUMBER")]
    pub until: Option<u64>,
    /// Print each command with the message on which it was given
    #[arg(long)]
    pub commands: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// On which tapes real orders are shadowed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CalibrateLevel {
    /// First in, first out on the tape of orders
    Orders,
    /// Every queue model on price levels
    Prices,
    /// Both
    Both,
}

impl Command {
    /// Whether it can end at any moment. Runs have workers to end first, a worker ends with its supervisor, and a debugger
    /// has signals of its own.
    pub(crate) const fn ends_at_once(&self) -> bool {
        !matches!(
            self,
            Command::Run(_) | Command::Dev(_) | Command::Play(_) | Command::Worker(_)
        )
    }
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The result directory
    pub results: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Write the page for a browser to this file; a file of that name is replaced
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// How figures are made
    #[command(flatten)]
    pub figures: FigureArguments,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The result directories; the first is what the others are measured against
    #[arg(required = true, num_args = 2.., value_name = "RESULTS")]
    pub results: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Write a page for a browser to this file; a file of that name is replaced
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// How figures are made
    #[command(flatten)]
    pub figures: FigureArguments,
}

/// How figures are made, and which of them must not be.
#[derive(Debug, Args)]
pub struct FigureArguments {
    /// Which days count: 252 weekdays a year, or all 365; by itself as the run's weekends tell
    #[arg(long, value_enum, default_value_t)]
    pub calendar: CalendarArgument,
    /// End with exit code 8 where this holds, as `sharpe<1.5` or `change(net_pnl)<0`; a figure that does not exist counts
    /// as holding. Of compared runs all but the first are checked. May be repeated
    #[arg(long, value_name = "CONDITION")]
    pub fail_if: Vec<String>,
}

/// Which days count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CalendarArgument {
    /// As the run's weekends tell
    #[default]
    Auto,
    /// Monday to Friday, and weekend days with a valuation
    Weekdays,
    /// Every day
    EveryDay,
}

/// What a supervisor starts.
#[derive(Debug, Subcommand)]
pub enum WorkerCommand {
    /// Run a job
    Run {
        /// The job's file
        job: PathBuf,
    },
    /// Become a strategy's interpreter
    Launch {
        /// The process that started this one
        parent: u32,
        /// The most bytes of address space
        memory_bytes: u64,
        /// The interpreter and its arguments
        #[arg(last = true, required = true)]
        program: Vec<OsString>,
    },
    /// Run one job after the other, as they come on standard input
    Serve,
    /// Load a plugin and describe it
    Describe {
        /// The plugin's file
        plugin: PathBuf,
        /// What it was granted, as JSON
        grant: String,
    },
    /// Make one check of a plugin
    Check {
        /// The plugin's file
        plugin: PathBuf,
        /// What it was granted, as JSON
        grant: String,
        /// The check
        name: String,
        /// The seed
        seed: u64,
    },
}
