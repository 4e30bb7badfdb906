//! Types of Postgres.

/// A Postgres type as the catalog prints it.
#[derive(PartialEq, Eq)]
pub(super) struct Type<'a> {
    pub(super) name: &'a str,
    /// The text in parentheses.
    pub(super) bounds: Option<&'a str>,
    pub(super) with_zone: bool,
}

impl<'a> Type<'a> {
    pub(super) fn read(ty: &'a str) -> Self {
        let with_zone = ty.ends_with("with time zone");
        let base = ty.trim_end_matches(" with time zone");
        let base = base.trim_end_matches(" without time zone");
        let (name, bounds) = match base.split_once('(') {
            Some((name, rest)) => (name, Some(rest.trim_end_matches(')'))),
            None => (base, None),
        };
        Type {
            name,
            bounds,
            with_zone,
        }
    }

    /// Whether it holds shorter texts or fewer digits of a fraction than the other.
    pub(super) fn is_narrower(&self, other: &Type<'_>) -> bool {
        let bound = |ty: &Type<'_>| -> Option<u32> {
            let mut bounds = ty.bounds?.split(',');
            let first = bounds.next();
            let decisive = match ty.name {
                "numeric" => bounds.next().or(Some("0")),
                _ => first,
            };
            decisive?.trim().parse().ok()
        };
        match (bound(self), bound(other)) {
            (Some(mine), Some(theirs)) if self.name == other.name => mine < theirs,
            (mine, _) => mine.is_some(),
        }
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.name, "text" | "character varying" | "character")
    }

    pub(super) fn is_number(&self) -> bool {
        self.is_whole() || matches!(self.name, "numeric" | "real" | "double precision")
    }

    pub(super) fn is_whole(&self) -> bool {
        matches!(self.name, "bigint" | "integer" | "smallint")
    }
}
