//! `#[derive(Record)]`.

mod companions;
mod parse;
mod twin;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Ident, Result};

use parse::{Field, Input, Needed, Role};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let input = Input::parse(input)?;
    let handles = handles(&input);
    let companions = companions::expand(&input);
    let check = check(&input);
    let record = record(&input);
    let sqlite = twin::expand(&input, &twin::SQLITE, &input.sqlite);
    let postgres = twin::expand(&input, &twin::POSTGRES, &input.postgres);
    Ok(quote! {
        #handles
        #companions
        const _: () = {
            type __Checked<T, const CHECK: usize> =
                <::catamaran::__private::Checked<T, CHECK> as ::catamaran::__private::Is>::Type;
            #check
            #record
            #sqlite
            #postgres
        };
    })
}

/// `Habit::NAME`, one for each field.
fn handles(input: &Input) -> TokenStream {
    let name = &input.name;
    let handles = input.fields.iter().enumerate().map(|(index, field)| {
        let Field { ident, ty, vis, .. } = field;
        let handle = Ident::new(&field.name().to_uppercase(), ident.span());
        let doc = format!(
            "The column of [`{}`](Self::{}).",
            field.name(),
            field.name()
        );
        quote! {
            #[doc = #doc]
            #vis const #handle: ::catamaran::Column<#name, #ty> = ::catamaran::Column::new(#index);
        }
    });
    quote! {
        impl #name {
            #(#handles)*
        }
    }
}

