//! An upstream that costs as little as one can: it answers every request head with the same 13 bytes, but for `/events`, which
//! is an event stream without an end.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let Some(listen) = std::env::args().nth(1) else {
        eprintln!("usage: upstream LISTEN");
        std::process::exit(2);
    };
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream));
    }
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut waiting = Vec::with_capacity(4096);
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Ok(());
        }
        waiting.extend_from_slice(&chunk[..read]);
        while let Some(end) = waiting.windows(4).position(|window| window == b"\r\n\r\n") {
            let events = waiting.starts_with(b"GET /events");
            waiting.drain(..end + 4);
            if events {
                return send_events(stream).await;
            }
            stream.write_all(ANSWER).await?;
        }
    }
}

async fn send_events(mut stream: TcpStream) -> io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await?;
    loop {
        stream.write_all(b"c\r\ndata: tick\n\n\r\n").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
