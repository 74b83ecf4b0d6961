//! Chromium without a window, told what to do through its DevTools protocol.
//!
//! Takes in the path of a browser; gives out pages to open, scripts to run in them and keys and mice to use on them. The
//! protocol travels over two pipes, each message ended by a zero byte.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser with one page.
pub(super) struct Browser {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    number: u64,
    session: Option<String>,
    /// What the page reported so far.
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser whose window has this size. It is ended after two minutes at the latest.
    pub(super) fn start(program: &Path, width: u32, height: u32) -> Browser {
        let profile = TempDir::new().unwrap();
        let mut command = Command::new("timeout");
        // The shell gives the browser its pipes as the file descriptors 3 and 4.
        command.args([
            "120",
            "sh",
            "-c",
            "exec \"$0\" \"$@\" 3<&0 4>&1 >/dev/null 2>&1",
        ]);
        command.arg(program).args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--hide-scrollbars",
            "--remote-debugging-pipe",
        ]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg(format!("--window-size={width},{height}"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (to, from) = (child.stdin.take(), child.stdout.take().unwrap());
        let mut browser = Browser {
            child,
            to,
            from: BufReader::new(from),
            number: 0,
            session: None,
            events: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach);
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        browser.call("Emulation.setDeviceMetricsOverride", metrics);
        browser
    }

    /// Calls a method of the protocol.
    pub(super) fn call(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let to = self.to.as_mut().unwrap();
        to.write_all(message.to_string().as_bytes()).unwrap();
        to.write_all(b"\0").unwrap();
        to.flush().unwrap();
        loop {
            let mut answer = self.hear();
            if answer["id"] == self.number {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    fn hear(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "the browser ended");
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Opens a file and waits until it is loaded and drawn.
    pub(super) fn open(&mut self, page: &Path) {
        self.events.clear();
        let url = format!("file://{}", page.display());
        self.call("Page.navigate", json!({"url": url}));
        let loaded = |x: &Value| x["method"] == "Page.loadEventFired";
        while !self.events.iter().any(loaded) {
            let event = self.hear();
            self.events.push(event);
        }
        let drawn = "new Promise(done => { const ask = () => document.documentElement.dataset.drawnMs ? done(true) \
                     : setTimeout(ask, 20); ask(); })";
        assert_eq!(self.run(drawn), true);
    }

    /// The events of a method so far.
    pub(super) fn events(&self, method: &str) -> Vec<&Value> {
        let all = self.events.iter().filter(|x| x["method"] == method);
        all.map(|x| &x["params"]).collect()
    }

    /// Runs a script in the page and gives what it evaluates to.
    pub(super) fn run(&mut self, script: &str) -> Value {
        let params = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.call("Runtime.evaluate", params);
        assert!(answer["exceptionDetails"].is_null(), "{script}: {answer}");
        answer["result"]["value"].take()
    }

    /// Waits for the next picture.
    pub(super) fn settle(&mut self) {
        self.run(
            "new Promise(done => setTimeout(() => requestAnimationFrame(() => done(true)), 60))",
        );
    }

    /// Presses a key on what has the focus.
    pub(super) fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            let text = if key.len() == 1 { key } else { "" };
            let mut event = json!({"type": kind, "key": key});
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", event);
        }
        self.settle();
    }

    /// Drags the mouse from one place to another.
    pub(super) fn drag(&mut self, from: (f64, f64), to: (f64, f64)) {
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        let steps = [
            ("mouseMoved", from, 0),
            ("mousePressed", from, 1),
            ("mouseMoved", middle, 1),
            ("mouseMoved", to, 1),
            ("mouseReleased", to, 1),
        ];
        for (kind, (x, y), buttons) in steps {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            let event = json!({
                "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1
            });
            self.call("Input.dispatchMouseEvent", event);
        }
        self.settle();
    }

    /// Whether the system prefers dark colours.
    pub(super) fn prefer_dark(&mut self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": value}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}));
        self.settle();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without its pipes the browser ends.
        self.to = None;
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
