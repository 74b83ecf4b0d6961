//! A page on this machine that shows the newest report and refreshes itself.
//!
//! Takes in reports and states in words; gives them out by HTTP on the loopback interface alone. A request that names
//! another host is refused, so that no page from elsewhere can read along.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tiny_http::{Header, Method, Request, Response, Server};

use crate::error::CliError;
use crate::exit;

/// The frame around the report: asks for news, shows the state, and takes in a new report where the old one was scrolled.
const FRAME: &str = include_str!("page.html");
/// What the frame may do: run its own script, ask this server, show the report.
const FRAME_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                            connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What the page shows.
#[derive(Default)]
struct Content {
    /// Counts the reports.
    version: u64,
    status: String,
    failed: bool,
    report: Arc<str>,
}

/// The page.
#[derive(Clone)]
pub struct Page {
    content: Arc<Mutex<Content>>,
    address: SocketAddr,
}

impl Page {
    /// Serves a page on a port of the loopback interface; 0 takes any that is free.
    ///
    /// # Errors
    /// The port cannot be had.
    pub fn serve(port: u16) -> Result<Page, CliError> {
        let wanted = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let failed = |why: String| {
            CliError::new(
                exit::DATA,
                format!("serving the report at {wanted}: {why}"),
                "name another port: `--serve PORT`, or 0 for any that is free",
            )
        };
        let server = Server::http(wanted).map_err(|error| failed(error.to_string()))?;
        let address = server.server_addr().to_ip();
        let address = address.ok_or_else(|| failed("it has no address".into()))?;
        let page = Page {
            content: Arc::default(),
            address,
        };
        let served = page.clone();
        std::thread::spawn(move || {
            for request in server.incoming_requests() {
                served.answer(request);
            }
        });
        Ok(page)
    }

    /// Where it is.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shows a new report.
    pub fn show(&self, report: String, status: String) {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.version += 1;
        content.report = report.into();
        content.status = status;
        content.failed = false;
    }

    /// Shows what is going on, or what failed; the report stays.
    pub fn tell(&self, status: String, failed: bool) {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.status = status;
        content.failed = failed;
    }

    fn answer(&self, request: Request) {
        let response = self.response(&request);
        // A browser that went away needs no answer.
        let _ = request.respond(response);
    }

    fn response(&self, request: &Request) -> Response<std::io::Cursor<Vec<u8>>> {
        if !self.is_own_host(request) {
            return text(403, "this page is for this machine alone");
        }
        if *request.method() != Method::Get {
            return text(405, "only GET");
        }
        let content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        match request.url().split('?').next().unwrap_or_default() {
            "/" => {
                let frame = with_type(200, FRAME.into(), "text/html; charset=utf-8");
                with(frame, "Content-Security-Policy", FRAME_POLICY)
            }
            "/report" => with_type(200, content.report.to_string(), "text/html; charset=utf-8"),
            "/state" => {
                let state = json!({
                    "version": content.version, "status": content.status, "failed": content.failed
                });
                with_type(200, state.to_string(), "application/json")
            }
            _ => text(404, "there is `/`, `/report` and `/state`"),
        }
    }

    fn is_own_host(&self, request: &Request) -> bool {
        let port = self.address.port();
        let own = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let mut headers = request.headers().iter();
        let host = headers.find(|x| x.field.equiv("Host"));
        host.is_some_and(|x| own.iter().any(|own| x.value.as_str() == own))
    }
}

type Body = Response<std::io::Cursor<Vec<u8>>>;

fn text(code: u16, text: &str) -> Body {
    with_type(code, format!("{text}\n"), "text/plain; charset=utf-8")
}

fn with_type(code: u16, text: String, kind: &str) -> Body {
    let response = Response::from_string(text).with_status_code(code);
    let response = with(response, "Content-Type", kind);
    with(response, "Cache-Control", "no-store")
}

fn with(response: Body, field: &str, value: &str) -> Body {
    match Header::from_bytes(field, value) {
        Ok(header) => response.with_header(header),
        Err(()) => response,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;

    fn get(page: &Page, path: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(page.address()).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn the_page_shows_the_newest_report_to_this_machine_alone() {
        let page = Page::serve(0).unwrap();
        assert!(page.address().ip().is_loopback());
        let host = page.address().to_string();
        page.show("<p>first</p>".into(), "run 1".into());
        page.show("<p>second</p>".into(), "run 2".into());
        page.tell("building failed".into(), true);
        assert!(get(&page, "/report", &host).ends_with("<p>second</p>"));
        let state = get(&page, "/state", &host);
        assert!(
            state.ends_with(r#"{"failed":true,"status":"building failed","version":2}"#),
            "{state}"
        );
        let frame = get(&page, "/", &host);
        assert!(
            frame.contains("Content-Security-Policy: default-src 'none'"),
            "{frame}"
        );
        assert!(get(&page, "/none", &host).starts_with("HTTP/1.1 404"));
        let elsewhere = get(&page, "/report", "example.org");
        assert!(elsewhere.starts_with("HTTP/1.1 403") && !elsewhere.contains("second"));
    }
}
