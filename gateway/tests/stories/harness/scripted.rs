//! An upstream server that answers as a test says, can go away, and can come back.

use super::upstream::{Seen, read_body, read_head};
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Answers a request; `None` closes the connection.
type Script = dyn Fn(&Seen, &mut dyn Write) -> Option<()> + Send + Sync;

pub(crate) struct Scripted {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    script: Box<Script>,
    seen: Mutex<Vec<Seen>>,
    open: Mutex<Vec<TcpStream>>,
    down: AtomicBool,
}

impl Scripted {
    pub(crate) fn start(script: impl Fn(&Seen, &mut dyn Write) -> Option<()> + Send + Sync + 'static) -> Self {
        let (seen, open, down) = (Mutex::default(), Mutex::default(), AtomicBool::new(false));
        let shared = Arc::new(Shared { script: Box::new(script), seen, open, down });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listen(listener, &shared);
        Self { port, shared }
    }

    /// One that answers with its name.
    pub(crate) fn named(name: &'static str) -> Self {
        Self::start(move |_, writer| ok(writer, name))
    }

    /// The same on a Unix socket too.
    pub(crate) fn also_at(&self, socket: &Path) {
        let (listener, shared) = (UnixListener::bind(socket).unwrap(), Arc::clone(&self.shared));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream.try_clone().unwrap(), stream, &shared));
            }
        });
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("nothing reached the server")
    }

    /// Refuses connections, and closes those that are open.
    pub(crate) fn stop(&self) {
        self.shared.down.store(true, Ordering::SeqCst);
        // Wakes the one that accepts, which goes away.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.close();
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            thread::yield_now();
        }
    }

    /// Closes the connections that are open.
    pub(crate) fn close(&self) {
        for stream in self.shared.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Is there again.
    pub(crate) fn come_back(&self) {
        self.shared.down.store(false, Ordering::SeqCst);
        listen(TcpListener::bind(("127.0.0.1", self.port)).unwrap(), &self.shared);
    }
}

fn listen(listener: TcpListener, shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if shared.down.load(Ordering::SeqCst) {
                return;
            }
            stream.set_nodelay(true).unwrap();
            shared.open.lock().unwrap().push(stream.try_clone().unwrap());
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                serve(stream.try_clone().unwrap(), &stream, &shared);
                let _ = stream.shutdown(Shutdown::Both);
            });
        }
    });
}

fn serve(reader: impl Read, mut writer: impl Write, shared: &Shared) {
    let mut reader = BufReader::new(reader);
    while let Some(mut seen) = read_head(&mut reader) {
        if seen.header("expect").is_some() {
            let _ = writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        read_body(&mut reader, &mut seen);
        shared.seen.lock().unwrap().push(seen.clone());
        if (shared.script)(&seen, &mut writer).is_none() {
            return;
        }
        if seen.header("upgrade").is_some() {
            let _ = std::io::copy(&mut reader, &mut writer);
            return;
        }
    }
}

/// Answers 200 with a body.
pub(crate) fn ok(writer: &mut dyn Write, body: &str) -> Option<()> {
    say(writer, &format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// Answers word for word.
pub(crate) fn say(writer: &mut dyn Write, text: &str) -> Option<()> {
    writer.write_all(text.as_bytes()).and_then(|()| writer.flush()).ok()
}
