//! The codes of findings, with their severities and texts.

use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The application works, but may surprise a reader or a later migration.
    Warning,
    /// Calls fail, or rows may be lost, refused on one side, or visible to other owners.
    Error,
}

impl Severity {
    /// `warning` or `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! codes {
    ($($name:ident = $id:literal, $severity:ident, $title:literal, $meaning:literal;)*) => {
        /// The kind of a finding. A code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!($id, ": ", $title, ". ", $meaning)] $name,)*
        }

        impl Code {
            /// All codes, in ascending order.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The identifier, for example `CAT013`.
            pub const fn id(self) -> &'static str {
                match self { $(Code::$name => $id),* }
            }

            /// The severity.
            pub const fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity),* }
            }

            /// A short title.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $title),* }
            }

            /// The consequence for the application.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning),* }
            }
        }
    };
}

codes! {
    TableMissing = "CAT001", Error, "table missing", "Every call on it fails.";
    TableExtra = "CAT002", Warning, "table that DOMAIN does not have", "Nobody looks after it.";
    TableRenamed = "CAT003", Error, "table under another name", "Every call on it fails; its rows are where nobody looks.";
    TableOptions = "CAT004", Error, "table of another kind", "One of SQLite that is not STRICT takes any value in any column; one of Postgres that is unlogged is empty after a crash, and one that is partitioned or inherited has rows elsewhere.";
    Unknown = "CAT005", Warning, "thing that DOMAIN has no word for", "A view, for one, shows rows past the policies of its tables.";
    Trigger = "CAT006", Error, "trigger or rule that DOMAIN does not have", "It changes, adds or refuses rows unnoticed by the application, on one side only.";

    ColumnMissing = "CAT010", Error, "column missing", "Every call on the table fails.";
    ColumnExtra = "CAT011", Error, "column that DOMAIN does not have", "An insert leaves it out: it fails, or fills in what nobody chose.";
    ColumnRenamed = "CAT012", Error, "column under another name", "Every call on the table fails; its values are where nobody looks.";
    ColumnType = "CAT013", Error, "another type", "Values are refused, or come back as others.";
    ColumnCollation = "CAT014", Error, "another collation", "Texts sort or compare otherwise than on the other engine.";
    ColumnNullability = "CAT015", Error, "NULL is taken by one side only", "A write that one engine takes fails on the other, or a row cannot be read.";
    ColumnDefault = "CAT016", Error, "another default", "A row that others insert differs between the engines.";
    ColumnGenerated = "CAT017", Error, "column that the database computes", "A write to it fails.";
    ColumnOrder = "CAT018", Warning, "fields in another order", "Someone who reads the two side by side is misled.";
    IdentityByDefault = "CAT019", Warning, "column that the database fills where nothing is written", "A row that others insert gets a number that nobody chose.";

    PrimaryKey = "CAT020", Error, "another primary key", "Two rows may share an id, or one row cannot be found by it.";
    UniqueKeyMissing = "CAT022", Error, "unique key missing", "Two rows may share what should be one row's.";
    UniqueKeyExtra = "CAT023", Error, "unique key that DOMAIN does not have", "One side refuses rows that the other takes.";
    UniqueKeyOptions = "CAT024", Error, "key of another kind", "It is checked at another time, counts NULLs otherwise, or compares by another collation.";
    ConstraintName = "CAT025", Error, "constraint under another name", "An error cannot say which constraint was broken.";
    ConflictClause = "CAT026", Error, "constraint that resolves conflicts by itself", "A row that breaks it replaces another, or is dropped, without an error and on one side only.";

    IndexMissing = "CAT030", Error, "index missing", "A query is slow; if it is unique, two rows may share what should be one row's.";
    IndexExtra = "CAT031", Warning, "index that DOMAIN does not have", "Writes are slower.";
    IndexColumns = "CAT032", Error, "index over something else", "A query is slow, or other rows are unique.";
    IndexOrder = "CAT033", Warning, "index in another order", "A query may have to sort.";
    IndexUnique = "CAT034", Error, "index unique on one side only", "One side refuses rows that the other takes.";
    IndexPredicate = "CAT035", Error, "index with another predicate", "It covers other rows: if it is unique, one side refuses rows that the other takes.";
    IndexOptions = "CAT036", Error, "index of another kind", "Its method, operator classes, collation, or treatment of NULLs are not the usual ones, or it is invalid.";
    IndexRenamed = "CAT037", Error, "index under another name", "An error cannot say which index was broken, and a migration that names it fails.";
    UniqueIndexExtra = "CAT038", Error, "unique index that DOMAIN does not have", "One side refuses rows that the other takes.";

    ForeignKeyMissing = "CAT040", Error, "foreign key missing", "Rows may refer to nothing.";
    ForeignKeyExtra = "CAT041", Error, "foreign key that DOMAIN does not have", "One side refuses rows that the other takes.";
    ForeignKeyTarget = "CAT042", Error, "foreign key to somewhere else", "Rows refer to the wrong thing.";
    ForeignKeyDelete = "CAT043", Error, "another action on delete", "Children go, stay or forbid on one side only.";
    ForeignKeyUpdate = "CAT044", Error, "another action on update", "Children follow or forbid on one side only.";
    ForeignKeyDeferrable = "CAT045", Error, "foreign key that may be checked late", "What fails at once on one side fails at the commit on the other.";
    ForeignKeyDisabled = "CAT046", Error, "foreign key that nobody looks at", "Rows may refer to nothing, as if it were not there.";
    ForeignKeyMatch = "CAT047", Error, "foreign key that counts NULLs otherwise", "A reference that is NULL in part is refused on one side only.";
    ForeignKeyFromElsewhere = "CAT048", Error, "foreign key from another schema", "Rows of a table that nobody here knows forbid a delete, or go with it.";

    CheckMissing = "CAT050", Error, "check missing", "Values that the other side refuses, or cannot hold, are taken.";
    CheckExtra = "CAT051", Error, "check that DOMAIN does not have", "One side refuses rows that the other takes.";
    CheckWeaker = "CAT052", Error, "check that lets more pass", "Values that the other side refuses, or cannot hold, are taken.";
    CheckStronger = "CAT053", Error, "check that demands more", "One side refuses rows that the other takes.";
    NotValid = "CAT054", Warning, "constraint that was never checked", "Rows from before it may break it.";

    RoleMissing = "CAT055", Error, "application's role missing", "No scoped work can be done.";
    RoleUnbound = "CAT056", Error, "application's role that policies do not bind", "It is a superuser or has BYPASSRLS, or may become a role that is: it sees every owner's rows.";
    RoleOwns = "CAT057", Error, "table or schema that belongs to the application's role", "The role may take the policies away, or drop the table.";
    NotShownEqual = "CAT058", Warning, "condition that is not shown to be equal", "It may say the same in other words; nobody can tell.";
    RolePower = "CAT059", Error, "application's role that may become more", "It can make roles, read or write files of the server, or switch off triggers and foreign keys: no policy holds it.";

    RowSecurityOff = "CAT060", Error, "row level security is off", "Every role with a privilege on the table sees every owner's rows.";
    RowSecurityNotForced = "CAT061", Error, "row level security is not forced", "The table's owner sees every owner's rows.";
    RowSecurityOn = "CAT062", Error, "row level security that DOMAIN does not have", "Rows are hidden on one side only.";
    PolicyMissing = "CAT063", Error, "policy missing", "Rows that should be seen are hidden.";
    PolicyExtra = "CAT064", Error, "policy that DOMAIN does not have", "A permissive one shows rows of other owners; a restrictive one hides rows.";
    PolicyCondition = "CAT065", Error, "policy with another condition", "Rows of other owners are seen or written, or one's own are not.";
    PolicyKind = "CAT066", Error, "policy of another kind", "It widens instead of narrowing, or is for other commands.";
    PolicyRoles = "CAT067", Error, "policy for other roles", "It does not hold for whom it should.";
    GrantMissing = "CAT068", Error, "privilege missing", "The application's role may not do its work.";
    GrantExtra = "CAT069", Error, "privilege too much", "The application's role, or everyone, may do more than DOMAIN says.";

    DomainColumn = "CAT070", Error, "DOMAIN names a column that it does not have", "An index, a key or a default is about nothing.";
    DomainReference = "CAT071", Error, "foreign key in DOMAIN to what is not unique", "Postgres refuses it; SQLite fails at the first write.";
    DomainSource = "CAT072", Error, "table without record or types", "The doctor knows no types for it.";
    DomainTable = "CAT073", Error, "record without a table in DOMAIN", "It has no place.";
    DomainManaged = "CAT074", Error, "managed column that one side does not know", "A row is not versioned, not owned, or not hidden when it is deleted.";
    DomainCheck = "CAT075", Error, "check that DOMAIN does not have or does not spell out", "Nobody can tell whether the engines demand the same.";
    DomainType = "CAT076", Error, "type that the matrix does not have", "The doctor cannot compare the column.";
    DomainCondition = "CAT077", Error, "words that the engines read in two ways", "The condition holds for other rows on one side.";
    DomainName = "CAT078", Error, "name that Postgres cuts off", "It is another name there: at most 63 bytes are kept.";
    DomainClash = "CAT079", Error, "name that DOMAIN gives twice", "An engine refuses the second, or it stands for the first.";

    MigrationMissing = "CAT080", Error, "migration not applied", "The database is older than the application.";
    MigrationUnknown = "CAT081", Error, "migration that the application does not have", "The database is newer than the application, or another's.";
    HistoryRow = "CAT082", Error, "row of the history that no migrator wrote", "What is applied cannot be told from it.";
    HistoryWritable = "CAT083", Error, "history of the migrations that others may change", "A migration runs twice or never, or whoever writes there decides what is applied.";
    Encoding = "CAT084", Error, "database in another encoding", "Texts are refused, cut in the middle, or come back as others.";
    Shadowed = "CAT085", Error, "relation that stands before one of DOMAIN", "Whoever names the table reads and writes the other.";
    DefaultPrivileges = "CAT086", Warning, "privileges on what will be made", "The next table is open before anyone has looked.";
    NotAMember = "CAT087", Warning, "login that cannot become the application's role", "A store that is opened with it can do no scoped work.";
    MayCreate = "CAT088", Warning, "place in which the application's role, or everyone, may create", "What is made there can take the place of something else.";

    SuppressionStale = "CAT090", Error, "suppression that suppresses nothing", "A later difference of the kind would pass unnoticed.";
    SuppressionReason = "CAT091", Error, "suppression without a reason, or with an unknown code", "Nobody can judge it.";
}

impl Code {
    /// Whether it is about an object that DOMAIN cannot describe: a trigger, a view.
    pub(crate) const fn is_of_others(self) -> bool {
        matches!(self, Code::Unknown | Code::Trigger)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_codes_share_an_id_and_they_are_in_order() {
        let ids: Vec<&str> = Code::ALL.iter().map(|code| code.id()).collect();
        assert!(ids.is_sorted_by(|one, other| one < other), "{ids:?}");
        assert!(ids.iter().all(|id| id.len() == 6 && id.starts_with("CAT")));
    }
}
