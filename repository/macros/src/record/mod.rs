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
    let ids = input.ids().map(|(_, Field { ty, .. })| {
        quote_spanned!(ty.span()=> let _ = <#ty as ::catamaran::record::RecordId>::TYPES;)
    });
    quote! {
        const __FIELDS: usize = {
            #(#fields)*
            #(#ids)*
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
        let (ident, string, most) = (&field.ident, field.name(), field.max_bytes());
        quote_spanned!(ident.span()=> ::catamaran::__private::canonical(#string, &mut record.#ident, #most)?;)
    });
    let last = input.fields.last().map(
        |Field { ty, .. }| quote_spanned!(ty.span()=> <#ty as ::catamaran::record::Field>::TYPE),
    );
    let ids: Vec<&Field> = input.ids().map(|(_, field)| field).collect();
    let id = Id::of(input);
    let Id {
        ty: id_type,
        value: id_value,
        of_draft,
        from_record,
        from_argument,
    } = &id;
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
            Role::Id => part_of(&ids, field, &quote_spanned!(at=> stamp.id)),
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
        let (ident, string, most) = (&field.ident, field.name(), field.max_bytes());
        quote_spanned!(ident.span()=> ::catamaran::__private::change(#index, #string, #most, &patch.#ident, &mut changes)?;)
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
    let key = input.key().map(|(_, field)| field.name());
    let key_types = ids.iter().map(|Field { ty, .. }| {
        quote_spanned! {ty.span()=>
            const _: () = ::catamaran::__private::assert_key_column(
                <#ty as ::catamaran::record::Field>::TYPE,
                <#ty as ::catamaran::record::Field>::NULLABLE,
            );
        }
    });
    let generated = input.generated_id();
    let is_generated = generated.is_some();
    let needed_id = match (input.made_id(), generated) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(quote!(::catamaran::__private::no_id::<#name>(id)?;)),
        (None, None) => Some(quote!(let id = ::catamaran::__private::needed_id::<#name>(id)?;)),
    };
    let generated_type = generated.map(|Field { ty, .. }| {
        quote_spanned! {ty.span()=>
            const _: () = ::catamaran::__private::assert_generated_column(
                <#ty as ::catamaran::record::Field>::TYPE,
            );
        }
    });
    let indexed = input.fields.iter().map(|field| {
        let (ty, name) = (&field.ty, field.name());
        quote_spanned! {ty.span()=>
            const _: () = ::catamaran::__private::assert_not_indexed(
                &#table,
                #name,
                <#ty as ::catamaran::record::Field>::TYPE,
            );
        }
    });
    let set_generated = generated.map(|Field { ident, .. }| {
        quote_spanned! {ident.span()=>
            let record: &mut __Record = self;
            record.#ident = id;
        }
    });
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
    let lengths = input.fields.iter().map(Field::max_bytes);
    let long = input.fields.iter().filter_map(|field| {
        let (ty, most) = (&field.ty, field.max_bytes.as_ref()?);
        Some(quote_spanned! {most.span()=>
            const _: () = ::catamaran::__private::assert_max_bytes(
                <#ty as ::catamaran::record::Field>::TYPE,
                #most,
            );
        })
    });
    quote! {
        const _: () = ::catamaran::__private::assert_owner(&#table, #has_owner);
        const _: () = ::catamaran::__private::assert_key(&#table, &[#(#key),*]);
        const _: () = ::catamaran::__private::assert_generated(&#table, #is_generated);
        #(#key_types)*
        #generated_type
        #(#limited)*
        #(#long)*
        const _: () = ::catamaran::__private::assert_row_bytes(&[#(#lengths),*]);
        #(#indexed)*

        type __Record = __Checked<#name, __FIELDS>;
        type __Draft = __Checked<#draft, __FIELDS>;
        type __Patch = __Checked<#patch, __FIELDS>;

        impl ::catamaran::Record for #name {
            type Id = #id_type;
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

            fn draft_id(draft: &Self::Draft) -> ::core::option::Option<Self::Id> {
                #of_draft
            }

            fn from_draft(draft: Self::Draft, stamp: ::catamaran::record::Stamp<Self::Id>) -> Self {
                __Record { #(#from_draft),* }
            }

            fn from_values(values: ::std::vec::Vec<::catamaran::Value>) -> ::catamaran::Result<Self> {
                #[allow(unused_mut, unused_variables)]
                let mut values = ::catamaran::__private::Values::whole::<#name>(values)?;
                ::core::result::Result::Ok(__Record { #(#all_taken)* })
            }

            fn draft_from(
                id: ::core::option::Option<Self::Id>,
                values: ::std::vec::Vec<(usize, ::catamaran::Value)>,
            ) -> ::catamaran::Result<Self::Draft> {
                #[allow(unused_mut, unused_variables)]
                let mut values = ::catamaran::__private::Values::some::<#name>(values)?;
                #needed_id
                ::core::result::Result::Ok(__Draft { #from_argument #(#users_taken)* })
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
                    #from_record
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

            fn id(&self) -> Self::Id {
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

            #[allow(unused_variables)]
            fn set_generated(&mut self, id: Self::Id) {
                #set_generated
            }
        }
    }
}

/// The id in generated code: one value, or a tuple.
struct Id {
    ty: TokenStream,
    /// Of a `record`.
    value: TokenStream,
    /// Of a `draft`, in an `Option`.
    of_draft: TokenStream,
    /// The fields of a draft, from a `record`.
    from_record: TokenStream,
    /// The fields of a draft, from the argument `id`.
    from_argument: TokenStream,
}

impl Id {
    fn of(input: &Input) -> Self {
        let fields: Vec<&Field> = input.ids().map(|(_, field)| field).collect();
        let one_or_tuple = |values: Vec<TokenStream>| match &*values {
            [one] => one.clone(),
            several => quote!((#(#several),*)),
        };
        let cloned = |of: &TokenStream| {
            let values = fields.iter().map(|Field { ident, .. }| {
                quote_spanned!(ident.span()=> ::core::clone::Clone::clone(&#of.#ident))
            });
            one_or_tuple(values.collect())
        };
        let types = fields.iter().map(|Field { ty, .. }| quote!(#ty));
        let (of_draft, from_record, from_argument) = match input.made_id() {
            None if input.generated_id().is_some() => (
                quote!(::core::option::Option::None),
                TokenStream::new(),
                TokenStream::new(),
            ),
            Some(Field { ident, .. }) => (
                quote!(draft.#ident),
                quote!(#ident: ::core::option::Option::Some(record.#ident),),
                quote!(#ident: id,),
            ),
            None => {
                let of_draft = cloned(&quote!(draft));
                let idents = fields.iter().map(|field| &field.ident);
                let argument = quote!(id);
                let parts = fields.iter().map(|field| {
                    let (ident, part) = (&field.ident, part_of(&fields, field, &argument));
                    quote!(#ident: ::core::clone::Clone::clone(&#part),)
                });
                (
                    quote!(::core::option::Option::Some(#of_draft)),
                    quote!(#(#idents: record.#idents,)*),
                    quote!(#(#parts)*),
                )
            }
        };
        Id {
            ty: one_or_tuple(types.collect()),
            value: cloned(&quote!(record)),
            of_draft,
            from_record,
            from_argument,
        }
    }
}

/// The part of an `id` that is this field.
fn part_of(ids: &[&Field], field: &Field, id: &TokenStream) -> TokenStream {
    let position = ids.iter().position(|part| part.ident == field.ident);
    match (ids, position) {
        ([_, _, ..], Some(position)) => {
            let position = syn::Index::from(position);
            quote!(#id.#position)
        }
        _ => id.clone(),
    }
}

fn spec(field: &Field) -> TokenStream {
    let ty = &field.ty;
    let name = field.name();
    let max_chars = match &field.max_chars {
        Some(most) => quote!(::core::option::Option::Some(#most)),
        None => quote!(::core::option::Option::None),
    };
    let max_bytes = field.max_bytes();
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
            variants: <#ty as ::catamaran::record::Field>::variants,
            type_name: ::core::any::type_name::<<#ty as ::catamaran::record::Field>::Base>,
            max_bytes: #max_bytes,
            canonical: ::catamaran::__private::canonical_value::<#ty, { #max_bytes }>,
        }
    }
}

fn managed(input: &Input) -> TokenStream {
    let index = |role: Role| match input.of(role) {
        Some((index, _)) => quote!(::core::option::Option::Some(#index)),
        None => quote!(::core::option::Option::None),
    };
    let id = input.ids().map(|(index, _)| index);
    let key = input.key().map(|(index, _)| index);
    let is_generated = input.generated_id().is_some();
    let (owner, version) = (index(Role::Owner), index(Role::Version));
    let (created, updated) = (index(Role::Created), index(Role::Updated));
    let deleted = index(Role::Deleted);
    quote! {
        ::catamaran::record::Managed {
            id: &[#(#id),*],
            key: &[#(#key),*],
            generated: #is_generated,
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
