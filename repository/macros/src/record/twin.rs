//! The tie between a record and the entity of one dialect.

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::parse::{Field, Input, Role};

pub(super) fn expand(input: &Input, folder: &str, dialect: &str, module: &Path) -> TokenStream {
    let name = &input.name;
    let gate = format_ident!("__{folder}");
    let (folder, dialect) = (format_ident!("{folder}"), format_ident!("{dialect}"));
    let dialect = quote!(::catamaran::#folder::#dialect);
    let idents: Vec<&Ident> = input.fields.iter().map(|field| &field.ident).collect();
    let columns: Vec<Ident> = input.fields.iter().map(column).collect();
    let from_native = input.fields.iter().map(|Field { ident, ty, .. }| {
        quote_spanned!(ident.span()=> #ident: <#ty as ::catamaran::record::Native<#dialect>>::from_native(#ident))
    });
    let into_native = input.fields.iter().map(|Field { ident, ty, .. }| {
        quote_spanned!(ident.span()=> #ident: <#ty as ::catamaran::record::Native<#dialect>>::into_native(#ident))
    });
    let from_row = input.fields.iter().enumerate().map(|(index, field)| {
        let Field { ident, ty, .. } = field;
        quote_spanned!(ident.span()=> #ident: row.get::<#ty>(#index)?)
    });
    let key = input.of(Role::Id).map(|(_, field)| {
        let (ty, variant) = (&field.ty, column(field));
        let at = field.ident.span();
        let native = quote!(<#ty as ::catamaran::record::Native<#dialect>>::Native);
        quote_spanned! {at=>
            ::catamaran::__private::assert_whole_key::<#module::Entity, #native>();
            // A variant that is not named here is another column of the key.
            match #module::PrimaryKey::#variant {
                #module::PrimaryKey::#variant => {}
            }
        }
    });
    // At the entity's path, so that the error about a column that the record lacks points there.
    let at = module.span();
    let pattern = quote_spanned!(at=> #module::Model { #(#idents),* });
    let literal = quote_spanned!(at=> #module::Model { #(#into_native),* });
    let model = quote! {
        <Self::Entity as ::catamaran::__private::sea_orm::EntityTrait>::Model
    };
    quote! {
        ::catamaran::#gate! {
            impl ::catamaran::record::Twin<#dialect> for #name {
                type Entity = #module::Entity;

                fn from_model(model: #model) -> Self {
                    // No `..`: a column that the record lacks does not compile.
                    let #pattern = model;
                    #name { #(#from_native),* }
                }

                fn into_model(self) -> #model {
                    let #name { #(#idents),* } = self;
                    #literal
                }

                fn from_row(
                    row: &::catamaran::#folder::Row,
                ) -> ::catamaran::Result<Self> {
                    ::core::result::Result::Ok(#name { #(#from_row),* })
                }

                fn statements() -> &'static ::catamaran::__private::Statements {
                    static STATEMENTS: ::std::sync::LazyLock<::catamaran::__private::Statements> =
                        ::std::sync::LazyLock::new(|| {
                            ::catamaran::__private::Statements::new::<#name, #module::Entity>(
                                &[#(#module::Column::#columns),*],
                            )
                        });
                    &STATEMENTS
                }
            }

            const _: () = {
                // The record's id is the entity's primary key, all of it, or this does not compile.
                #key
            };
        }
    }
}

/// The variant that SeaORM derives for a field.
fn column(field: &Field) -> Ident {
    Ident::new(&field.name().to_upper_camel_case(), field.ident.span())
}
