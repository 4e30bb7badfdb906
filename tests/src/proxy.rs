//! A proxy between a store and Postgres. It breaks the connection when told and counts round trips.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// What the proxy does with the next message of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wire {
    /// Forwards the message and the answer.
    Whole = 0,
    /// Closes the connection instead of forwarding a `COMMIT`.
    CutBeforeCommit = 1,
    /// Forwards a `COMMIT`, and closes the connection instead of forwarding its answer.
    CutAfterCommit = 2,
    /// Forwards nothing in either direction, and keeps the connection open.
    Silent = 3,
}

/// A proxy on a free port of the loopback interface. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    wire: Arc<AtomicU8>,
    round_trips: Arc<AtomicUsize>,
    listener: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Proxy {
    /// One in front of the server of that URL.
    ///
    /// # Panics
    /// If no port is free, or the URL has no port.
    pub async fn start(url: &str) -> Self {
        let mut behind = Url::parse(url).expect("a URL");
        let host = behind.host_str().expect("a host").to_owned();
        let server: SocketAddr = format!("{host}:{}", behind.port().unwrap_or(5432))
            .parse()
            .expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        behind.set_port(Some(port)).expect("a URL with a port");
        behind
            .set_host(Some("127.0.0.1"))
            .expect("a URL with a host");
        let wire = Arc::new(AtomicU8::new(Wire::Whole as u8));
        let round_trips = Arc::new(AtomicUsize::new(0));
        let (told, counted) = (wire.clone(), round_trips.clone());
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, server, told.clone(), counted.clone()));
            }
        });
        Proxy {
            url: behind.into(),
            wire,
            round_trips,
            listener,
        }
    }

    /// The URL of the server through the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The number of round trips so far.
    pub fn round_trips(&self) -> usize {
        self.round_trips.load(Ordering::SeqCst)
    }

    /// Sets what happens from now on. After a closed connection, the next one is forwarded.
    pub fn set(&self, wire: Wire) {
        self.wire.store(wire as u8, Ordering::SeqCst);
    }
}

async fn forward(
    mut client: TcpStream,
    server: SocketAddr,
    wire: Arc<AtomicU8>,
    round_trips: Arc<AtomicUsize>,
) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let is = |state: Wire| wire.load(Ordering::SeqCst) == state as u8;
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut waits = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let words = &asked[..length];
                waits = true;
                // A simple query; the library sends it by itself.
                let commits = words.windows(7).any(|word| word == b"COMMIT\0");
                if is(Wire::Silent) {
                    continue;
                }
                if commits && is(Wire::CutBeforeCommit) {
                    wire.store(Wire::Whole as u8, Ordering::SeqCst);
                    return;
                }
                if server.write_all(words).await.is_err() {
                    return;
                }
                if commits && is(Wire::CutAfterCommit) {
                    // The server's answer is discarded.
                    let _heard = server.read(&mut answered).await;
                    wire.store(Wire::Whole as u8, Ordering::SeqCst);
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else {
                    if is(Wire::Silent) {
                        // Also the end of the connection is not forwarded.
                        std::future::pending::<()>().await;
                    }
                    return;
                };
                if std::mem::take(&mut waits) {
                    round_trips.fetch_add(1, Ordering::SeqCst);
                }
                if !is(Wire::Silent) && client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
