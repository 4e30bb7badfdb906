//! A server that speaks the start of Postgres's protocol, and then refuses: what poolers and proxies say that a test cannot
//! run, and programs that are not Postgres.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server does with a client.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Refuses the startup message.
    Refuses(Refusal),
    /// Accepts the client, and refuses its first query, as a pooler does that connects to its server then.
    RefusesQueries(Refusal),
    /// Sends these bytes to a new client, and whenever it has sent something.
    Sends(Vec<u8>),
    /// Sends these bytes instead of an answer to the startup message.
    SendsAtStartup(Vec<u8>),
    /// Closes the connection at once.
    Closes,
    /// Keeps the connection open, and sends nothing.
    Silent,
}

/// The fields of an `ErrorResponse`. <https://www.postgresql.org/docs/current/protocol-error-fields.html>
#[derive(Clone, Debug)]
pub struct Refusal {
    /// `FATAL` or `ERROR`.
    pub severity: &'static str,
    /// The SQLSTATE.
    pub code: &'static str,
    /// The message.
    pub message: String,
    /// The function of the server, which a pooler does not name.
    pub routine: Option<&'static str>,
}

impl Refusal {
    /// A fatal error without the name of a function.
    pub fn fatal(code: &'static str, message: impl Into<String>) -> Self {
        Refusal {
            severity: "FATAL",
            code,
            message: message.into(),
            routine: None,
        }
    }

    /// As [`fatal`](Self::fatal), raised by a function of a server.
    pub fn by(routine: &'static str, code: &'static str, message: &str) -> Self {
        Refusal {
            routine: Some(routine),
            ..Refusal::fatal(code, message)
        }
    }

    /// The message of the protocol.
    pub fn bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        let fields = [
            (b'S', Some(self.severity)),
            (b'V', Some(self.severity)),
            (b'C', Some(self.code)),
            (b'M', Some(self.message.as_str())),
            (b'D', Some("a detail that quotes a row")),
            (b'R', self.routine),
        ];
        for (field, text) in fields {
            if let Some(text) = text {
                body.push(field);
                body.extend_from_slice(text.as_bytes());
                body.push(0);
            }
        }
        body.push(0);
        message(b'E', &body)
    }
}

/// A message of the protocol: its type, its length, and its body.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// A server on a free port of the loopback interface. It ends when it is dropped.
#[derive(Debug)]
pub struct RefusingServer {
    port: u16,
    listener: JoinHandle<()>,
}

impl Drop for RefusingServer {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl RefusingServer {
    /// One that answers each client in the same way.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answer = Arc::new(answer);
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let answer = answer.clone();
                // A client that goes away ends it.
                tokio::spawn(async move { drop(serve(client, &answer).await) });
            }
        });
        RefusingServer { port, listener }
    }

    /// The URL of a database, with a user and a password.
    pub fn url(&self) -> String {
        format!("postgres://ann:{PASSWORD}@{}/habits", self.address())
    }

    /// The host and port, as messages show them.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// The password of [`RefusingServer::url`], which no message may contain.
pub const PASSWORD: &str = "hunter2secret";

async fn serve(mut client: TcpStream, answer: &Answer) -> std::io::Result<()> {
    match answer {
        Answer::Closes => return Ok(()),
        Answer::Silent => {
            read_all(&mut client).await?;
        }
        Answer::Sends(bytes) => {
            let mut request = [0; 8192];
            loop {
                client.write_all(bytes).await?;
                if client.read(&mut request).await? == 0 {
                    return Ok(());
                }
            }
        }
        Answer::SendsAtStartup(bytes) => {
            startup(&mut client).await?;
            client.write_all(bytes).await?;
            read_all(&mut client).await?;
        }
        Answer::Refuses(refusal) => {
            startup(&mut client).await?;
            client.write_all(&refusal.bytes()).await?;
            client.shutdown().await?;
            read_all(&mut client).await?;
        }
        Answer::RefusesQueries(refusal) => {
            startup(&mut client).await?;
            let accepted = [
                message(b'R', &0_u32.to_be_bytes()),
                message(b'S', b"server_version\x0015.14\0"),
                message(b'K', &[0; 8]),
                message(b'Z', b"I"),
            ];
            client.write_all(&accepted.concat()).await?;
            let mut request = [0; 8192];
            while client.read(&mut request).await? > 0 {
                client.write_all(&refusal.bytes()).await?;
                if refusal.severity == "FATAL" {
                    client.shutdown().await?;
                    return read_all(&mut client).await;
                }
                client.write_all(&message(b'Z', b"I")).await?;
            }
        }
    }
    Ok(())
}

/// Reads the startup message, and says before it that there is no TLS.
async fn startup(client: &mut TcpStream) -> std::io::Result<()> {
    loop {
        let length = client.read_u32().await?;
        let mut body = vec![0; length.saturating_sub(4) as usize];
        client.read_exact(&mut body).await?;
        // The code of an SSLRequest.
        if body != 80_877_103_u32.to_be_bytes() {
            return Ok(());
        }
        client.write_all(b"N").await?;
    }
}

/// Waits until the client has closed the connection. Unread data would reset it, and the client would not see the answer.
async fn read_all(client: &mut TcpStream) -> std::io::Result<()> {
    tokio::io::copy(client, &mut tokio::io::sink()).await?;
    Ok(())
}
