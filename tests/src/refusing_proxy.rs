//! A proxy before Postgres that refuses a statement when told, as a pooler does that loses its server.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

use crate::refusing_server::Refusal;

/// A proxy on a free port of the loopback interface. It ends when it is dropped.
#[derive(Debug)]
pub struct RefusingProxy {
    url: String,
    next: Next,
    listener: JoinHandle<()>,
}

/// The refusal of the next statement.
type Next = Arc<Mutex<Option<Refusal>>>;

impl Drop for RefusingProxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl RefusingProxy {
    /// One in front of the server of that URL.
    ///
    /// # Panics
    /// If no port is free, or the URL has no address.
    pub async fn start(url: &str) -> Self {
        let mut behind = Url::parse(url).expect("a URL");
        let host = behind.host_str().expect("a host").to_owned();
        let server = (host, behind.port().unwrap_or(5432));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        behind.set_port(Some(port)).expect("a URL with a port");
        behind
            .set_host(Some("127.0.0.1"))
            .expect("a URL with a host");
        let next = Next::default();
        let told = next.clone();
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, told) = (server.clone(), told.clone());
                // Either end that goes away ends it.
                tokio::spawn(async move { drop(forward(client, server, told).await) });
            }
        });
        RefusingProxy {
            url: behind.into(),
            next,
            listener,
        }
    }

    /// The URL of the server through the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Refuses the next message of a client instead of forwarding it. A fatal refusal closes the connection.
    pub fn refuse(&self, refusal: Refusal) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }
}

async fn forward(mut client: TcpStream, server: (String, u16), next: Next) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let length = read?;
                let refusal = next.lock().unwrap_or_else(PoisonError::into_inner).take();
                match refusal {
                    _ if length == 0 => return Ok(()),
                    Some(refusal) => {
                        client.write_all(&refusal.bytes()).await?;
                        client.shutdown().await?;
                        return Ok(());
                    }
                    None => server.write_all(&asked[..length]).await?,
                }
            }
            read = server.read(&mut answered) => match read? {
                0 => return Ok(()),
                length => client.write_all(&answered[..length]).await?,
            },
        }
    }
}
