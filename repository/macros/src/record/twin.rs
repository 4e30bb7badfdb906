//! The mapping between a record and its entity of one engine.

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::parse::{Field, Input};

/// An engine, as the generated code and its messages name it.
pub(super) struct Engine {
    /// The name in messages.
    pub(super) name: &'static str,
    /// The module of the library, and the part of the gate's name after `__`.
    pub(super) folder: &'static str,
    /// The type of the dialect in that module.
    pub(super) dialect: &'static str,
}

pub(super) const SQLITE: Engine = Engine {
    name: "SQLite",
    folder: "sqlite",
    dialect: "Sqlite",
};

pub(super) const POSTGRES: Engine = Engine {
    name: "Postgres",
    folder: "postgres",
    dialect: "Postgres",
};

pub(super) fn expand(input: &Input, engine: &Engine, module: &Path) -> TokenStream {
    let gate = format_ident!("__{}", engine.folder);
    let folder = format_ident!("{}", engine.folder);
    let dialect = format_ident!("{}", engine.dialect);
    let dialect = quote!(::catamaran::#folder::#dialect);
    let check = check(input, engine, &dialect, module);
    let twin = twin(input, &dialect, module);
    let variants: Vec<Ident> = input.key().map(|(_, field)| column(field)).collect();
    let key = input.ids().next().map(|(_, field)| {
        let first = column(field);
        quote_spanned! {field.ident.span()=>
            // A variant that is not named here is another column of the primary key.
            match __PrimaryKey::#first {
                #(__PrimaryKey::#variants)|* => {}
            }
        }
    });
    quote! {
        ::catamaran::#gate! {
            const _: () = {
                #check

                type __Row<'r> = __Checked<::catamaran::#folder::Row<'r>, __TWIN>;
                type __Model = __Checked<#module::Model, __TWIN>;
                type __Column = __Checked<#module::Column, __TWIN>;
                type __PrimaryKey = __Checked<#module::PrimaryKey, __TWIN>;

                #twin

                const _: () = {
                    #key
                };
            };
        }
    }
}

/// A constant that has a value only if the entity has every field of the record, in the native type of the
/// record's type.
fn check(input: &Input, engine: &Engine, dialect: &TokenStream, module: &Path) -> TokenStream {
    let idents = input.fields.iter().map(|field| &field.ident);
    let traits = input.fields.iter().map(|field| {
        let (record, name) = (&input.name, field.name());
        let matches = matches(field);
        let engine = engine.name;
        let message = format!(
            "the field `{record}::{name}` has the type `{{Field}}`: its {engine} entity must declare it as \
             `{{Native}}`, and declares it as `{{Self}}`"
        );
        let label = format!("expected `{{Native}}` in the {engine} entity, found `{{Self}}`");
        quote! {
            #[diagnostic::on_unimplemented(message = #message, label = #label)]
            trait #matches<Field, Native> {
                fn check(&self) {}
            }
            impl<Field, Native> #matches<Field, Native> for Native {}
        }
    });
    let checks = input.fields.iter().map(|field| {
        let Field { ident, ty, .. } = field;
        let matches = matches(field);
        quote_spanned! {ty.span()=>
            <_ as #matches<
                #ty,
                <__Checked<#ty, __FIELDS> as ::catamaran::record::Native<#dialect>>::Native
            >>::check(&#ident);
        }
    });
    let mut key = input.key().map(|(_, field)| &field.ident);
    let key = match (key.next(), key.next()) {
        (Some(ident), None) => Some(quote_spanned! {ident.span()=>
            ::catamaran::__private::ColumnType::of(&#ident).assert_whole_key::<#module::Entity>();
        }),
        // Below, each column of the key is named.
        _ => None,
    };
    quote! {
        const __TWIN: usize = {
            #(#traits)*

            let _ = |model: #module::Model| {
                let #module::Model { #(#idents,)* .. } = model;
                #key
                #(#checks)*
            };
            0
        };
    }
}

/// The implementation of `Twin`.
fn twin(input: &Input, dialect: &TokenStream, module: &Path) -> TokenStream {
    let name = &input.name;
    let idents: Vec<&Ident> = input.fields.iter().map(|field| &field.ident).collect();
    let columns = input.fields.iter().map(column);
    let from_native = input.fields.iter().map(|field| {
        let (Field { ident, ty, .. }, name) = (field, field.name());
        quote_spanned! {ty.span()=>
            #ident: ::catamaran::__private::decoded(
                #name,
                <__Checked<#ty, __TWIN> as ::catamaran::record::Native<#dialect>>::from_native(#ident),
            )?
        }
    });
    let into_native = input.fields.iter().map(|Field { ident, ty, .. }| {
        quote_spanned! {ty.span()=>
            #ident: <__Checked<#ty, __TWIN> as ::catamaran::record::Native<#dialect>>::into_native(#ident)
        }
    });
    let from_row = input.fields.iter().enumerate().map(|(index, field)| {
        let Field { ident, ty, .. } = field;
        quote_spanned!(ty.span()=> #ident: row.get::<#ty>(#index)?)
    });
    // No `..`: an entity's field that the record lacks does not compile. The error is at the entity's path.
    let model = quote_spanned!(module.span()=> __Model { #(#into_native),* });
    quote! {
        impl ::catamaran::record::Twin<#dialect> for #name {
            type Entity = #module::Entity;

            fn from_model(model: __Model) -> ::catamaran::Result<Self> {
                let __Model { #(#idents,)* .. } = model;
                ::core::result::Result::Ok(#name { #(#from_native),* })
            }

            fn into_model(self) -> __Model {
                let #name { #(#idents),* } = self;
                #model
            }

            fn from_row(row: &__Row<'_>) -> ::catamaran::Result<Self> {
                ::core::result::Result::Ok(#name { #(#from_row),* })
            }

            fn statements() -> &'static ::catamaran::__private::Statements {
                static STATEMENTS: ::std::sync::LazyLock<::catamaran::__private::Statements> =
                    ::std::sync::LazyLock::new(|| {
                        ::catamaran::__private::Statements::new::<#name, #module::Entity>(
                            &[#(__Column::#columns),*],
                        )
                    });
                &STATEMENTS
            }
        }
    }
}

/// The trait that an entity's field of the right type implements.
fn matches(field: &Field) -> Ident {
    format_ident!("__Matches{}", field.name().to_upper_camel_case())
}

/// The variant that SeaORM derives for a field.
fn column(field: &Field) -> Ident {
    Ident::new(&field.name().to_upper_camel_case(), field.ident.span())
}
