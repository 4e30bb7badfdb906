//! A link to a server that delays what goes through it, in both directions.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use url::Url;

use crate::contestant::Outcome;

/// The delay in each direction.
const DELAY: Duration = Duration::from_micros(500);

/// Starts a link to the server of a URL, and returns the URL through it. It lasts as long as this process.
///
/// It has threads of its own: tokio's timers are as coarse as a millisecond, and a busy runtime would delay more.
///
/// # Errors
/// If the URL has no host, or there is no port.
pub fn delayed(url: &str) -> Outcome<String> {
    let mut url = Url::parse(url)?;
    let host = url.host_str().ok_or("a URL without a host")?;
    let server = (host.to_owned(), url.port().unwrap_or(5432));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    url.set_host(Some("127.0.0.1"))?;
    url.set_port(Some(port))
        .map_err(|()| "a URL without ports")?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect((server.0.as_str(), server.1));
            // Dropping the client tells it that there is no server.
            let _ = server.and_then(|server| join(client, server));
        }
    });
    Ok(url.into())
}

fn join(client: TcpStream, server: TcpStream) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    one_way(client.try_clone()?, server.try_clone()?);
    one_way(server, client);
    Ok(())
}

/// One thread reads and notes when to write, another one waits until then. So bytes that arrive together leave together.
fn one_way(mut from: TcpStream, mut to: TcpStream) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let due = Instant::now() + DELAY;
            if sender.send((due, bytes[..count].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        while let Ok((due, bytes)) = receiver.recv() {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
