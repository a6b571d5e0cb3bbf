//! A mail server that takes everything (RFC 5321), without TLS, on this machine.

use super::{eventually, free_port};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(crate) struct MailServer {
    pub(crate) port: u16,
    taken: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    pub(crate) fn start() -> Self {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let taken = Arc::<Mutex<Vec<String>>>::default();
        let all = Arc::clone(&taken);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let all = Arc::clone(&all);
                thread::spawn(move || talk(stream, &all));
            }
        });
        Self { port, taken }
    }

    /// All mails so far, as they came.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    /// Waits for so many mails, and gives the last one.
    #[track_caller]
    pub(crate) fn last_of(&self, count: usize) -> String {
        eventually("a mail comes", || self.mails().len() >= count);
        self.mails()[count - 1].clone()
    }
}

fn talk(mut stream: TcpStream, all: &Mutex<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    stream.write_all(b"220 here\r\n").ok()?;
    while let Some(Ok(line)) = lines.next() {
        let answer = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n").ok()?;
                let mail: Vec<_> = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                all.lock().unwrap().push(mail.join("\n"));
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).ok()?;
    }
    None
}
