//! A strategy's file.
//!
//! Takes in a path; gives out the descriptor and instances. To read the descriptor the file is run once, in a process
//! that then becomes the first instance.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use backplane_engine::fault::Fault;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::features::FeatureSpec;
use backplane_sdk::params::{Params, Value as ParamValue};
use backplane_sdk::types::Nanos;

use super::PythonSettings;
use super::beside::{self, SOURCE_BYTES_MAX};
use super::feature_guest::FeatureHearing;
use super::guest::{Hearing, MessageHearing, PythonGuest};
use super::patience::Patience;
use super::process::Process;
use super::protocol::{Answer, Declared, Hello, Opening, PROTOCOL, Raised, Request, Setup, Value};
use super::runtime::MODULES;
use super::session::{Session, fault_of};
use crate::content::Content;
use crate::descriptor;
use crate::error::{GuestError, Refusal};
use crate::policy::Grant;
use crate::text::one_line;

/// The most bytes of a reason in a message.
const REASON_BYTES_MAX: usize = 1_000;

/// A strategy's file that was run once.
#[derive(Clone)]
pub struct PythonPlugin {
    path: PathBuf,
    content: Arc<Content>,
    digest: [u8; 32],
    descriptor: Arc<Descriptor>,
    /// What a strategy over features hears.
    declared: Option<Declared>,
    python: String,
    settings: PythonSettings,
    /// The process that described the strategy, until it becomes an instance.
    spare: Arc<Mutex<Option<Process>>>,
}

impl std::fmt::Debug for PythonPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("PythonPlugin");
        let shown = shown.field("path", &self.path);
        shown.field("name", &self.name()).finish_non_exhaustive()
    }
}

impl PythonPlugin {
    /// Reads a strategy's file and runs it in a process of its own.
    ///
    /// # Errors
    /// Why the file or the interpreter cannot be used, or what the strategy raised.
    pub fn load(path: &Path, settings: &PythonSettings) -> Result<PythonPlugin, GuestError> {
        PythonPlugin::load_granted(path, &Grant::default(), settings)
    }

    /// The same for a file of the digest of a grant, within the memory of the grant.
    pub(crate) fn load_granted(
        path: &Path,
        grant: &Grant,
        settings: &PythonSettings,
    ) -> Result<PythonPlugin, GuestError> {
        let content = Arc::new(read(path)?);
        let digest = content.digest();
        grant.check_digest(path, &digest)?;
        let settings = &PythonSettings {
            memory_bytes: grant.limits.python_memory_bytes,
            ..settings.clone()
        };
        let (process, opening) = open(path, &content, settings)?;
        let hello = match opening {
            Opening::Hello(hello) => hello,
            Opening::Fault(raised) => {
                return Err(failed(path, raised));
            }
            Opening::Ready(_) | Opening::Failed { .. } => {
                let reason = "its process answered out of turn";
                return Err(python_error(path, reason, CHOOSE));
            }
        };
        check_protocol(path, &hello)?;
        let unusable = |reason: String| GuestError::Descriptor {
            path: path.to_owned(),
            reason: one_line(&reason, REASON_BYTES_MAX),
        };
        let descriptor = descriptor::parse(&hello.descriptor).map_err(unusable)?;
        if let Some(declared) = &hello.features {
            FeatureSpec::parse(&declared.columns, &declared.sampling).map_err(unusable)?;
            close_of(declared).map_err(unusable)?;
        }
        Ok(PythonPlugin {
            path: path.to_owned(),
            digest,
            content,
            descriptor: Arc::new(descriptor),
            declared: hello.features,
            python: hello.python,
            settings: settings.clone(),
            spare: Arc::new(Mutex::new(Some(process))),
        })
    }

