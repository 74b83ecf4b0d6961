//! A strategy's process and its two pipes.
//!
//! Takes in frames to send; gives out the answers, or in words why there is none. Nothing here waits longer than it is
//! told to, whoever holds the pipes, and a process never outlives its owner: it is killed and reaped when this is dropped.

use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process_group};

use super::PythonSettings;
use super::patience::{Awake, Deadline, Patience, now};
use super::protocol::FRAME_BYTES_MAX;
use super::runtime::BOOT;
use crate::text::one_line;

/// The most bytes of standard error that are passed on.
const PASSED_ON_MAX: usize = 1 << 20;
/// How many bytes of standard error are kept to explain a death.
const LAST_WORDS_BYTES: usize = 4_096;
/// How long a process that closed its pipes may take to end by itself, and its last words to arrive.
const ENDING: Duration = Duration::from_millis(250);

/// A strategy's process.
pub(super) struct Process {
    child: Child,
    requests: Option<ChildStdin>,
    answers: ChildStdout,
    last_words: Receiver<Vec<u8>>,
    /// The answer that is being read.
    buffer: Vec<u8>,
    /// What came behind the last answer.
    surplus: Vec<u8>,
    /// The request that is being sent.
    frame: Vec<u8>,
    awake: Awake,
}

impl Process {
    /// Starts the interpreter.
    pub(super) fn start(settings: &PythonSettings) -> io::Result<Process> {
        let mut words = settings.launcher.iter();
        let mut command = match words.next() {
            Some(launcher) => {
                let mut command = Command::new(launcher);
                command.args(words).arg(std::process::id().to_string());
                command.arg(settings.memory_bytes.to_string());
                command.arg("--").arg(&settings.interpreter);
                command
            }
            None => Command::new(&settings.interpreter),
        };
        command.args(["-B", "-u", "-c", BOOT]);
        // Sums of floats and the order of sets must not depend on the machine or the day.
        command.env("PYTHONHASHSEED", "0");
        for library in ["OMP", "OPENBLAS", "MKL", "NUMEXPR"] {
            command.env(format!("{library}_NUM_THREADS"), "1");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        let parts = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(requests), Some(answers), Some(errors)) = parts else {
            return Err(io::Error::other("its pipes could not be opened"));
        };
        // A process that does not read must not hold up who writes.
        let flags = rustix::fs::fcntl_getfl(&requests)?;
        rustix::fs::fcntl_setfl(&requests, flags | OFlags::NONBLOCK)?;
        Ok(Process {
            child,
            requests: Some(requests),
            answers,
            last_words: pass_on(errors),
            buffer: Vec::new(),
            surplus: Vec::new(),
            frame: Vec::new(),
            awake: Awake::new(),
        })
    }

