//! `#[derive(RecordEnum)]`.

use std::collections::HashSet;

use heck::{ToKebabCase, ToLowerCamelCase, ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, LitStr, Result, Variant};

/// What is stored.
enum Stored {
    /// The name of the variant.
    Text,
    /// The number of the variant, as this type.
    Number(Ident),
    /// What SeaORM's active enum stores.
    ActiveEnum,
}

/// A rule that makes a text of a variant's name.
type Rename = fn(&str) -> String;

const RULES: [(&str, Rename); 7] = [
    ("lowercase", str::to_lowercase),
    ("UPPERCASE", str::to_uppercase),
    ("PascalCase", |name| name.to_upper_camel_case()),
    ("camelCase", |name| name.to_lower_camel_case()),
    ("snake_case", |name| name.to_snake_case()),
    ("SCREAMING_SNAKE_CASE", |name| name.to_shouty_snake_case()),
    ("kebab-case", |name| name.to_kebab_case()),
];

struct Input<'i> {
    name: &'i Ident,
    stored: Stored,
    rename_all: Option<Rename>,
    variants: Vec<&'i Variant>,
}

impl<'i> Input<'i> {
    fn parse(input: &'i DeriveInput) -> Result<Self> {
        let Data::Enum(data) = &input.data else {
            let message = "`RecordEnum` can be derived only for an enum";
            return Err(Error::new(input.ident.span(), message));
        };
        if !input.generics.params.is_empty() {
            let message = "`RecordEnum` cannot be derived for an enum with generic parameters";
            return Err(Error::new(input.ident.span(), message));
        }
        if data.variants.is_empty() {
            let message = "an enum without variants has no value that could be stored";
            return Err(Error::new(input.ident.span(), message));
        }
        let variants: Vec<&Variant> = data.variants.iter().collect();
        for variant in &variants {
            if !matches!(variant.fields, Fields::Unit) {
                let message = "a variant with fields cannot be stored in one column";
                return Err(Error::new(variant.ident.span(), message));
            }
        }
        let (mut stored, mut rename_all) = (None, None);
        nested(&input.attrs, |meta| {
            if meta.path.is_ident("rename_all") {
                rename_all = Some(rule(&meta)?);
                return Ok(());
            }
            let said = if meta.path.is_ident("repr") {
                Stored::Number(number(&meta)?)
            } else if meta.path.is_ident("text") {
                Stored::Text
            } else if meta.path.is_ident("active_enum") {
                Stored::ActiveEnum
            } else {
                return Err(meta.error("expected text, repr = .., active_enum or rename_all = .."));
            };
            match stored.replace(said) {
                None => Ok(()),
                Some(_) => Err(meta.error("an enum has one of text, repr and active_enum")),
            }
        })?;
        if let (None, Some(variant)) = (
            &stored,
            variants.iter().find(|one| one.discriminant.is_some()),
        ) {
            let message = "this variant has a number: store the numbers with `#[record_enum(repr = i32)]`, or the \
                names with `#[record_enum(text)]`";
            return Err(Error::new(variant.ident.span(), message));
        }
        let stored = stored.unwrap_or(Stored::Text);
        if let (true, false) = (rename_all.is_some(), matches!(stored, Stored::Text)) {
            let message = "`rename_all` is for an enum that is stored as text";
            return Err(Error::new(input.ident.span(), message));
        }
        Ok(Input {
            name: &input.ident,
            stored,
            rename_all,
            variants,
        })
    }

