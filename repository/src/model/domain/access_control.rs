/// A privilege of a role on a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// Reads rows.
    Select,
    /// Inserts rows.
    Insert,
    /// Updates rows.
    Update,
    /// Deletes rows.
    Delete,
}

impl Privilege {
    /// All four.
    pub const ALL: &'static [Privilege] = &[
        Privilege::Select,
        Privilege::Insert,
        Privilege::Update,
        Privilege::Delete,
    ];

    /// The SQL keyword.
    pub const fn as_sql(self) -> &'static str {
        match self {
            Privilege::Select => "SELECT",
            Privilege::Insert => "INSERT",
            Privilege::Update => "UPDATE",
            Privilege::Delete => "DELETE",
        }
    }
}

/// The command that a policy applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Every command.
    All,
    /// `SELECT`.
    Select,
    /// `INSERT`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
}

impl Command {
    /// The SQL keyword.
    pub const fn as_sql(self) -> &'static str {
        match self {
            Command::All => "ALL",
            Command::Select => "SELECT",
            Command::Insert => "INSERT",
            Command::Update => "UPDATE",
            Command::Delete => "DELETE",
        }
    }
}

/// A policy of row level security on Postgres.
///
/// A table with an owner always has the policy `owner_<table>`, for every role and command. It restricts a row to the
/// user whose id is the claim `sub` of `request.jwt.claims`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: &'static str,
    /// Whether it is permissive (joined to others by OR) or restrictive (joined by AND).
    pub permissive: bool,
    /// The command that it applies to.
    pub command: Command,
    /// The roles that it applies to. Empty for every role.
    pub roles: &'static [&'static str],
    /// The condition on existing rows, as SQL of Postgres.
    pub using: Option<&'static str>,
    /// The condition on written rows, as SQL of Postgres.
    pub with_check: Option<&'static str>,
}