/// A constant that has a value only if each field's type can be in a record, in its role.
fn check(input: &Input) -> TokenStream {
    let fields = input.fields.iter().map(|Field { ty, .. }| {
        quote_spanned!(ty.span()=> let _ = <#ty as ::catamaran::record::Field>::TYPE;)
    });
    let roles = input.fields.iter().filter_map(|field| {
        let Needed {
            role,
            spelling,
            ty: needed,
        } = field.role.needed()?;
        let Field { ty, .. } = field;
        let message = format!(
            "the field `{}::{}` cannot be the `{role}`: its type is `{{Self}}` instead of `{spelling}`",
            input.name,
            field.name()
        );
        let label = format!("expected `{spelling}`, found `{{Self}}`");
        Some(quote_spanned! {ty.span()=> {
            #[diagnostic::on_unimplemented(message = #message, label = #label)]
            trait __Role<Needed> {
                const CHECK: () = ();
            }
            impl<Needed> __Role<Needed> for Needed {}
            <#ty as __Role<#needed>>::CHECK
        }})
    });
    quote! {
        const __FIELDS: usize = {
            #(#fields)*
            #(#roles)*
            0
        };
    }
}

fn record(input: &Input) -> TokenStream {
    let Input { name, table, .. } = input;
    let (draft, patch) = (input.draft(), input.patch());
    let specs = input.fields.iter().map(spec);
    let managed = managed(input);
    let values = input.fields.iter().enumerate().map(|(index, field)| {
        let Field { ident, ty, .. } = field;
        quote_spanned!(ty.span()=> #index => ::catamaran::record::Field::to_value(&record.#ident),)
    });
    let canonical = input.fields.iter().map(|field| {
        let (ident, string) = (&field.ident, field.name());
        quote_spanned!(ident.span()=> ::catamaran::__private::canonical(#string, &mut record.#ident)?;)
    });
    let last = input.fields.last().map(
        |Field { ty, .. }| quote_spanned!(ty.span()=> <#ty as ::catamaran::record::Field>::TYPE),
    );
    let id = input.of(Role::Id).map(|(_, field)| field);
    let id_value = id.map(|Field { ident, .. }| quote_spanned!(ident.span()=> record.#ident));
    let id_ident = id.map(|field| &field.ident);
    let optional = |role: Role| match input.of(role) {
        Some((_, Field { ident, .. })) => {
            let value = quote_spanned!(ident.span()=> record.#ident);
            quote! {
                let record: &__Record = self;
                ::core::option::Option::Some(#value)
            }
        }
        None => quote!(::core::option::Option::None),
    };
    let (owner, version) = (optional(Role::Owner), optional(Role::Version));
    let users: Vec<&Ident> = input.user_fields().map(|(_, field)| &field.ident).collect();
    let from_draft = input.fields.iter().map(|field| {
        let Field {
            ident, ty, role, ..
        } = field;
        let at = ty.span();
        let value = match role {
            Role::Id => quote_spanned!(at=> stamp.id),
            Role::Owner => quote_spanned!(at=> stamp.owner),
            Role::Version => quote_spanned!(at=> ::catamaran::record::FIRST_VERSION),
            Role::Created | Role::Updated => quote_spanned!(at=> stamp.now),
            Role::Deleted => quote_spanned!(at=> ::core::option::Option::None),
            Role::User => quote!(draft.#ident),
        };
        quote_spanned!(ident.span()=> #ident: #value)
    });
    let set_updated = input.fields.iter().filter_map(
        |Field {
             ident, ty, role, ..
         }| {
            let value = match role {
                Role::Version => quote_spanned!(ty.span()=> record.#ident.saturating_add(1)),
                Role::Updated => quote_spanned!(ty.span()=> now),
                Role::Deleted => quote_spanned!(ty.span()=> ::core::option::Option::None),
                _ => return None,
            };
            Some(quote_spanned!(ident.span()=> record.#ident = #value;))
        },
    );
    let changes = input.user_fields().map(|(index, field)| {
        let (ident, string) = (&field.ident, field.name());
        quote_spanned!(ident.span()=> ::catamaran::__private::change(#index, #string, &patch.#ident, &mut changes)?;)
    });
    let taken = |managed: bool| {
        let fields = input.fields.iter().enumerate();
        let fields = fields.filter(move |(_, field)| managed || field.role == Role::User);
        fields.map(|(index, Field { ident, .. })| {
            quote_spanned!(ident.span()=> #ident: values.take(#index)?,)
        })
    };
    let (all_taken, users_taken) = (taken(true), taken(false));
    let changes_taken = input.user_fields().map(
        |(index, Field { ident, .. })| quote_spanned!(ident.span()=> #ident: values.change(#index)?,),
    );
    let has_owner = input.of(Role::Owner).is_some();
    let limited = input
        .fields
        .iter()
        .filter(|field| field.max_chars.is_some());
    let limited = limited.map(|Field { ty, .. }| {
        quote_spanned! {ty.span()=>
            const _: () = ::catamaran::__private::assert_text(<#ty as ::catamaran::record::Field>::TYPE);
        }
    });
    quote! {
        const _: () = ::catamaran::__private::assert_owner(&#table, #has_owner);
        const _: () = ::catamaran::__private::assert_one_key(&#table);
        #(#limited)*

        type __Record = __Checked<#name, __FIELDS>;
        type __Draft = __Checked<#draft, __FIELDS>;
        type __Patch = __Checked<#patch, __FIELDS>;

        impl ::catamaran::Record for #name {
            type Draft = #draft;
            type Patch = #patch;

            const TABLE: &'static ::catamaran::domain::Table = &#table;
            const COLUMNS: &'static [::catamaran::record::ColumnSpec] = &[#(#specs),*];
            const MANAGED: ::catamaran::record::Managed = #managed;

            fn value(&self, index: usize) -> ::catamaran::Value {
                let record: &__Record = self;
                match index {
                    #(#values)*
                    _ => ::catamaran::Value::Null(#last),
                }
            }

            fn canonicalise(&mut self) -> ::catamaran::Result<()> {
                let record: &mut __Record = self;
                #(#canonical)*
                ::core::result::Result::Ok(())
            }

            fn draft_id(draft: &Self::Draft) -> ::core::option::Option<::catamaran::__private::uuid::Uuid> {
                draft.#id_ident
            }

            fn from_draft(draft: Self::Draft, stamp: ::catamaran::record::Stamp) -> Self {
                __Record { #(#from_draft),* }
            }

            fn from_values(values: ::std::vec::Vec<::catamaran::Value>) -> ::catamaran::Result<Self> {
                #[allow(unused_mut, unused_variables)]
                let mut values = ::catamaran::__private::Values::whole::<#name>(values)?;
                ::core::result::Result::Ok(__Record { #(#all_taken)* })
            }

            fn draft_from(
                id: ::core::option::Option<::catamaran::__private::uuid::Uuid>,
                values: ::std::vec::Vec<(usize, ::catamaran::Value)>,
            ) -> ::catamaran::Result<Self::Draft> {
                #[allow(unused_mut, unused_variables)]
                let mut values = ::catamaran::__private::Values::some::<#name>(values)?;
                ::core::result::Result::Ok(__Draft { #id_ident: id, #(#users_taken)* })
            }

            fn patch_from(
                changes: ::std::vec::Vec<(usize, ::catamaran::Value)>,
            ) -> ::catamaran::Result<Self::Patch> {
                #[allow(unused_mut, unused_variables)]
                let mut values = ::catamaran::__private::Values::some::<#name>(changes)?;
                ::core::result::Result::Ok(__Patch { #(#changes_taken)* })
            }

            fn into_draft(self) -> Self::Draft {
                let record: __Record = self;
                __Draft {
                    #id_ident: ::core::option::Option::Some(#id_value),
                    #(#users: record.#users,)*
                }
            }

            fn changes(
                patch: &Self::Patch,
            ) -> ::catamaran::Result<::std::vec::Vec<(usize, ::catamaran::Value)>> {
                let patch: &__Patch = patch;
                let mut changes = ::std::vec::Vec::new();
                #(#changes)*
                ::core::result::Result::Ok(changes)
            }

            fn id(&self) -> ::catamaran::__private::uuid::Uuid {
                let record: &__Record = self;
                #id_value
            }

            fn owner(&self) -> ::core::option::Option<::catamaran::__private::uuid::Uuid> {
                #owner
            }

            fn version(&self) -> ::core::option::Option<i64> {
                #version
            }

            #[allow(unused_variables)]
            fn set_updated(&mut self, now: ::catamaran::__private::chrono::DateTime<::catamaran::__private::chrono::Utc>) {
                let record: &mut __Record = self;
                #(#set_updated)*
            }
        }
    }
}

fn spec(field: &Field) -> TokenStream {
    let ty = &field.ty;
    let name = field.name();
    let max_chars = match &field.max_chars {
        Some(most) => quote!(::core::option::Option::Some(#most)),
        None => quote!(::core::option::Option::None),
    };
    let default = match &field.default {
        Some(value) => quote_spanned! {ty.span()=>
            ::core::option::Option::Some(|| {
                <#ty as ::catamaran::record::Field>::to_value(&::catamaran::__private::default::<#ty>(#value))
            })
        },
        None => quote!(::core::option::Option::None),
    };
    quote_spanned! {ty.span()=>
        ::catamaran::record::ColumnSpec {
            field: #name,
            ty: <#ty as ::catamaran::record::Field>::TYPE,
            nullable: <#ty as ::catamaran::record::Field>::NULLABLE,
            max_chars: #max_chars,
            default: #default,
            canonical: ::catamaran::__private::canonical_value::<#ty>,
        }
    }
}

fn managed(input: &Input) -> TokenStream {
    let index = |role: Role| match input.of(role) {
        Some((index, _)) => quote!(::core::option::Option::Some(#index)),
        None => quote!(::core::option::Option::None),
    };
    // Parsing refuses a record without an id.
    let id = input.of(Role::Id).map_or(0, |(index, _)| index);
    let (owner, version) = (index(Role::Owner), index(Role::Version));
    let (created, updated) = (index(Role::Created), index(Role::Updated));
    let deleted = index(Role::Deleted);
    quote! {
        ::catamaran::record::Managed {
            id: #id,
            owner: #owner,
            version: #version,
            created: #created,
            updated: #updated,
            deleted: #deleted,
        }
    }
}

impl Input {
    fn draft(&self) -> Ident {
        format_ident!("{}Draft", self.name, span = Span::call_site())
    }

    fn patch(&self) -> Ident {
        format_ident!("{}Patch", self.name, span = Span::call_site())
    }
}
