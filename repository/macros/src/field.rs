//! `#[derive(Field)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Generics, Result, Type, parse_quote};

/// How a type is converted to and from the one that is stored.
struct Input {
    /// The type that is stored.
    stored: Type,
    /// Whether the conversion back is the application's `TryFrom`.
    may_fail: bool,
    /// Whether the stored value is the one field of a tuple struct.
    is_newtype: bool,
}

impl Input {
    fn parse(input: &DeriveInput) -> Result<Self> {
        let newtype = newtype(&input.data);
        let mut try_from = None;
        let attributes = input.attrs.iter();
        for attribute in attributes.filter(|attribute| attribute.path().is_ident("field")) {
            try_from = Some(parse(attribute)?);
        }
        match (try_from, newtype) {
            (Some(Some(stored)), _) => Ok(Input {
                stored,
                may_fail: true,
                is_newtype: false,
            }),
            (try_from, Some(stored)) => Ok(Input {
                stored: stored.clone(),
                may_fail: try_from.is_some(),
                is_newtype: true,
            }),
            (_, None) => {
                let message = "`Field` can be derived for a tuple struct of one field, as in `struct Title(String);`; \
                    any other type names the type that is stored: `#[field(try_from = String)]`";
                Err(Error::new(input.ident.span(), message))
            }
        }
    }
}

/// The type in `try_from = ..`; `None` for `try_from` alone.
fn parse(attribute: &Attribute) -> Result<Option<Type>> {
    let mut stored = None;
    attribute.parse_nested_meta(|meta| {
        if !meta.path.is_ident("try_from") {
            return Err(meta.error("expected try_from or try_from = Type"));
        }
        if meta.input.peek(syn::Token![=]) {
            stored = Some(meta.value()?.parse()?);
        }
        Ok(())
    })?;
    Ok(stored)
}

/// The type of the one field of a tuple struct.
fn newtype(data: &Data) -> Option<&Type> {
    match data {
        Data::Struct(data) => match &data.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                fields.unnamed.first().map(|field| &field.ty)
            }
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let parsed = Input::parse(input)?;
    let field = field(input, &parsed);
    let native = native(input, &parsed);
    Ok(quote! {
        #field
        #native
    })
}

/// The generic parameters, with the stored type as a field if it depends on them.
fn generics(input: &DeriveInput, bound: TokenStream) -> Generics {
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        let name = &input.ident;
        let (_, types, _) = input.generics.split_for_impl();
        let needed = quote!(
            ::core::clone::Clone
                + ::core::cmp::PartialEq
                + ::core::marker::Send
                + ::core::marker::Sync
                + 'static
        );
        let clause = generics.make_where_clause();
        clause.predicates.push(parse_quote!(#name #types: #needed));
        clause.predicates.push(parse_quote!(#bound));
    }
    generics
}

fn field(input: &DeriveInput, parsed: &Input) -> TokenStream {
    let Input { stored, .. } = parsed;
    let (name, at) = (&input.ident, stored.span());
    let all = generics(input, quote!(#stored: ::catamaran::record::Field));
    let (parameters, _, clause) = all.split_for_impl();
    let (_, types, _) = input.generics.split_for_impl();
    let stored = quote_spanned!(at=> <#stored as ::catamaran::record::Field>);
    let back = back(parsed);
    let canonicalise = match (parsed.may_fail, parsed.is_newtype) {
        (false, _) => quote!(::catamaran::record::Field::canonicalise(
            &mut self.0,
            max_bytes
        )),
        (true, is_newtype) => {
            let value = stored_value(parsed, is_newtype);
            quote! {
                let mut stored = #value;
                #stored::canonicalise(&mut stored, max_bytes)?;
                *self = #back;
                ::core::result::Result::Ok(())
            }
        }
    };
    let may_fail = parsed.may_fail;
    let to_value = match parsed.is_newtype {
        true => quote!(#stored::to_value(&self.0)),
        false => {
            let value = stored_value(parsed, false);
            quote!(#stored::to_value(&#value))
        }
    };
    quote! {
        impl #parameters ::catamaran::record::Field for #name #types #clause {
            const TYPE: ::catamaran::record::Type = {
                ::core::assert!(
                    !#stored::NULLABLE,
                    "a type of a column is stored without NULL: take the `Option` off it, and give the record's field \
                     an `Option` of this type"
                );
                #stored::TYPE
            };

            const MAY_REFUSE: bool = #may_fail || #stored::MAY_REFUSE;

            type Base = Self;
            type Class = #stored::Class;

            fn variants() -> ::core::option::Option<::catamaran::record::Variants> {
                #stored::variants()
            }

            fn canonicalise(
                &mut self,
                max_bytes: usize,
            ) -> ::core::result::Result<(), ::catamaran::InvalidReason> {
                #canonicalise
            }

            fn to_value(&self) -> ::catamaran::Value {
                #to_value
            }

            fn from_value(
                value: ::catamaran::Value,
            ) -> ::core::result::Result<Self, ::catamaran::InvalidReason> {
                let stored = #stored::from_value(value)?;
                ::core::result::Result::Ok(#back)
            }
        }
    }
}

/// The stored value of `self`.
fn stored_value(parsed: &Input, is_newtype: bool) -> TokenStream {
    let Input { stored, .. } = parsed;
    match is_newtype {
        true => quote!(::core::clone::Clone::clone(&self.0)),
        false => quote_spanned! {stored.span()=>
            <#stored as ::core::convert::From<Self>>::from(::core::clone::Clone::clone(self))
        },
    }
}

/// The conversion of `stored`, which returns early if it fails.
fn back(parsed: &Input) -> TokenStream {
    let Input { stored, .. } = parsed;
    match parsed.may_fail {
        true => quote_spanned! {stored.span()=>
            <Self as ::core::convert::TryFrom<#stored>>::try_from(stored)
                .map_err(|error| ::catamaran::__private::refused(&error))?
        },
        false => quote!(Self(stored)),
    }
}

fn native(input: &DeriveInput, parsed: &Input) -> TokenStream {
    let Input { stored, .. } = parsed;
    let (name, at) = (&input.ident, stored.span());
    let mut all = generics(input, quote!(#stored: ::catamaran::record::Field));
    all.params.push(parse_quote!(__D));
    let clause = all.make_where_clause();
    clause
        .predicates
        .push(parse_quote!(#stored: ::catamaran::record::Native<__D>));
    let (parameters, _, clause) = all.split_for_impl();
    let (_, types, _) = input.generics.split_for_impl();
    let stored_as = quote_spanned!(at=> <#stored as ::catamaran::record::Native<__D>>);
    let back = match parsed.may_fail {
        true => quote_spanned! {at=>
            <Self as ::core::convert::TryFrom<#stored>>::try_from(stored).ok()
        },
        false => quote!(::core::option::Option::Some(Self(stored))),
    };
    let value = match parsed.is_newtype {
        true => quote!(self.0),
        false => quote_spanned!(at=> <#stored as ::core::convert::From<Self>>::from(self)),
    };
    quote! {
        impl #parameters ::catamaran::record::Native<__D> for #name #types #clause {
            type Native = #stored_as::Native;

            fn from_native(native: Self::Native) -> ::core::option::Option<Self> {
                let stored = #stored_as::from_native(native)?;
                #back
            }

            fn into_native(self) -> Self::Native {
                #stored_as::into_native(#value)
            }
        }
    }
}
