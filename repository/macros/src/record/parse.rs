//! The struct and its attributes.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, Fields, Ident, Path, Result, Type, Visibility,
    parse_quote,
};

/// A record as the derive reads it.
pub(super) struct Input {
    pub(super) name: Ident,
    pub(super) vis: Visibility,
    pub(super) table: Path,
    pub(super) sqlite: Path,
    pub(super) postgres: Path,
    pub(super) fields: Vec<Field>,
}

pub(super) struct Field {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) vis: Visibility,
    pub(super) role: Role,
    /// Whether the field is the owner, and the primary key begins with it.
    pub(super) is_owner_in_key: bool,
    /// Whether the database generates the field, which is an id.
    pub(super) is_generated: bool,
    pub(super) default: Option<Expr>,
    /// The most characters of a text, in code points.
    pub(super) max_chars: Option<Expr>,
    /// The most bytes of a text, a byte string or a JSON document.
    pub(super) max_bytes: Option<Expr>,
}

/// The part that a field has in a record. The caller writes a `User` field, the library the others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Id,
    Owner,
    Version,
    Created,
    Updated,
    Deleted,
    User,
}

impl Role {
    const NAMED: [(&'static str, Role); 6] = [
        ("id", Role::Id),
        ("owner", Role::Owner),
        ("version", Role::Version),
        ("created", Role::Created),
        ("updated", Role::Updated),
        ("deleted", Role::Deleted),
    ];

    /// What a field that the library writes is: its role and its type, as written and as resolved. `None` for one that can
    /// be of several types.
    pub(super) fn needed(self) -> Option<Needed> {
        let (role, _) = Role::NAMED.iter().find(|(_, role)| *role == self)?;
        let (spelling, ty) = match self {
            Role::Owner => ("Uuid", parse_quote!(::catamaran::__private::uuid::Uuid)),
            Role::Version => ("i64", parse_quote!(i64)),
            Role::Created | Role::Updated => {
                ("DateTime<Utc>", parse_quote!(::catamaran::__private::Time))
            }
            Role::Deleted => (
                "Option<DateTime<Utc>>",
                parse_quote!(::core::option::Option<::catamaran::__private::Time>),
            ),
            Role::Id | Role::User => return None,
        };
        Some(Needed { role, spelling, ty })
    }
}

/// The type that a role needs.
pub(super) struct Needed {
    pub(super) role: &'static str,
    pub(super) spelling: &'static str,
    pub(super) ty: Type,
}

impl Field {
    fn parse(field: &syn::Field) -> Result<Self> {
        let mut ident = field.ident.clone().ok_or_else(|| {
            Error::new(
                field.span(),
                "`Record` can be derived only for a struct with named fields",
            )
        })?;
        ident.set_span(located(ident.span()));
        let ty = syn::parse2(relocated(field.ty.to_token_stream()))?;
        let mut role = None;
        let mut is_owner_in_key = false;
        let mut generated: Option<Span> = None;
        let mut default: Option<Expr> = None;
        let mut max_chars: Option<Expr> = None;
        let mut max_bytes: Option<Expr> = None;
        for attribute in record_attributes(&field.attrs) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("default") {
                    default = Some(meta.value()?.parse()?);
                    return Ok(());
                }
                if meta.path.is_ident("max_chars") {
                    max_chars = Some(meta.value()?.parse()?);
                    return Ok(());
                }
                if meta.path.is_ident("max_bytes") {
                    max_bytes = Some(meta.value()?.parse()?);
                    return Ok(());
                }
                if meta.path.is_ident("generated") {
                    generated = Some(meta.path.span());
                    return Ok(());
                }
                let named = Role::NAMED
                    .iter()
                    .find(|(name, _)| meta.path.is_ident(name));
                if let (Some(first), Some((_, second))) = (role, named)
                    && [[Role::Owner, Role::Id], [Role::Id, Role::Owner]].contains(&[first, *second])
                {
                    role = Some(Role::Owner);
                    is_owner_in_key = true;
                    return Ok(());
                }
                match named {
                    Some(_) if role.is_some() => Err(meta.error("a field has at most one of id, owner, version, created, updated and deleted, or both owner and id")),
                    Some((_, named)) => {
                        role = Some(*named);
                        Ok(())
                    }
                    None => Err(meta.error(
                        "expected id, generated, owner, version, created, updated, deleted, default = .., max_chars = .. or max_bytes = ..",
                    )),
                }
            })?;
        }
        if let Some(generated) = generated
            && role != Some(Role::Id)
        {
            let message = match is_owner_in_key {
                true => "the owner is that of the scope: remove `generated`",
                false => "only an id can be generated: `#[record(id, generated)]`",
            };
            return Err(Error::new(generated, message));
        }
        if let (Some(_), Some(default)) = (role, &default) {
            let message =
                "the library writes this field, so it cannot have a default: remove `default`";
            return Err(Error::new(default.span(), message));
        }
        if let (Some(_), Some(max_bytes)) = (role, &max_bytes) {
            let message =
                "an index has this column, and limits its length further: remove `max_bytes`";
            return Err(Error::new(max_bytes.span(), message));
        }
        Ok(Field {
            ident,
            ty,
            vis: field.vis.clone(),
            role: role.unwrap_or(Role::User),
            is_owner_in_key,
            is_generated: generated.is_some(),
            default,
            max_chars,
            max_bytes,
        })
    }

    /// The maximum length of a value in bytes.
    pub(super) fn max_bytes(&self) -> TokenStream {
        match &self.max_bytes {
            Some(most) => quote!(#most),
            None => quote!(::catamaran::record::MAX_BYTES),
        }
    }

    /// The field's name, without `r#`.
    pub(super) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// Whether the type is spelled as an `Option`. The derive cannot see through an alias.
    pub(super) fn is_option(&self) -> bool {
        self.is_spelled("Option")
    }

    /// Whether the type is spelled as a `Uuid`.
    fn is_uuid(&self) -> bool {
        self.is_spelled("Uuid")
    }

    fn is_spelled(&self, name: &str) -> bool {
        let mut ty = &self.ty;
        // A type that a macro passes on.
        while let Type::Group(group) = ty {
            ty = &group.elem;
        }
        match ty {
            Type::Path(path) => path
                .path
                .segments
                .last()
                .is_some_and(|segment| segment.ident == name),
            _ => false,
        }
    }
}

