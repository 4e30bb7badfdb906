//! A proxy between a store and Postgres. It breaks the connection when told and counts round trips.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
    counts: Arc<Counts>,
    server: Arc<Mutex<SocketAddr>>,
    listener: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    round_trips: AtomicUsize,
    connections: AtomicUsize,
    /// The first of these connections are forgotten.
    forgotten: AtomicUsize,
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
        let server = Arc::new(Mutex::new(address_of(&behind)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        behind.set_port(Some(port)).expect("a URL with a port");
        behind
            .set_host(Some("127.0.0.1"))
            .expect("a URL with a host");
        let wire = Arc::new(AtomicU8::new(Wire::Whole as u8));
        let counts = Arc::new(Counts::default());
        let (told, counted, behind_it) = (wire.clone(), counts.clone(), server.clone());
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = *behind_it.lock().unwrap_or_else(PoisonError::into_inner);
                tokio::spawn(forward(client, server, told.clone(), counted.clone()));
            }
        });
        Proxy {
            url: behind.into(),
            wire,
            counts,
            server,
            listener,
        }
    }

    /// The URL of the server through the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The number of round trips so far.
    pub fn round_trips(&self) -> usize {
        self.counts.round_trips.load(Ordering::SeqCst)
    }

    /// The number of connections so far.
    pub fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// Forgets all connections, as a NAT or a firewall does: nothing is forwarded on them any more, and neither end is
    /// told. New ones are forwarded.
    pub fn forget(&self) {
        let forgotten = self.connections();
        self.counts.forgotten.store(forgotten, Ordering::SeqCst);
    }

    /// New connections lead to the server of that URL. Those that exist stay with theirs.
    ///
    /// # Panics
    /// If the URL has no host.
    pub fn lead_to(&self, url: &str) {
        let address = address_of(&Url::parse(url).expect("a URL"));
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    /// Sets what happens from now on. After a closed connection, the next one is forwarded.
    pub fn set(&self, wire: Wire) {
        self.wire.store(wire as u8, Ordering::SeqCst);
    }
}

fn address_of(url: &Url) -> SocketAddr {
    let host = url.host_str().expect("a host");
    let address = format!("{host}:{}", url.port().unwrap_or(5432));
    address.parse().expect("an address")
}

async fn forward(
    mut client: TcpStream,
    server: SocketAddr,
    wire: Arc<AtomicU8>,
    counts: Arc<Counts>,
) {
    let number = counts.connections.fetch_add(1, Ordering::SeqCst) + 1;
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let is = |state: Wire| match state {
        Wire::Silent if number <= counts.forgotten.load(Ordering::SeqCst) => true,
        state => wire.load(Ordering::SeqCst) == state as u8,
    };
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
                    counts.round_trips.fetch_add(1, Ordering::SeqCst);
                }
                if !is(Wire::Silent) && client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
