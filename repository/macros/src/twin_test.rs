//! `#[twin_test]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, ItemFn, Path, Result, Token};

/// `migration::Migrator`, or `migration::Migrator, everywhere`.
pub(crate) struct Arguments {
    migrator: Path,
    everywhere: bool,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let migrator = input.parse()?;
        let mut everywhere = false;
        if input.parse::<Option<Token![,]>>()?.is_some() {
            let word: Ident = input.parse()?;
            if word != "everywhere" {
                return Err(Error::new(word.span(), "expected `everywhere`"));
            }
            everywhere = true;
        }
        Ok(Arguments {
            migrator,
            everywhere,
        })
    }
}

pub(crate) fn expand(arguments: &Arguments, mut body: ItemFn) -> Result<TokenStream> {
    if body.sig.asyncness.is_none() {
        let message = "a twin test must be an `async fn`";
        return Err(Error::new_spanned(&body.sig, message));
    }
    if body.sig.inputs.len() != 1 {
        let message = "a twin test must have one parameter of the type `&TwinDatabase`";
        return Err(Error::new_spanned(&body.sig, message));
    }
    let name = std::mem::replace(&mut body.sig.ident, format_ident!("body"));
    let attributes = std::mem::take(&mut body.attrs);
    let output = &body.sig.output;
    let migrator = &arguments.migrator;
    let mut targets = vec![
        ("__sqlite", "sqlite", "SqliteFile"),
        ("__postgres", "postgres", "Postgres"),
    ];
    if arguments.everywhere {
        targets.push(("__sqlite", "sqlite_memory", "SqliteMemory"));
        targets.push(("__postgres", "postgres_en_us", "PostgresEnUs"));
    }
    let tests = targets.into_iter().map(|(gate, test, target)| {
        let (gate, test) = (format_ident!("{gate}"), format_ident!("{test}"));
        let target = format_ident!("{target}");
        quote! {
            ::catamaran::#gate! {
                #[test]
                #(#attributes)*
                fn #test() #output {
                    ::catamaran::testing::run_on::<#migrator, _>(
                        ::catamaran::testing::Target::#target,
                        body,
                    )
                }
            }
        }
    });
    Ok(quote! {
        mod #name {
            #[allow(unused_imports)]
            use super::*;

            #body

            #(#tests)*
        }
    })
}