    /// The same plugin with at most so many messages or rows in one call.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> PythonPlugin {
        self.settings.batch = batch;
        self
    }

    /// The same plugin over other features, or at other moments; empty and none leave what the strategy says.
    ///
    /// # Errors
    /// That it hears no features, or which of the names is not known.
    pub fn with_features(
        mut self,
        columns: &[String],
        sampling: Option<&str>,
    ) -> Result<PythonPlugin, GuestError> {
        if columns.is_empty() && sampling.is_none() {
            return Ok(self);
        }
        let name = self.name().to_owned();
        let unusable = |reason: &str| GuestError::Instance {
            name: name.clone(),
            reason: one_line(reason, REASON_BYTES_MAX),
        };
        let declared = self.declared.as_mut();
        let declared = declared.ok_or_else(|| unusable("it hears no features"))?;
        if !columns.is_empty() {
            declared.columns = columns.to_vec();
        }
        if let Some(sampling) = sampling {
            sampling.clone_into(&mut declared.sampling);
        }
        let spec = FeatureSpec::parse(&declared.columns, &declared.sampling);
        spec.map_err(|x| unusable(&x))?;
        Ok(self)
    }

    /// The strategy's name, as its descriptor says.
    pub fn name(&self) -> &str {
        &self.descriptor.name
    }

    /// The file that was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The BLAKE3 digest of the bytes that are run ([`Content::digest`]).
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What the strategy says about itself.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The interpreter's version.
    pub fn python(&self) -> &str {
        &self.python
    }

    /// Makes an instance, in a process of its own.
    ///
    /// # Errors
    /// Why it cannot be made, or what the strategy says to the parameters.
    pub fn instantiate(&self, params: &Params) -> Result<PythonGuest, GuestError> {
        let instance_error = |reason: &str| GuestError::Instance {
            name: self.descriptor.name.clone(),
            reason: one_line(reason, REASON_BYTES_MAX),
        };
        let fitting = Params::from_abi(&self.descriptor.params, &params.to_abi());
        if fitting.map_err(|x| instance_error(&x))? != *params {
            let reason = "the parameters are those of another strategy";
            return Err(instance_error(reason));
        }
        let spare = self.spare.lock().ok().and_then(|mut x| x.take());
        let process = match spare {
            Some(process) => process,
            None => open(&self.path, &self.content, &self.settings)?.0,
        };
        let values: Vec<Value> = params.iter().map(|x| value(x.1)).collect();
        let batch = self.settings.batch.clamp(1, super::BATCH_MAX);
        let (hearing, columns) = match &self.declared {
            None => (Hearing::Messages(MessageHearing::default()), &[][..]),
            Some(declared) => {
                let spec = FeatureSpec::parse(&declared.columns, &declared.sampling);
                let spec = spec.map_err(|x| instance_error(&x))?;
                let close = close_of(declared).map_err(|x| instance_error(&x))?;
                let hearing = FeatureHearing::new(spec, declared.market_only, close, batch);
                (Hearing::Features(Box::new(hearing)), &declared.columns[..])
            }
        };
        let session = Session::new(process, self.settings.call_timeout);
        let mut guest = PythonGuest::new(Arc::clone(&self.descriptor), session, hearing, batch);
        let request = Request::Create((&values, columns));
        match guest.session.ask(&request, self.settings.start_timeout) {
            Ok(Answer::Done(())) => Ok(guest),
            Ok(Answer::Refused(reason)) => Err(instance_error(&reason)),
            Ok(Answer::Fault(raised)) => Err(failed(&self.path, raised)),
            Ok(_) => Err(instance_error("its process answered something else")),
            Err(reason) => Err(died(&self.path, reason)),
        }
    }
}

/// The strategy's own code raised something.
fn failed(path: &Path, raised: Raised) -> GuestError {
    GuestError::Strategy {
        path: path.to_owned(),
        traceback: raised.3.clone(),
        fault: fault_of(raised),
    }
}

/// The strategy's own code ended its process, or never came to an end.
fn died(path: &Path, reason: String) -> GuestError {
    GuestError::Strategy {
        path: path.to_owned(),
        traceback: String::new(),
        fault: Fault::new(format!("while it was loaded: {reason}")),
    }
}

/// Reads a file and checks it without running it.
///
/// # Errors
/// Why it cannot be read, or that it does not speak of the package.
pub fn read_checked(path: &Path) -> Result<Content, GuestError> {
    const NAME: &[u8] = b"backplane";
    let content = read(path)?;
    match content.file.windows(NAME.len()).any(|x| x == NAME) {
        true => Ok(content),
        false => Err(GuestError::refused(path, Refusal::NotAStrategy)),
    }
}

/// That a process speaks this host's protocol.
fn check_protocol(path: &Path, hello: &Hello) -> Result<(), GuestError> {
    if hello.protocol == PROTOCOL {
        return Ok(());
    }
    let (theirs, numpy) = (hello.protocol, &hello.numpy);
    Err(python_error(
        path,
        &format!(
            "its process (NumPy {numpy}) speaks protocol version {theirs}, but this host speaks {PROTOCOL}"
        ),
        "use the package `backplane` of this host's version",
    ))
}

