/// What a role may do to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// Read rows.
    Select,
    /// Add rows.
    Insert,
    /// Change rows.
    Update,
    /// Remove rows.
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

    /// The privilege as SQL writes it.
    pub const fn as_sql(self) -> &'static str {
        match self {
            Privilege::Select => "SELECT",
            Privilege::Insert => "INSERT",
            Privilege::Update => "UPDATE",
            Privilege::Delete => "DELETE",
        }
    }
}

/// What a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Everything.
    All,
    /// Reading.
    Select,
    /// Inserting.
    Insert,
    /// Updating.
    Update,
    /// Deleting.
    Delete,
}

impl Command {
    /// The command as SQL writes it.
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

/// A policy of row level security.
///
/// A table with an owner has one without being told: `owner_<table>`, for everyone and every command, which
/// holds a row to the user whose id is the claim `sub` of `request.jwt.claims`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: &'static str,
    /// Whether it widens what others allow (policies that do are joined by OR), or narrows it.
    pub permissive: bool,
    /// What it is for.
    pub command: Command,
    /// The roles that it is for; everyone if there is none.
    pub roles: &'static [&'static str],
    /// Which rows are seen, as Postgres's SQL.
    pub using: Option<&'static str>,
    /// Which rows may be written, as Postgres's SQL.
    pub with_check: Option<&'static str>,
}