impl Input {
    pub(super) fn parse(input: &DeriveInput) -> Result<Self> {
        let Data::Struct(data) = &input.data else {
            return Err(Error::new(
                input.ident.span(),
                "`Record` can be derived only for a struct",
            ));
        };
        let Fields::Named(named) = &data.fields else {
            return Err(Error::new(
                input.ident.span(),
                "`Record` can be derived only for a struct with named fields",
            ));
        };
        if !input.generics.params.is_empty() {
            let message = "`Record` cannot be derived for a struct with generic parameters";
            return Err(Error::new(input.generics.span(), message));
        }
        let fields = named
            .named
            .iter()
            .map(Field::parse)
            .collect::<Result<Vec<_>>>()?;

        let (mut table, mut sqlite, mut postgres) = (None, None, None);
        for attribute in record_attributes(&input.attrs) {
            attribute.parse_nested_meta(|meta| {
                let place = if meta.path.is_ident("table") {
                    &mut table
                } else if meta.path.is_ident("sqlite") {
                    &mut sqlite
                } else if meta.path.is_ident("postgres") {
                    &mut postgres
                } else {
                    return Err(meta.error("expected table, sqlite or postgres"));
                };
                *place = Some(meta.value()?.parse::<Path>()?);
                Ok(())
            })?;
        }
        let needed = |path: Option<Path>, name: &str| {
            path.ok_or_else(|| {
                let message = format!("the record needs `#[record({name} = path)]`");
                Error::new(input.ident.span(), message)
            })
        };
        let parsed = Input {
            name: input.ident.clone(),
            vis: input.vis.clone(),
            table: needed(table, "table")?,
            sqlite: needed(sqlite, "sqlite")?,
            postgres: needed(postgres, "postgres")?,
            fields,
        };
        parsed.check_roles()?;
        Ok(parsed)
    }

