//! What a pooler or proxy says when it rejects a connection or a transaction.
//!
//! A server gives each reason a SQLSTATE of its own, and translates its messages. A pooler has a few codes for all of its
//! reasons, and does not translate them, so its words are read. The words are those of pgbouncer, Odyssey, pgcat, PgDog,
//! Supavisor (Supabase), Neon's proxy, RDS Proxy, Pgpool-II, Azure and CockroachDB's proxy.

/// Why a pooler rejects a connection or a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    /// It does not accept a parameter of the startup message.
    Parameter,
    /// It lends a server connection for another time than a transaction, or refuses settings of a session.
    Mode,
    /// The database of the URL is the console for its administrator.
    Console,
    /// It demands TLS.
    Tls,
    /// It cannot reach a server, or the server is not ready. It has sent nothing to one.
    NoServer,
    /// It ends, or has lost the server. It may have sent a statement to one.
    ServerLost,
    /// No server connection became free in time.
    NoFreeServer,
    /// A limit of connections is reached.
    TooMany,
    /// The user or the password is wrong.
    Login,
    /// There is no such database.
    Database,
    /// This client, user or database is not permitted.
    Forbidden,
    /// It does not know which server the client means, or its own configuration is incomplete.
    Configuration,
}

/// Parts of messages in lower case, from the most specific to the most general: the first that occurs decides.
const WORDS: &[(Rejection, &[&str])] = &[
    (
        Rejection::Parameter,
        &[
            "startup parameter",
            "startup option",
            "command-line option",
            "support the option",
            "support setting",
        ],
    ),
    (
        Rejection::Mode,
        &["statement pooling mode", "allowed in transaction mode"],
    ),
    (Rejection::Console, &["use show help"]),
    (
        Rejection::Tls,
        &[
            "ssl required",
            "ssl connection is required",
            "ssl is required",
            "connect with tls",
            "requires tls",
            "requires ssl",
            "requires encryption",
            "only with ssl",
            "connection is insecure",
        ],
    ),
    (
        // They say that they are wrong themselves, not the client.
        Rejection::NoServer,
        &[
            "server login failed",
            "server login has been failing",
            "connect to server",
            "connect to compute",
            "connect to remote server",
            "connect failed",
            "server down",
            "serversdown",
            "console request failed",
            "control plane request failed",
            "not accepting any new connections",
            "subscribe to tenant",
            "connection failure during authentication",
            "failed to retrieve database credentials",
            "client_login_timeout",
            "pause failed",
        ],
    ),
    (
        Rejection::ServerLost,
        &[
            "is down",
            "are down",
            "shutting down",
            "dbhandler exited",
            "circuit breaker",
            "login timeout",
            "suspend_timeout",
            "conn crashed",
        ],
    ),
    (
        Rejection::NoFreeServer,
        &[
            "query_wait_timeout",
            "waiting to acquire",
            "checkout timeout",
            "check out process",
            "connection from the pool",
            "timed out waiting",
        ],
    ),
    (
        Rejection::TooMany,
        &[
            "too many",
            "no more connections",
            "max client",
            "max_client",
            "max pools",
            "connections reached",
            "connections exceeded",
            "exceeded number",
            "proxy exceeded",
            "pool size exceeded",
            "connection limit",
            "connection slots",
            "rate limit",
            "resources exhaustion",
        ],
    ),
    (
        Rejection::Forbidden,
        &[
            "not allowed",
            "allow_list",
            "no credentials for the role",
            "no authentication method",
            "supports only",
            "certificate authentication failed",
            "login rejected",
            "permission denied",
            "quota",
            "disabled",
            "suspended",
            "banned",
            "blocked",
            "refused by policy",
        ],
    ),
    (
        Rejection::Configuration,
        &[
            "tenant",
            "endpoint",
            "project name",
            "project id",
            "cluster",
            "config error",
            "invalid format for user",
            "no username",
            "username too long",
        ],
    ),
    (
        Rejection::Login,
        &[
            "authentication failed",
            "authentication error",
            "auth failed",
            "no such user",
            "user not found",
            "wrong password",
            "password for user",
            "password that was provided",
            "empty password",
            "incorrect username or password",
        ],
    ),
    (
        Rejection::Database,
        &[
            "no such database",
            "unknown database",
            "no pool configured",
            "database not found",
            "route for",
        ],
    ),
];

impl Rejection {
    /// The codes that poolers use for all of their reasons: protocol_violation, the connection exceptions, system_error,
    /// operator_intervention, internal_error and feature_not_supported.
    pub(super) fn has_general_code(code: &str) -> bool {
        matches!(code, "" | "58000" | "57000" | "XX000" | "0A000")
            || code.starts_with("08") && !matches!(code, "08007")
    }

    /// The reason that a message gives, if it is known.
    pub(super) fn of(message: &str) -> Option<Self> {
        let message = message.to_lowercase();
        let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
        let known = WORDS.iter().find(|(_, parts)| says(parts));
        known.map(|(rejection, _)| *rejection).or_else(|| {
            let names_a_database =
                message.contains("database") && message.contains("does not exist");
            names_a_database.then_some(Rejection::Database)
        })
    }
}

/// What to do about [`Rejection::Mode`].
pub(super) fn mode(words: &str) -> String {
    format!("{words}; set pool_mode = transaction for this database")
}

/// The longest message that is shown, in characters.
const LONGEST: usize = 300;

/// The words of a server or pooler in one line, without the secrets, or anything that looks like one: a URL with a
/// password, a password of a connection string.
pub(super) fn shown(message: &str, secrets: &[String]) -> String {
    let mut message = message.to_owned();
    for secret in secrets {
        message = message.replace(secret, HIDDEN);
    }
    let words = message
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(without_password);
    let line = words.collect::<Vec<_>>().join(" ");
    // A sentence goes on after it.
    let line = line.trim_end_matches('.');
    let mut line: String = line.chars().filter(|c| !changes_direction(*c)).collect();
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    line
}

const HIDDEN: &str = "(hidden)";

/// A word of a message, if it has no password.
fn without_password(word: &str) -> &str {
    let lower = word.to_lowercase();
    let of_url = word.contains("://") && word.contains('@');
    let of_string = ["password=", "passwd=", "pwd=", "secret=", "token="]
        .iter()
        .any(|name| lower.contains(name));
    match of_url || of_string {
        true => HIDDEN,
        false => word,
    }
}

/// Invisible characters with which a terminal would show a text in another order.
/// <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>
const fn changes_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_server_are_one_line_without_secrets() {
        let secrets = ["hunter2!".to_owned()];
        for (message, expected) in [
            ("no such user\r\n\x1b[31mred", "no such user [31mred"),
            ("bad password hunter2!", "bad password (hidden)"),
            (
                "cannot reach postgres://a:b@host/db now",
                "cannot reach (hidden) now",
            ),
            ("dsn host=h Password=x y", "dsn host=h (hidden) y"),
            ("\u{202e}abc", "abc"),
        ] {
            assert_eq!(shown(message, &secrets), expected);
        }
        let long = shown(&"ä".repeat(5000), &[]);
        assert_eq!(long.chars().count(), LONGEST + 1);
    }
}
