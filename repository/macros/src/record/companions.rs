//! The draft and the patch of a record.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use super::parse::{Field, Input};

pub(super) fn expand(input: &Input) -> TokenStream {
    let draft = draft(input);
    let patch = patch(input);
    quote! {
        #draft
        #patch
    }
}

fn draft(input: &Input) -> TokenStream {
    let Input { name, vis, .. } = input;
    let draft = input.draft();
    let doc =
        format!("The values for an insert of a [`{name}`]; the library writes the other columns.");
    let new_doc = format!("A draft of a [`{name}`] with its required values.");
    let made = input.made_id().map(|field| &field.ident);
    let made = made.into_iter();
    let (made_field, made_value, made_setter) = (made.clone(), made.clone(), made);
    let ids: Vec<&Field> = input.needed_ids().collect();
    let id_fields = ids.iter().map(|Field { ident, ty, vis, .. }| {
        quote! {
            /// The id, or a part of it.
            #vis #ident: #ty,
        }
    });
    let id_setters = ids.iter().map(|Field { ident, ty, vis, .. }| {
        quote! {
            /// Sets the id, or a part of it.
            #[must_use]
            #vis fn #ident(mut self, #ident: impl ::core::convert::Into<#ty>) -> Self {
                self.#ident = #ident.into();
                self
            }
        }
    });
    let id_idents: Vec<&Ident> = ids.iter().map(|Field { ident, .. }| ident).collect();
    let fields = input.user_fields().map(|(_, field)| {
        let Field { ident, ty, vis, .. } = field;
        let doc = format!("See [`{name}::{}`].", field.name());
        quote! {
            #[doc = #doc]
            #vis #ident: #ty,
        }
    });
    let required = input.user_fields().map(|(_, field)| field);
    let required = required.filter(|field| field.default.is_none() && !field.is_option());
    let parameters = ids
        .iter()
        .copied()
        .chain(required)
        .map(|Field { ident, ty, .. }| quote!(#ident: impl ::core::convert::Into<#ty>));
    let values = input.user_fields().map(|(_, field)| {
        let Field { ident, ty, .. } = field;
        match &field.default {
            Some(value) => quote!(#ident: ::catamaran::__private::default::<#ty>(#value)),
            None if field.is_option() => quote!(#ident: ::core::option::Option::None),
            None => quote!(#ident: #ident.into()),
        }
    });
    let setters = input.user_fields().map(|(_, field)| {
        let Field { ident, ty, vis, .. } = field;
        let doc = format!("Sets [`{name}::{}`].", field.name());
        quote! {
            #[doc = #doc]
            #[must_use]
            #vis fn #ident(mut self, #ident: impl ::core::convert::Into<#ty>) -> Self {
                self.#ident = #ident.into();
                self
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #vis struct #draft {
            #(
                /// The id; `None` lets the library make one.
                #vis #made_field: ::core::option::Option<::catamaran::__private::uuid::Uuid>,
            )*
            #(#id_fields)*
            #(#fields)*
        }

        impl #draft {
            #[doc = #new_doc]
            #[must_use]
            #[allow(clippy::too_many_arguments)]
            #vis fn new(#(#parameters),*) -> Self {
                #draft {
                    #(#made_value: ::core::option::Option::None,)*
                    #(#id_idents: #id_idents.into(),)*
                    #(#values,)*
                }
            }

            #(
                /// Sets the id, which the library makes otherwise.
                #[must_use]
                #vis fn #made_setter(mut self, #made_setter: ::catamaran::__private::uuid::Uuid) -> Self {
                    self.#made_setter = ::core::option::Option::Some(#made_setter);
                    self
                }
            )*

            #(#id_setters)*
            #(#setters)*
        }
    }
}

fn patch(input: &Input) -> TokenStream {
    let Input { name, vis, .. } = input;
    let patch = input.patch();
    let doc = format!(
        "The columns of a [`{name}`] that a patch changes; the default keeps every column."
    );
    let fields = input.user_fields().map(|(_, field)| {
        let Field { ident, ty, vis, .. } = field;
        let doc = format!("The change of [`{name}::{}`].", field.name());
        quote! {
            #[doc = #doc]
            #vis #ident: ::catamaran::record::Change<#ty>,
        }
    });
    let setters = input.user_fields().map(|(_, field)| {
        let Field { ident, ty, vis, .. } = field;
        let doc = format!("Sets [`{name}::{}`].", field.name());
        quote! {
            #[doc = #doc]
            #[must_use]
            #vis fn #ident(mut self, #ident: impl ::core::convert::Into<#ty>) -> Self {
                self.#ident = ::catamaran::record::Change::Set(#ident.into());
                self
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::default::Default,
            ::core::cmp::PartialEq
        )]
        #vis struct #patch {
            #(#fields)*
        }

        impl #patch {
            /// A patch that keeps every column.
            #[must_use]
            #vis fn new() -> Self {
                Self::default()
            }

            #(#setters)*
        }
    }
}
