//! The text of a Postgres URL, in its parts.
//!
//! It is read here because the driver's reader knows one host and no zone of an address, and quotes what it cannot read.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::parameters::is_port;
use crate::driver::url::parameters;

/// The parts of the text after the scheme. They are decoded, except for `before`, `path` and `query`.
#[derive(Clone)]
pub(super) struct UrlText {
    /// From the slashes to the end of the hosts.
    #[cfg(feature = "testing")]
    pub(super) before: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) hosts: Vec<Host>,
    /// With the slash before it, or empty.
    pub(super) path: String,
    /// Without the question mark.
    pub(super) query: Option<String>,
}

/// A host, and its port if it has one.
#[derive(Clone)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) port: Option<u16>,
}

pub(super) const FORM: &str = "it is not of the form postgres://user:password@host/database";

const ESCAPES: &str = "in a password, / ? # and @ are written %2F %3F %23 and %40";

impl UrlText {
    /// # Errors
    /// What is wrong with the URL. The error shows no part of it.
    pub(super) fn read(rest: &str) -> Result<Self, String> {
        let after = rest.strip_prefix("//").ok_or(FORM)?;
        let (place, query) = match after.split_once('?') {
            Some((place, query)) => (place, Some(query)),
            None => (after, None),
        };
        // Before the last @ is a password, of which these characters would end the host.
        let (credentials, place) = match place.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, place),
        };
        if credentials.is_some_and(|text| text.contains('/')) || rest.contains('#') {
            return Err(format!("{FORM}; {ESCAPES}"));
        }
        let (user, password) = match credentials.map(|text| text.split_once(':').ok_or(text)) {
            None => (None, None),
            Some(Ok((user, password))) => (Some(decoded(user)?), Some(decoded(password)?)),
            Some(Err(user)) => (Some(decoded(user)?), None),
        };
        let end = place.find('/').unwrap_or(place.len());
        let (hosts, path) = place.split_at(end);
        if path.len() > 1 && path.ends_with('/') {
            return Err("the name of its database ends with a slash; remove the slash".to_owned());
        }
        decoded(path)?;
        for (name, value) in parameters(rest) {
            if name.contains('\0') || value.contains('\0') {
                return Err(NUL.to_owned());
            }
        }
        Ok(UrlText {
            #[cfg(feature = "testing")]
            before: rest[..2 + after.len() - query.map_or(0, |query| query.len() + 1) - path.len()]
                .to_owned(),
            user: user.filter(|user| !user.is_empty()),
            password: password.filter(|password| !password.is_empty()),
            hosts: match hosts {
                "" => Vec::new(),
                hosts => hosts.split(',').map(Host::read).collect::<Result<_, _>>()?,
            },
            path: path.to_owned(),
            query: query.map(str::to_owned),
        })
    }

    /// The database of the path.
    pub(super) fn database(&self) -> Option<String> {
        let name = decoded(self.path.trim_start_matches('/')).ok()?;
        (!name.is_empty()).then_some(name)
    }

    /// The decoded parameters, in order.
    pub(super) fn query(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let query = self.query.as_deref().unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes())
    }
}

impl Host {
    fn read(text: &str) -> Result<Self, String> {
        let (name, port) = match text.strip_prefix('[') {
            Some(inside) => {
                let (address, after) = inside.split_once(']').ok_or(FORM)?;
                let port = match after {
                    "" => None,
                    after => Some(after.strip_prefix(':').ok_or(FORM)?),
                };
                let address = decoded(address)?;
                let (ip, _) = address.split_once('%').unwrap_or((&address, ""));
                if ip.parse::<std::net::Ipv6Addr>().is_err() {
                    return Err("between the brackets of its host is no IPv6 address".to_owned());
                }
                (address, port)
            }
            None => {
                let (name, port) = match text.split_once(':') {
                    Some((name, port)) => (name, Some(port)),
                    None => (text, None),
                };
                if port.is_some_and(|port| port.contains(':')) {
                    return Err("it has more than one colon after a host; an IPv6 address is written in brackets, and \
                         a colon in a password %3A"
                        .to_owned());
                }
                (decoded(name)?, port)
            }
        };
        let is_foreign = |c: char| c.is_whitespace() || "<>\\^|\"".contains(c);
        if !name.starts_with(['/', '@']) && name.contains(is_foreign) {
            return Err(FORM.to_owned());
        }
        let port = match port.filter(|port| !port.is_empty()) {
            None => None,
            // It may be the rest of a password, so it is not shown.
            Some(port) if !is_port(port) => {
                return Err("the port of its host is not a number from 1 to 65535".to_owned());
            }
            Some(port) => port.trim().parse().ok(),
        };
        Ok(Host { name, port })
    }
}

const NUL: &str = "it contains %00, which no part of it may have";

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| "what it writes with % is not UTF-8".to_owned())?;
    match decoded.contains('\0') {
        true => Err(NUL.to_owned()),
        false => Ok(decoded.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(rest: &str) -> Result<Vec<(String, Option<u16>)>, String> {
        let read = UrlText::read(rest)?;
        Ok(read
            .hosts
            .into_iter()
            .map(|host| (host.name, host.port))
            .collect())
    }

    #[test]
    fn hosts_are_read_in_every_form() -> Result<(), String> {
        let one = |name: &str, port| Ok::<_, String>(vec![(name.to_owned(), port)]);
        assert_eq!(hosts("///habits"), Ok(Vec::new()));
        assert_eq!(hosts("//ann:p@/habits"), Ok(Vec::new()));
        assert_eq!(hosts("//ann@db:5433/habits"), one("db", Some(5433)));
        assert_eq!(hosts("//[::1]:5433"), one("::1", Some(5433)));
        assert_eq!(
            hosts("//[fe80::1%25eth0]/habits"),
            one("fe80::1%eth0", None)
        );
        assert_eq!(
            hosts("//%2Frun%2Fpostgresql:5433/h"),
            one("/run/postgresql", Some(5433))
        );
        assert_eq!(hosts("//%40pg/h"), one("@pg", None));
        assert_eq!(hosts("//user@corp:p@db/h"), one("db", None));
        let two = vec![("a".to_owned(), Some(1)), ("::1".to_owned(), None)];
        assert_eq!(hosts("//a:1,[::1]/h"), Ok(two));
        for wrong in [
            "//db:0/h",
            "//db:65536/h",
            "//db:x/h",
            "//::1/h",
            "//[::1/h",
            "//[db]/h",
            "//a b/h",
            "//%00/h",
        ] {
            assert!(hosts(wrong).is_err(), "{wrong}");
        }
        Ok(())
    }

    #[test]
    fn escaped_characters_are_decoded_in_each_part() -> Result<(), String> {
        let url = UrlText::read("//ann%40corp:%2F%3F%23%40%3A@host/my%20habits?a=b%26c")?;
        assert_eq!(url.user.as_deref(), Some("ann@corp"));
        assert_eq!(url.password.as_deref(), Some("/?#@:"));
        assert_eq!(url.database().as_deref(), Some("my habits"));
        assert_eq!(url.query().next(), Some(("a".into(), "b&c".into())));
        #[cfg(feature = "testing")]
        assert_eq!(url.before, "//ann%40corp:%2F%3F%23%40%3A@host");
        Ok(())
    }
}