    /// The text of each variant.
    fn texts(&self) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        let mut seen = HashSet::new();
        for variant in &self.variants {
            let mut text = None;
            nested(&variant.attrs, |meta| {
                if !meta.path.is_ident("rename") {
                    return Err(meta.error("expected rename = \"..\""));
                }
                text = Some(meta.value()?.parse::<LitStr>()?.value());
                Ok(())
            })?;
            let name = variant.ident.unraw().to_string();
            let text = text.unwrap_or_else(|| match self.rename_all {
                Some(rule) => rule(&name),
                None => name,
            });
            if text.contains('\0') {
                let message = "Postgres stores no NUL character in a text";
                return Err(Error::new(variant.ident.span(), message));
            }
            if !seen.insert(text.clone()) {
                let message = format!("another variant is stored as {text:?} as well");
                return Err(Error::new(variant.ident.span(), message));
            }
            texts.push(text);
        }
        Ok(texts)
    }

    /// Checks the variants of an enum that is not stored by their names.
    fn check_unnamed(&self) -> Result<()> {
        for variant in &self.variants {
            nested(&variant.attrs, |meta| {
                Err(meta.error("`rename` is for an enum that is stored as text"))
            })?;
            if matches!(self.stored, Stored::Number(_)) && variant.discriminant.is_none() {
                let name = &variant.ident;
                let message = format!(
                    "the number of a variant must not change when another one is added: write it, as in `{name} = 1`"
                );
                return Err(Error::new(name.span(), message));
            }
        }
        Ok(())
    }
}

fn nested(
    attributes: &[Attribute],
    mut each: impl FnMut(ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    let mut ours = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("record_enum"));
    ours.try_for_each(|attribute| attribute.parse_nested_meta(&mut each))
}

fn rule(meta: &ParseNestedMeta<'_>) -> Result<Rename> {
    let said: LitStr = meta.value()?.parse()?;
    let rule = RULES.iter().find(|(name, _)| *name == said.value());
    rule.map(|(_, rule)| *rule).ok_or_else(|| {
        let names = RULES.map(|(name, _)| name).join(", ");
        Error::new(said.span(), format!("expected one of {names}"))
    })
}

fn number(meta: &ParseNestedMeta<'_>) -> Result<Ident> {
    let number: Ident = meta.value()?.parse()?;
    match ["i16", "i32", "i64"].iter().any(|known| number == known) {
        true => Ok(number),
        false => Err(Error::new(number.span(), "expected i16, i32 or i64")),
    }
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let input = Input::parse(input)?;
    match &input.stored {
        Stored::Text => Ok(as_text(&input, &input.texts()?)),
        Stored::Number(number) => {
            input.check_unnamed()?;
            Ok(as_number(&input, number))
        }
        Stored::ActiveEnum => {
            input.check_unnamed()?;
            Ok(as_active_enum(&input))
        }
    }
}

