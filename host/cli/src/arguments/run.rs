//! The arguments of the commands that run strategies.
//!
//! Takes in what the user typed; gives out checked values.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `run` and `dev`: what is run, and where results go.
#[derive(Clone, Debug, Args)]
pub struct RunArguments {
    /// A run file (TOML); flags override what it says
    #[arg(value_name = "RUN_FILE")]
    pub run_file: Option<PathBuf>,
    /// The tape to replay
    #[arg(long, value_name = "FILE")]
    pub tape: Option<PathBuf>,
    /// The directory in which strategies' plugins lie
    #[arg(long, value_name = "DIR")]
    pub plugins: Option<PathBuf>,
    /// What plugins may have
    #[command(flatten)]
    pub policy: PolicyArguments,
    /// A strategy to run, with parameters: `NAME[:PARAM=VALUE,...]`; give it again for more. `LABEL@NAME:...` names the
    /// instance
    #[arg(long = "strategy", value_name = "STRATEGY")]
    pub strategies: Vec<String>,
    /// The result directory to make
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replace the result directory if it exists
    #[arg(long)]
    pub force: bool,
    /// The seed of all that is random
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// The cash with which each instance starts
    #[arg(long, value_name = "AMOUNT")]
    pub cash: Option<String>,
    /// How long market data takes to the strategies: `recorded`, or a time such as `50us`
    #[arg(long, value_name = "TIME")]
    pub feed_latency: Option<String>,
    /// How long requests take to the exchange
    #[arg(long, value_name = "TIME")]
    pub entry_latency: Option<String>,
    /// How long answers take back
    #[arg(long, value_name = "TIME")]
    pub response_latency: Option<String>,
    /// The maker's fee as a share of the traded value: `0.0001`; negative for a rebate
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    pub maker_fee: Option<String>,
    /// The taker's fee as a share of the traded value
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    pub taker_fee: Option<String>,
    /// How long a strategy may take for one message before its worker is ended
    #[arg(long, value_name = "TIME")]
    pub stall_timeout: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// What plugins may have.
#[derive(Clone, Debug, Default, Args)]
pub struct PolicyArguments {
    /// A policy (TOML): what each plugin may have. Where none is named, it is `backplane/policy.toml` in your
    /// configuration folder, if there is one
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Grant a kind of plugin, to all or to those named: `native` and `python` are code that runs with your rights
    #[arg(long, value_name = "KIND[:NAME,...]")]
    pub allow: Vec<String>,
}

/// Arguments of `run` alone.
#[derive(Clone, Debug, Args)]
pub struct RunCommand {
    /// The settings of the run.
    #[command(flatten)]
    pub run: RunArguments,
    /// Record what the instance of this name hears, into `NAME.heard` in the result directory, for `backplane play`; give
    /// it again for more
    #[arg(long, value_name = "NAME")]
    pub record: Vec<String>,
    /// Watch the plugins: a new version of a strategy takes over from the old one while the run goes on
    #[arg(long)]
    pub watch: bool,
    /// Let versions take over as they did in the run of this result directory, at the same messages
    #[arg(long, value_name = "RESULTS", conflicts_with = "watch")]
    pub swaps: Option<PathBuf>,
    /// Make a checkpoint of each strategy every so much of its time, such as `600s`: a run that is killed goes on from the
    /// last with `--resume`
    #[arg(long, value_name = "TIME", conflicts_with_all = ["watch", "swaps"])]
    pub checkpoint_every: Option<String>,
    /// Go on with a run that was killed, from its checkpoints; the other arguments are those of that run
    #[arg(long, conflicts_with_all = ["watch", "swaps"])]
    pub resume: bool,
    /// Run again with other sizes of batches and compare digests: a strategy that looks at rows which come later is told
    /// apart. Exit code 8 where they differ
    #[arg(long, conflicts_with_all = ["watch", "swaps", "checkpoint_every", "resume"])]
    pub verify_causal: bool,
}

/// Arguments of `dev`. Results are written where `--output` says; without it they go away with the command. With `--json`
/// each happening is one JSON value a line.
#[derive(Clone, Debug, Args)]
pub struct DevArguments {
    /// The settings of each run.
    #[command(flatten)]
    pub run: RunArguments,
    /// Build a strategy's sources whenever one of their files changes, and run what comes of them: a crate (`Cargo.toml`),
    /// a package (`package.json`) or a folder with a `Makefile`
    #[arg(long, value_name = "DIR")]
    pub source: Option<PathBuf>,
    /// Build them with this command, which leaves the plugin in `build` below the folder
    #[arg(long, value_name = "COMMAND", requires = "source")]
    pub build: Option<String>,
    /// Run new versions from this time on, such as `15:30:00` (UTC, on the tape's first day): until then what the first
    /// version asked for stands, and its state is handed over then
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Run to this time and no further, written as for `--from`
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Serve the newest report to browsers on this machine; it refreshes itself. Without a port any that is free
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "0")]
    pub serve: Option<u16>,
}