    /// The process's number.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a body, which `write` makes, and gives the body of the answer, for which it waits no longer than it is told.
    pub(super) fn ask(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), String>,
        patience: Patience,
    ) -> Result<&[u8], String> {
        if !self.surplus.is_empty() {
            self.end();
            return Err("it answered more than it was asked".into());
        }
        self.frame.clear();
        self.frame.extend([0; 4]);
        write(&mut self.frame)?;
        let length = self.frame.len() - 4;
        let Some(prefix) = u32::try_from(length)
            .ok()
            .filter(|_| length <= FRAME_BYTES_MAX)
        else {
            return Err(format!("{length} bytes are more than a frame may have"));
        };
        self.frame[..4].copy_from_slice(&prefix.to_le_bytes());
        let begun = now();
        let mut deadline = Deadline::begin(patience, self.child.id(), self.awake);
        if self.send(&mut deadline).is_err() {
            return Err(self.end_gone(&deadline));
        }
        let length = self.receive_by(deadline)?;
        self.awake.learn(begun);
        Ok(&self.buffer[4..length])
    }

    /// Sends the frame.
    fn send(&mut self, deadline: &mut Deadline) -> io::Result<()> {
        let Some(pipe) = &mut self.requests else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut rest = &self.frame[..];
        while !rest.is_empty() {
            match pipe.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    deadline.wait_for(&*pipe, PollFlags::OUT)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits for a body that the process sends unasked.
    pub(super) fn receive(&mut self, patience: Patience) -> Result<&[u8], String> {
        let deadline = Deadline::begin(patience, self.child.id(), self.awake);
        let length = self.receive_by(deadline)?;
        Ok(&self.buffer[4..length])
    }

    /// Fills the buffer with a frame; gives its length.
    fn receive_by(&mut self, mut deadline: Deadline) -> Result<usize, String> {
        self.buffer.resize(self.buffer.len().max(1 << 16), 0);
        let mut filled = self.surplus.len();
        self.buffer[..filled].copy_from_slice(&self.surplus);
        self.surplus.clear();
        let (mut wanted, mut is_length_known) = (4, false);
        while filled < wanted || !is_length_known {
            if filled >= wanted {
                wanted += self.announced()?;
                is_length_known = true;
                continue;
            }
            let ready = deadline.wait_for(&self.answers, PollFlags::IN);
            match ready.and_then(|()| self.answers.read(&mut self.buffer[filled..])) {
                Ok(count @ 1..) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return Err(self.end_gone(&deadline)),
            }
        }
        // The first answer is followed by another unasked.
        self.surplus.extend_from_slice(&self.buffer[wanted..filled]);
        Ok(wanted)
    }

    /// The length that an answer announces; there is room for it afterwards.
    fn announced(&mut self) -> Result<usize, String> {
        let prefix = self.buffer.first_chunk().copied().unwrap_or_default();
        let length = u32::from_le_bytes(prefix) as usize;
        if length > FRAME_BYTES_MAX {
            self.end();
            return Err(format!("it answered with a frame of {length} bytes"));
        }
        if self.buffer.len() < 4 + length {
            self.buffer.resize(4 + length, 0);
        }
        Ok(length)
    }

    /// It is gone, or says no more.
    #[cold]
    fn end_gone(&mut self, deadline: &Deadline) -> String {
        let ended = match deadline.is_over() {
            // What it left behind may hold its pipes.
            true => self.child.try_wait().ok().flatten(),
            false => self.wait_a_little(),
        };
        if deadline.is_over() && ended.is_none() {
            self.end();
            return deadline.to_string();
        }
        self.end();
        let how = match ended {
            Some(status) => death(status),
            None => "it closed its connection to the host".into(),
        };
        let words = self.last_words.recv_timeout(ENDING).unwrap_or_default();
        let words = String::from_utf8_lossy(&words);
        match words.lines().rev().find(|x| !x.trim().is_empty()) {
            Some(line) => format!("{how}; it last said: {}", one_line(line, 200)),
            None => how,
        }
    }

    /// Waits until the process has ended by itself, but not long.
    fn wait_a_little(&mut self) -> Option<ExitStatus> {
        const LOOK: Duration = Duration::from_millis(5);
        for _ in 0..ENDING.as_millis() / LOOK.as_millis() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(LOOK);
        }
        None
    }

    /// Kills the process, and all that it started and that is still of its group; reaps it.
    fn end(&mut self) {
        if self.requests.take().is_none() {
            return;
        }
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            // It may have ended by itself; either way it is gone afterwards.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Passes a process's standard error on, as far as it is not too much; gives the last of it when it ends.
fn pass_on(mut errors: ChildStderr) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut part = [0; 1 << 14];
        let (mut passed, mut last) = (0, Vec::new());
        while let Ok(count @ 1..) = errors.read(&mut part) {
            let part = &part[..count];
            if passed < PASSED_ON_MAX {
                let _ = io::stderr().write_all(part);
                passed += count;
                if passed >= PASSED_ON_MAX {
                    let _ = io::stderr().write_all(b"\n(what follows is left out)\n");
                }
            }
            last.extend_from_slice(part);
            let surplus = last.len().saturating_sub(LAST_WORDS_BYTES);
            last.drain(..surplus);
        }
        let _ = sender.send(last);
    });
    receiver
}

/// How a process ended that should not have.
fn death(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(9), _) => "its process was ended by SIGKILL".into(),
        (Some(11), _) => "its process was ended by SIGSEGV".into(),
        (Some(6), _) => "its process was ended by SIGABRT".into(),
        (Some(signal), _) => format!("its process was ended by signal {signal}"),
        (None, code) => format!("its process ended with code {}", code.unwrap_or_default()),
    }
}
