//! The parameters of a Postgres URL: those of libpq and sqlx, and those that hosting companies and other tools write.
//!
//! Each one works as in libpq, or is refused with what to write instead. None is ignored.

use std::net::IpAddr;

use crate::driver::url::Parameter;

/// The variable of libpq with the default of each parameter.
pub(super) const VARIABLES: [(&str, &str); 26] = [
    ("application_name", "PGAPPNAME"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("dbname", "PGDATABASE"),
    ("gssencmode", "PGGSSENCMODE"),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    ("max_protocol_version", "PGMAXPROTOCOLVERSION"),
    ("min_protocol_version", "PGMINPROTOCOLVERSION"),
    ("passfile", "PGPASSFILE"),
    ("port", "PGPORT"),
    ("require_auth", "PGREQUIREAUTH"),
    ("requirepeer", "PGREQUIREPEER"),
    ("requiressl", "PGREQUIRESSL"),
    ("service", "PGSERVICE"),
    ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    ("sslcert", "PGSSLCERT"),
    ("sslcertmode", "PGSSLCERTMODE"),
    ("sslcrl", "PGSSLCRL"),
    ("sslcrldir", "PGSSLCRLDIR"),
    ("sslkey", "PGSSLKEY"),
    ("sslmode", "PGSSLMODE"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslsni", "PGSSLSNI"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
];

/// What a value of a parameter must be.
enum Values {
    Any,
    /// One of these, in any case.
    OneOf(&'static [&'static str]),
    Whole,
    Positive,
    Port,
    Addresses,
}

impl Values {
    fn admit(&self, value: &str) -> bool {
        match *self {
            Values::Any => true,
            Values::OneOf(values) => values.iter().any(|one| one.eq_ignore_ascii_case(value)),
            Values::Whole => value.trim().parse::<i32>().is_ok(),
            Values::Positive => value.parse::<u32>().is_ok_and(|number| number > 0),
            Values::Port => value
                .split(',')
                .all(|port| port.is_empty() || is_port(port)),
            Values::Addresses => value
                .split(',')
                .all(|address| address.is_empty() || address.parse::<IpAddr>().is_ok()),
        }
    }
}

/// Whether the text is the number of a port.
pub(super) fn is_port(text: &str) -> bool {
    let digits = text.trim();
    digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.parse::<u16>().is_ok_and(|port| port > 0)
}

/// A parameter that works. Any other value is refused with the text.
type Supported = (&'static [&'static str], Values, &'static str);

const MODES: &str = "the parameter sslmode has an unknown value; write disable, allow, prefer, require, verify-ca or \
    verify-full. What others call no-verify is require";

/// The first name is the parameter's; the others are those of sqlx.
const SUPPORTED: [Supported; 30] = [
    (&["host"], Values::Any, ""),
    (
        &["hostaddr"],
        Values::Addresses,
        "the parameter hostaddr is no IP address; write a name as host",
    ),
    (
        &["port"],
        Values::Port,
        "the parameter port is not a number from 1 to 65535",
    ),
    (&["dbname"], Values::Any, ""),
    (&["user"], Values::Any, ""),
    (&["password"], Values::Any, ""),
    (&["passfile"], Values::Any, ""),
    (&["application_name"], Values::Any, ""),
    (&["fallback_application_name"], Values::Any, ""),
    (
        &["connect_timeout"],
        Values::Whole,
        "the parameter connect_timeout is no whole number of seconds",
    ),
    (
        &["statement-cache-capacity"],
        Values::Positive,
        "the parameter statement-cache-capacity is no whole number from 1; behind a transaction pooler open the store with \
         StoreOptions::transaction_pooler(true) instead",
    ),
    (
        &["sslmode", "ssl-mode"],
        Values::OneOf(&[
            "disable",
            "allow",
            "prefer",
            "require",
            "verify-ca",
            "verify-full",
        ]),
        MODES,
    ),
    (
        &["ssl"],
        Values::OneOf(&["true"]),
        "the parameter ssl has an unknown value; write sslmode=require, sslmode=verify-full or sslmode=disable",
    ),
    (&["sslrootcert", "ssl-root-cert", "ssl-ca"], Values::Any, ""),
    (&["sslcert", "ssl-cert"], Values::Any, ""),
    (&["sslkey", "ssl-key"], Values::Any, ""),
    (
        &["channel_binding"],
        Values::OneOf(&["disable", "prefer", "require"]),
        "the parameter channel_binding has an unknown value; write disable, prefer or require",
    ),
    (
        &["target_session_attrs"],
        Values::OneOf(&[
            "any",
            "read-write",
            "read-only",
            "primary",
            "standby",
            "prefer-standby",
        ]),
        "the parameter target_session_attrs has an unknown value; write any, read-write, read-only, primary, standby \
         or prefer-standby",
    ),
    (
        &["load_balance_hosts"],
        Values::OneOf(&["disable", "random"]),
        "the parameter load_balance_hosts has an unknown value; write disable or random",
    ),
    // The rest accepts what the driver does anyway.
    (
        &["client_encoding"],
        Values::OneOf(&["utf8", "utf-8", "unicode"]),
        "the parameter client_encoding is not UTF8, the only encoding of the driver; remove it",
    ),
    (
        &["gssencmode"],
        Values::OneOf(&["disable", "prefer"]),
        "the driver has no GSSAPI, which the parameter gssencmode requires; write gssencmode=disable and an sslmode",
    ),
    (&["keepalives"], Values::OneOf(&["0"]), KEEPALIVES),
    (
        &["max_protocol_version"],
        Values::OneOf(&["3.0", "3.2", "latest"]),
        "the parameter max_protocol_version has an unknown value; remove it",
    ),
    (
        &["min_protocol_version"],
        Values::OneOf(&["3.0"]),
        "the driver speaks version 3.0 of the protocol only; remove the parameter min_protocol_version",
    ),
    (
        &["replication"],
        Values::OneOf(&["false", "off", "no", "0"]),
        "a store needs a connection for statements, not for replication; remove the parameter replication",
    ),
    (
        &["ssl_max_protocol_version"],
        Values::OneOf(&["TLSv1.3"]),
        "the driver offers TLS 1.2 and 1.3; remove the parameter ssl_max_protocol_version, or set it in the server",
    ),
    (
        &["ssl_min_protocol_version"],
        Values::OneOf(&["TLSv1", "TLSv1.1", "TLSv1.2"]),
        "the driver offers TLS 1.2 and 1.3; remove the parameter ssl_min_protocol_version, or set it in the server",
    ),
    (
        &["sslcompression"],
        Values::OneOf(&["0"]),
        "the driver does not compress; remove the parameter sslcompression",
    ),
    (
        &["sslnegotiation"],
        Values::OneOf(&["postgres"]),
        "the driver asks the server before it begins TLS; write sslnegotiation=postgres",
    ),
    (
        &["sslsni"],
        Values::OneOf(&["1"]),
        "the driver always sends the name of the host; remove the parameter sslsni",
    ),
];

const KEEPALIVES: &str = "the driver sends no TCP keepalives: remove keepalives, keepalives_idle, keepalives_interval, \
    keepalives_count and tcp_user_timeout. A dead connection is found by a ping, and by the limits of \
    StoreOptions::lock_timeout and statement_timeout";
const CONNECTIONS: &str =
    "set the number of connections with StoreOptions::connections, and remove";
const WAITING: &str =
    "set the time to wait for a connection with StoreOptions::acquire_timeout, and remove";
const STATEMENTS: &str =
    "set the time limit of statements with StoreOptions::statement_timeout, and remove";
const LOCKS: &str = "set the time limit of locks with StoreOptions::lock_timeout, and remove";
const SCHEMAS: &str = "name the schemas with StoreOptions::schemas, ConnectOptions::schema or --database-schema, and \
    remove";
const POOLER: &str = "behind a transaction pooler open the store with StoreOptions::transaction_pooler(true), and remove";
const GSSAPI: &str = "the driver has no GSSAPI: log in by password or certificate, and remove";
const REVOCATION: &str = "the driver reads no list of revoked certificates: remove";
const VERIFYING: &str =
    "write sslmode=verify-full, or sslmode=require to verify nothing, instead of";
const CONNECTING: &str = "write connect_timeout, in seconds, instead of";
const MEANINGLESS: &str = "it means nothing to the driver: remove";

/// What is refused whatever its value: the names, and what to do.
const REFUSED: [(&[&str], &str); 24] = [
    (
        &[
            "pool",
            "pool_size",
            "poolsize",
            "max_pool_size",
            "maxpoolsize",
            "min_pool_size",
            "connection_limit",
            "max_connections",
            "max_overflow",
            "pool_max_conns",
            "pool_min_conns",
        ],
        CONNECTIONS,
    ),
    (
        &["pool_timeout", "timeout", "checkout_timeout", "max_wait"],
        WAITING,
    ),
    (
        &[
            "statement_timeout",
            "socket_timeout",
            "sockettimeout",
            "command_timeout",
            "query_timeout",
            "idle_in_transaction_session_timeout",
        ],
        STATEMENTS,
    ),
    (&["lock_timeout"], LOCKS),
    (
        &[
            "schema",
            "currentschema",
            "search_path",
            "schema_search_path",
        ],
        SCHEMAS,
    ),
    (
        &[
            "pgbouncer",
            "prepared_statements",
            "preparethreshold",
            "prepare_threshold",
            "statement_cache_size",
            "prepared_statement_cache_size",
            "pool_mode",
            "default_query_exec_mode",
            "binary_parameters",
        ],
        POOLER,
    ),
    (
        &[
            "krbsrvname",
            "gsslib",
            "gssdelegation",
            "kerberosservername",
        ],
        GSSAPI,
    ),
    (&["sslcrl", "sslcrldir"], REVOCATION),
    (
        &[
            "sslaccept",
            "sslidentity",
            "sslfactory",
            "sslverify",
            "sslrequire",
            "ssl_require",
            "requiressl",
            "ssl_mode",
            "trust_server_certificate",
        ],
        VERIFYING,
    ),
    (
        &["connecttimeout", "logintimeout", "connect-timeout"],
        CONNECTING,
    ),
    (
        &[
            "keepalives_idle",
            "keepalives_interval",
            "keepalives_count",
            "tcp_user_timeout",
            "tcpkeepalive",
        ],
        KEEPALIVES,
    ),
    (
        &["sslpassword"],
        "the driver reads no private key with a passphrase. Write a copy without one, as in: openssl pkey -in \
         client.key -out client.plain.key. Name that copy as sslkey, and remove",
    ),
    (
        &["service", "servicefile"],
        "the driver reads no file of services: write its entries into the URL, and remove",
    ),
    (
        &["requirepeer"],
        "the driver does not ask who owns the other end of a Unix socket: protect the folder of the socket, and remove",
    ),
    (
        &["require_auth"],
        "the driver answers every method that the server asks for: write sslmode=verify-full, with which only that \
         server can ask, and remove",
    ),
    (
        &["sslcertmode"],
        "a client certificate is sent if the server asks for it: name it as sslcert and sslkey, or leave out both, and \
         remove",
    ),
    (
        &["encoding", "charset"],
        "the encoding is always UTF8: remove",
    ),
    (&["applicationname"], "write application_name instead of"),
    (
        &["targetservertype"],
        "write target_session_attrs instead of",
    ),
    (&["loadbalancehosts"], "write load_balance_hosts instead of"),
    (&["username"], "write user instead of"),
    (&["database", "databasename"], "write dbname instead of"),
    (
        &[
            "supa",
            "workaround",
            "uselibpqcompat",
            "adapter",
            "reconnect",
            "conn_max_age",
            "disable_prepared_binary_result",
            "scram_client_key",
            "scram_server_key",
            "sslkeylogfile",
            "authtype",
        ],
        MEANINGLESS,
    ),
    (
        &[
            "oauth_issuer",
            "oauth_client_id",
            "oauth_client_secret",
            "oauth_scope",
        ],
        "the driver has no OAuth: log in by password or certificate, and remove",
    ),
];

/// What is to be done with a parameter. The texts contain no value.
pub(super) fn read(name: &str, value: &str) -> Parameter {
    // Each adds to the others.
    if name == "options" || (name.starts_with("options[") && name.ends_with(']')) {
        return Parameter::Repeatable;
    }
    if let Some((names, values, remedy)) =
        SUPPORTED.iter().find(|(names, ..)| names.contains(&name))
    {
        // An empty value is as none.
        return match value.is_empty() || values.admit(value) {
            true => Parameter::Once(names[0]),
            false => Parameter::Refused((*remedy).into()),
        };
    }
    let lower = name.to_ascii_lowercase();
    for (names, remedy) in REFUSED {
        let Some(known) = names.iter().find(|known| **known == lower) else {
            continue;
        };
        return match value.is_empty() {
            true => Parameter::Once(known),
            false if remedy == KEEPALIVES => Parameter::Refused(remedy.into()),
            false => Parameter::Refused(format!("{remedy} the parameter {name}").into()),
        };
    }
    Parameter::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_libpq_works_or_is_refused_with_what_to_write() {
        // https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS
        for name in [
            "host",
            "hostaddr",
            "port",
            "dbname",
            "user",
            "password",
            "passfile",
            "require_auth",
            "channel_binding",
            "connect_timeout",
            "client_encoding",
            "options",
            "application_name",
            "fallback_application_name",
            "keepalives",
            "keepalives_idle",
            "keepalives_interval",
            "keepalives_count",
            "tcp_user_timeout",
            "replication",
            "gssencmode",
            "sslmode",
            "sslnegotiation",
            "sslcompression",
            "sslcert",
            "sslkey",
            "sslkeylogfile",
            "sslpassword",
            "sslcertmode",
            "sslrootcert",
            "sslcrl",
            "sslcrldir",
            "sslsni",
            "requirepeer",
            "ssl_min_protocol_version",
            "ssl_max_protocol_version",
            "min_protocol_version",
            "max_protocol_version",
            "krbsrvname",
            "gsslib",
            "gssdelegation",
            "scram_client_key",
            "scram_server_key",
            "service",
            "servicefile",
            "target_session_attrs",
            "load_balance_hosts",
            "oauth_issuer",
            "oauth_client_id",
            "oauth_client_secret",
            "oauth_scope",
        ] {
            let read = read(name, "S3cr3t");
            assert!(!matches!(read, Parameter::Unknown), "{name}");
            if let Parameter::Refused(text) = read {
                assert!(
                    text.contains(name) && !text.contains("S3cr3t"),
                    "{name}: {text}"
                );
            }
        }
    }

    #[test]
    fn every_variable_is_of_a_known_parameter() {
        for (name, variable) in VARIABLES {
            assert!(!matches!(read(name, ""), Parameter::Unknown), "{variable}");
        }
    }
}
