//! Expressions without a canonical form (`CASE`, subqueries over tables, window functions). They are compared as the
//! parser's text, without what an engine adds or an author may leave out.

use std::ops::ControlFlow;

use sqlparser::ast::{
    CastKind, DataType, Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem,
    SetExpr, TableFactor, Value, VisitMut, VisitorMut,
};

use super::node::Node;

pub(crate) fn node(expression: &Expr) -> Node {
    let mut expression = expression.clone();
    let _: ControlFlow<()> = expression.visit(&mut Tidy);
    Node::Opaque(expression.to_string())
}

struct Tidy;

impl VisitorMut for Tidy {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        match expression {
            Expr::Identifier(ident) => plain(ident),
            Expr::CompoundIdentifier(parts) => parts.iter_mut().for_each(plain),
            Expr::Function(function) => {
                for part in &mut function.name.0 {
                    if let ObjectNamePart::Identifier(ident) = part {
                        plain(ident);
                    }
                }
            }
            Expr::Nested(inner) => *expression = (**inner).clone(),
            Expr::Exists { subquery, .. } => without_values(subquery),
            Expr::Cast {
                kind,
                expr,
                data_type,
                ..
            } => match &**expr {
                Expr::Value(value) if is_plain(&value.value, data_type) => {
                    *expression = (**expr).clone();
                }
                _ => *kind = CastKind::DoubleColon,
            },
            _ => {}
        }
        // Parentheses around every expression with parts, so that written and missing ones compare equal.
        if !is_whole(expression) {
            *expression = Expr::Nested(Box::new(expression.clone()));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        for part in &mut relation.0 {
            if let ObjectNamePart::Identifier(ident) = part {
                plain(ident);
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            alias: Some(alias), ..
        } = factor
        {
            alias.explicit = false;
            plain(&mut alias.name);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &mut select.projection {
            if let SelectItem::ExprWithAlias { expr, .. } = item {
                *item = SelectItem::UnnamedExpr(expr.clone());
            }
        }
        ControlFlow::Continue(())
    }
}

/// EXISTS does not depend on the selected values: removes them.
fn without_values(query: &mut Query) {
    let SetExpr::Select(select) = &mut *query.body else {
        return;
    };
    let is_plain = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) => matches!(
            expr,
            Expr::Value(_) | Expr::Identifier(_) | Expr::CompoundIdentifier(_)
        ),
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => true,
        _ => false,
    };
    if select.projection.iter().all(is_plain) {
        select.projection.clear();
    }
}

/// Whether it needs no parentheses next to an operator.
fn is_whole(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Nested(_)
            | Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::Value(_)
            | Expr::TypedString(_)
            | Expr::Function(_)
            | Expr::Case { .. }
            | Expr::Subquery(_)
            | Expr::Tuple(_)
            | Expr::Array(_)
    )
}

fn plain(ident: &mut Ident) {
    if ident.quote_style.take().is_none() {
        ident.value = ident.value.to_lowercase();
    }
}

/// Whether the literal means the same without the type that Postgres prints after it.
fn is_plain(literal: &Value, ty: &DataType) -> bool {
    matches!(literal, Value::SingleQuotedString(_)) && matches!(ty, DataType::Text)
}
