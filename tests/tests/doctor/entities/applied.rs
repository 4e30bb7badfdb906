//! Applies a fix of an entity to its source code.

use catamaran::doctor::{Finding, Fix};
use quote::ToTokens;
use syn::{Attribute, Field, FieldsNamed, Item};

/// Applies every fix to the source of the fields, one after the other, and compares the result with the
/// Model in the correct source.
///
/// # Errors
/// The difference, or the fix that cannot be applied.
pub fn lead_to(right: &str, written: &str, findings: &[&Finding]) -> Result<(), String> {
    let mut fields = parsed(written)?;
    for finding in findings {
        apply(finding, &mut fields).map_err(|error| format!("{error}: {finding}"))?;
    }
    let right = shown(&model(right)?);
    let fixed = shown(&fields);
    match fixed == right {
        true => Ok(()),
        false => Err(format!("fixed into {fixed}\ninstead of {right}")),
    }
}

fn apply(finding: &Finding, fields: &mut Vec<Field>) -> Result<(), String> {
    let (what, line) = match &finding.fix {
        Fix::Rust { what, line } => (what.as_str(), line.as_str()),
        Fix::Words(words) => (words.as_str(), ""),
        Fix::Sql { .. } => return Err("statements for an entity".to_owned()),
    };
    let place = |fields: &[Field], name: &str| {
        let place = fields.iter().position(|field| called(field) == name);
        place.ok_or_else(|| format!("no field {name}"))
    };
    if what.starts_with("write the ") {
        *fields = listed(line)?;
    } else if let Some((_, before)) = what.split_once(", behind ") {
        let place = place(fields, before)?;
        fields.insert(place + 1, one(line)?);
    } else if what.ends_with(", as its first field") {
        fields.insert(0, one(line)?);
    } else if let Some((_, name)) = what.split_once(", instead of ") {
        let place = place(fields, name.trim_start_matches("its "))?;
        fields[place] = one(line)?;
    } else if let Some(name) = between(what, ", on ", " alone") {
        let key = one(&format!("{line} pub x: i32"))?.attrs;
        let text = |attributes: &[Attribute]| -> Vec<String> {
            let attributes = attributes.iter();
            attributes
                .map(|one| one.to_token_stream().to_string())
                .collect()
        };
        for field in fields.iter_mut() {
            field
                .attrs
                .retain(|other| text(&key) != text(std::slice::from_ref(other)));
        }
        let place = place(fields, name)?;
        fields[place].attrs.splice(0..0, key);
    } else if what.ends_with("in this order") {
        let order = listed(line)?;
        let order: Vec<String> = order.iter().map(called).collect();
        fields.sort_by_key(|field| order.iter().position(|name| *name == called(field)));
    } else if let Some(name) = between(what, "remove the field ", " from the Model") {
        let place = place(fields, name)?;
        fields.remove(place);
    } else {
        return Err("it says nothing that can be done".to_owned());
    }
    Ok(())
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(name, _)| name)
}

fn called(field: &Field) -> String {
    field
        .ident
        .as_ref()
        .map_or(String::new(), ToString::to_string)
}

fn parsed(text: &str) -> Result<Vec<Field>, String> {
    let fields: FieldsNamed = syn::parse_str(text).map_err(|error| format!("{error}: {text}"))?;
    Ok(fields.named.into_iter().collect())
}

fn listed(text: &str) -> Result<Vec<Field>, String> {
    parsed(&format!("{{ {text} }}"))
}

fn one(text: &str) -> Result<Field, String> {
    let mut fields = listed(text)?;
    match (fields.pop(), fields.is_empty()) {
        (Some(field), true) => Ok(field),
        _ => Err(format!("not one field: {text}")),
    }
}

/// The fields of the Model in a source.
fn model(source: &str) -> Result<Vec<Field>, String> {
    let file = syn::parse_file(source).map_err(|error| error.to_string())?;
    let model = file.items.into_iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == "Model" => Some(item.fields),
        _ => None,
    });
    let fields = model.ok_or("no Model")?;
    Ok(fields.into_iter().collect())
}

fn shown(fields: &[Field]) -> String {
    let fields = fields
        .iter()
        .map(|field| field.to_token_stream().to_string());
    fields.collect::<Vec<_>>().join(",\n    ")
}