fn as_text(input: &Input<'_>, texts: &[String]) -> TokenStream {
    let variants = input.variants.iter().map(|variant| &variant.ident);
    let to_texts = variants.clone().zip(texts);
    let to_texts = to_texts.map(|(variant, text)| quote!(Self::#variant => #text,));
    let from_texts = variants
        .zip(texts)
        .map(|(variant, text)| quote!(#text => Self::#variant,));
    let field = field(
        input,
        &quote!(::std::string::String),
        &quote!(str),
        &quote!(::catamaran::record::Variants::Texts(
            ::std::vec![#(::std::string::String::from(#texts)),*]
        )),
        &quote!(::std::string::String::from(match self { #(#to_texts)* })),
        &quote!(match stored {
            #(#from_texts)*
            _ => return ::core::option::Option::None,
        }),
    );
    let native = native(input, &quote!(::std::string::String));
    quote!(#field #native)
}

fn as_number(input: &Input<'_>, number: &Ident) -> TokenStream {
    let variants: Vec<&Ident> = input
        .variants
        .iter()
        .map(|variant| &variant.ident)
        .collect();
    let name = input.name;
    let fits = variants.iter().map(|variant| {
        quote_spanned! {variant.span()=>
            const _: () = ::core::assert!(
                #name::#variant as i128 >= #number::MIN as i128 && #name::#variant as i128 <= #number::MAX as i128,
                "the number of this variant does not fit the type in `#[record_enum(repr = ..)]`"
            );
        }
    });
    let field = field(
        input,
        &quote!(#number),
        &quote!(#number),
        &quote!(::catamaran::record::Variants::Numbers(
            ::std::vec![#(Self::#variants as i64),*]
        )),
        &quote!(match self { #(Self::#variants => Self::#variants as #number,)* }),
        &quote!(match stored {
            #(number if *number == Self::#variants as #number => Self::#variants,)*
            _ => return ::core::option::Option::None,
        }),
    );
    let native = native(input, &quote!(#number));
    quote!(#(#fits)* #field #native)
}

fn as_active_enum(input: &Input<'_>) -> TokenStream {
    let name = input.name;
    let active = quote!(<Self as ::catamaran::__private::sea_orm::ActiveEnum>);
    let stored = quote!(<#name as ::catamaran::__private::sea_orm::ActiveEnum>::Value);
    let field = field(
        input,
        &stored,
        &stored,
        &quote!(::catamaran::__private::variants(
            #active::values()
                .iter()
                .filter_map(|value| #active::try_from_value(value).ok())
                .map(|variant| ::catamaran::record::Field::to_value(&variant))
        )),
        &quote!(#active::to_value(self)),
        &quote!(match #active::try_from_value(stored) {
            ::core::result::Result::Ok(variant) => variant,
            ::core::result::Result::Err(_) => return ::core::option::Option::None,
        }),
    );
    let from_column = quote! {
        let stored = <#stored>::from_column(value)?;
        Self::__from_stored(&stored)
    };
    quote! {
        #field

        impl<__D> ::catamaran::record::Native<__D> for #name {
            type Native = Self;

            fn from_native(native: Self) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(native)
            }

            fn into_native(self) -> Self {
                self
            }
        }

        ::catamaran::__sqlite! {
            impl ::catamaran::sqlite::FromColumn for #name {
                fn from_column(value: ::catamaran::__private::SqliteValue<'_>) -> ::core::option::Option<Self> {
                    use ::catamaran::sqlite::FromColumn as _;
                    #from_column
                }
            }
        }

        ::catamaran::__postgres! {
            impl ::catamaran::postgres::FromColumn for #name {
                fn from_column(value: ::catamaran::__private::PostgresValue<'_>) -> ::core::option::Option<Self> {
                    use ::catamaran::postgres::FromColumn as _;
                    #from_column
                }
            }
        }
    }
}

/// The implementation of `Field`, with the stored type, and the one that a reference to it is converted from.
fn field(
    input: &Input<'_>,
    stored: &TokenStream,
    borrowed: &TokenStream,
    variants: &TokenStream,
    to_stored: &TokenStream,
    from_stored: &TokenStream,
) -> TokenStream {
    let name = input.name;
    quote! {
        impl #name {
            #[doc(hidden)]
            fn __to_stored(&self) -> #stored {
                #to_stored
            }

            #[doc(hidden)]
            fn __from_stored(stored: &#borrowed) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(#from_stored)
            }
        }

        impl ::catamaran::record::Field for #name {
            const TYPE: ::catamaran::record::Type = <#stored as ::catamaran::record::Field>::TYPE;

            type Base = Self;
            type Class = ::catamaran::record::class::Scalar;

            fn variants() -> ::core::option::Option<::catamaran::record::Variants> {
                ::core::option::Option::Some(#variants)
            }

            fn to_value(&self) -> ::catamaran::Value {
                ::catamaran::record::Field::to_value(&self.__to_stored())
            }

            fn from_value(
                value: ::catamaran::Value,
            ) -> ::core::result::Result<Self, ::catamaran::InvalidReason> {
                let stored = <#stored as ::catamaran::record::Field>::from_value(value)?;
                Self::__from_stored(&stored)
                    .ok_or_else(|| ::catamaran::__private::no_variant::<Self>())
            }
        }
    }
}

/// The implementation of `Native` for an enum that the entities have as its stored type.
fn native(input: &Input<'_>, stored: &TokenStream) -> TokenStream {
    let name = input.name;
    quote! {
        impl<__D> ::catamaran::record::Native<__D> for #name
        where
            #stored: ::catamaran::record::Native<__D>,
        {
            type Native = <#stored as ::catamaran::record::Native<__D>>::Native;

            fn from_native(native: Self::Native) -> ::core::option::Option<Self> {
                let stored = <#stored as ::catamaran::record::Native<__D>>::from_native(native)?;
                Self::__from_stored(&stored)
            }

            fn into_native(self) -> Self::Native {
                <#stored as ::catamaran::record::Native<__D>>::into_native(self.__to_stored())
            }
        }
    }
}