    fn check_roles(&self) -> Result<()> {
        for (name, role) in Role::NAMED {
            let mut fields = self.fields.iter().filter(|field| field.role == role);
            let first = fields.next();
            if let Some(second) = fields.next()
                && role != Role::Id
            {
                let message = format!("another field already has `#[record({name})]`");
                return Err(Error::new(second.ident.span(), message));
            }
            if role == Role::Id && first.is_none() {
                let message = match self.owner_in_key() {
                    None => "the record needs a field with `#[record(id)]`",
                    Some(_) => {
                        "the record needs a field with `#[record(id)]` besides the owner; if an owner has one row only, let its field be `#[record(id)]` and no owner"
                    }
                };
                return Err(Error::new(self.name.span(), message));
            }
        }
        let is_alone = self.key().nth(1).is_none();
        match self.generated_id() {
            Some(id) if !is_alone => {
                let message = "a generated id must be the whole primary key: SQLite generates only that; an owner can be a column outside of the key, with an index";
                Err(Error::new(id.ident.span(), message))
            }
            _ => Ok(()),
        }
    }

    /// The id that the database generates.
    pub(super) fn generated_id(&self) -> Option<&Field> {
        let mut ids = self.ids().map(|(_, field)| field);
        ids.find(|id| id.is_generated)
    }

    /// The fields of the id, with their indexes.
    pub(super) fn ids(&self) -> impl Iterator<Item = (usize, &Field)> {
        let fields = self.fields.iter().enumerate();
        fields.filter(|(_, field)| field.role == Role::Id)
    }

    /// The owner, if the primary key begins with it.
    pub(super) fn owner_in_key(&self) -> Option<(usize, &Field)> {
        self.of(Role::Owner)
            .filter(|(_, field)| field.is_owner_in_key)
    }

    /// The fields of the primary key, with their indexes.
    pub(super) fn key(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.owner_in_key().into_iter().chain(self.ids())
    }

    /// The id that the library makes if a draft has none: a UUID.
    pub(super) fn made_id(&self) -> Option<&Field> {
        let mut ids = self.ids().map(|(_, field)| field);
        let first = ids.next().filter(|_| ids.next().is_none());
        first.filter(|id| id.is_uuid() && !id.is_generated)
    }

    /// The fields of the id that a draft must have.
    pub(super) fn needed_ids(&self) -> impl Iterator<Item = &Field> {
        let is_absent = self.made_id().or(self.generated_id()).is_some();
        let ids = self.ids().map(|(_, field)| field);
        ids.filter(move |_| !is_absent)
    }

    /// The field of a role, with its index.
    pub(super) fn of(&self, role: Role) -> Option<(usize, &Field)> {
        self.fields
            .iter()
            .enumerate()
            .find(|(_, field)| field.role == role)
    }

    /// The fields that the caller writes, with their indexes.
    pub(super) fn user_fields(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.role == Role::User)
    }
}

/// The same place, with names that the generated code resolves: a field may be that of another macro.
fn located(span: Span) -> Span {
    Span::call_site().located_at(span)
}

fn relocated(tokens: TokenStream) -> TokenStream {
    let each = tokens.into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            let mut inner = Group::new(group.delimiter(), relocated(group.stream()));
            inner.set_span(group.span());
            token = TokenTree::Group(inner);
        }
        token.set_span(located(token.span()));
        token
    });
    each.collect()
}

fn record_attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("record"))
}