/// The time of day of the market's close.
fn close_of(declared: &Declared) -> Result<Option<Nanos>, String> {
    let text = &declared.market_close;
    if text.is_empty() {
        return Ok(None);
    }
    let parts: Vec<Option<i64>> = text.split(':').map(|x| x.parse().ok()).collect();
    let seconds = match parts[..] {
        [Some(hour @ 0..24), Some(minute @ 0..60)] => Some(hour * 3_600 + minute * 60),
        [
            Some(hour @ 0..24),
            Some(minute @ 0..60),
            Some(second @ 0..60),
        ] => Some(hour * 3_600 + minute * 60 + second),
        _ => None,
    };
    let wrong = || {
        format!(
            "`market_close` is `{text}`, but must be a time of day such as `20:59` or `20:59:30` (UTC)"
        )
    };
    seconds.map(|x| Some(Nanos::from_secs(x))).ok_or_else(wrong)
}

/// Reads a file, and the modules beside it that are part of it, without running any of it.
///
/// # Errors
/// Why they cannot be read, or that they are too large.
pub fn read(path: &Path) -> Result<Content, GuestError> {
    let unreadable = |error| GuestError::refused(path, Refusal::Unreadable(error));
    let about = path.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(GuestError::refused(path, Refusal::NotAFile));
    }
    if about.len() > SOURCE_BYTES_MAX {
        let most = SOURCE_BYTES_MAX;
        return Err(GuestError::refused(path, Refusal::TooLarge { most }));
    }
    let file = std::fs::read(path).map_err(unreadable)?;
    let beside = beside::modules(path, &file);
    Ok(Content {
        beside: beside.map_err(|x| GuestError::refused(path, x))?,
        file,
    })
}

/// Starts a process and hands it the strategy's source, with the modules beside it.
fn open(
    path: &Path,
    content: &Content,
    settings: &PythonSettings,
) -> Result<(Process, Opening), GuestError> {
    let interpreter = settings.interpreter.display();
    let mut process = Process::start(settings).map_err(|error| {
        let reason = format!("the interpreter `{interpreter}` cannot be started: {error}");
        python_error(path, &reason, CHOOSE)
    })?;
    let hex = |bytes: &[u8]| bytes.iter().map(|x| format!("{x:02x}")).collect();
    let beside = |(path, bytes): (&PathBuf, &Vec<u8>)| (path.display().to_string(), hex(bytes));
    let setup = Setup {
        modules: MODULES.iter().copied().collect::<BTreeMap<_, _>>(),
        path: &path.to_string_lossy(),
        patience: [settings.start_timeout, settings.call_timeout].map(|x| x.as_secs_f64()),
        source: hex(&content.file),
        beside: content.beside.iter().map(beside).collect(),
    };
    let write = |body: &mut Vec<u8>| {
        serde_json::to_writer(body, &setup).map_err(|x| format!("writing the first frame: {x}"))
    };
    let nonsense = |error: serde_json::Error| {
        let reason = format!("the interpreter `{interpreter}` answered nonsense: {error}");
        python_error(path, &reason, CHOOSE)
    };
    let patience = Patience::Start(settings.start_timeout);
    let first = process.ask(write, patience);
    let first = first.map_err(|reason| {
        let reason = format!("the interpreter `{interpreter}` does not serve: {reason}");
        python_error(path, &reason, CHOOSE)
    })?;
    match serde_json::from_slice(first).map_err(nonsense)? {
        Opening::Ready(_) => {}
        Opening::Failed { failed, hint } => {
            let reason = format!("the interpreter `{interpreter}` does not serve: {failed}");
            return Err(python_error(path, &reason, &hint));
        }
        Opening::Hello(_) | Opening::Fault(_) => {
            let reason = format!("the interpreter `{interpreter}` answered out of turn");
            return Err(python_error(path, &reason, CHOOSE));
        }
    }
    // From here on the strategy alone is to blame.
    match process.receive(patience) {
        Ok(body) => {
            let opening = serde_json::from_slice(body).map_err(nonsense)?;
            Ok((process, opening))
        }
        Err(reason) => Err(died(path, reason)),
    }
}

/// What to do where an interpreter does not serve.
const CHOOSE: &str = "name an interpreter with `interpreter` in `[python]` of the run file, activate a virtual \
                      environment, or install `python3`";

fn python_error(path: &Path, reason: &str, hint: &str) -> GuestError {
    GuestError::Python {
        path: path.to_owned(),
        reason: one_line(reason, REASON_BYTES_MAX),
        hint: one_line(hint, REASON_BYTES_MAX),
    }
}

const fn value(value: ParamValue) -> Value {
    match value {
        ParamValue::Integer(x) => Value::Integer(x),
        ParamValue::Float(x) => Value::Float(x),
        ParamValue::Boolean(x) => Value::Boolean(x),
    }
}
