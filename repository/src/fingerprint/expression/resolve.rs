//! Resolves the names of an expression against its table and schema.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    DataType, Expr, Ident, ObjectName, ObjectNamePart, Query, SetExpr, TableFactor, TableWithJoins,
    VisitMut, VisitorMut,
};

use super::node::{Comparison, Node};
use super::uses::{Kind, Use};
use super::{build, read};
use crate::model::engine::Engine;

/// The names that two expressions of a table may use.
pub(crate) struct Names<'a> {
    pub(crate) engine: Engine,
    pub(crate) table: &'a str,
    /// The types of its columns, by name.
    pub(crate) types: BTreeMap<&'a str, &'a str>,
    /// The used objects whose names are unambiguous without their schema.
    pub(crate) unambiguous: Vec<&'a Use>,
    /// The columns of all tables of the schema, by table: a subquery may read them.
    pub(crate) columns: &'a BTreeMap<String, Vec<String>>,
}

impl Names<'_> {
    /// The canonical form of the text; `None` if it cannot be parsed.
    pub(crate) fn node(&self, sql: &str) -> Option<Node> {
        let mut expression = read(self.engine, sql).ok()?;
        let _: ControlFlow<()> = expression.visit(&mut Plain {
            names: self,
            queries: Vec::new(),
        });
        Some(build::node(self.engine, &expression))
    }

    /// The condition with types applied: whole numbers are compared by inclusive bounds, and a literal has the type of
    /// the column that it is compared with.
    pub(crate) fn normalized(&self, node: Node) -> Node {
        match node {
            Node::And(parts) => Node::all(parts.into_iter().map(|part| self.normalized(part))),
            Node::Or(parts) => Node::any(parts.into_iter().map(|part| self.normalized(part))),
            Node::Not(inner) => Node::Not(Box::new(self.normalized(*inner))),
            Node::Compare(what, comparison, value) => {
                let value = self.literal(&what, *value);
                self.bound(*what, comparison, value)
            }
            Node::In {
                what,
                items,
                negated,
            } => {
                let items = items.into_iter().map(|item| self.literal(&what, item));
                let items = items.collect();
                self.within(*what, items, negated)
            }
            other => other,
        }
    }

    fn type_of(&self, node: &Node) -> Option<&str> {
        match node {
            Node::Column(name) => self.types.get(name.as_str()).copied(),
            Node::Call(name, _) if name == "length" || name == "octet_length" => Some("integer"),
            _ => None,
        }
    }

    fn is_whole(&self, node: &Node) -> bool {
        const WHOLE: [&str; 4] = ["smallint", "integer", "bigint", "int"];
        let ty = self.type_of(node);
        ty.is_some_and(|ty| WHOLE.iter().any(|whole| ty.eq_ignore_ascii_case(whole)))
    }

    fn literal(&self, of: &Node, literal: Node) -> Node {
        match literal {
            Node::Cast(inner, ty)
                if matches!(*inner, Node::Text(_)) && self.type_of(of) == Some(ty.as_str()) =>
            {
                *inner
            }
            Node::Text(text)
                if matches!(of, Node::Column(_))
                    && self.is_whole(of)
                    && text.parse::<i64>().is_ok_and(|n| n.to_string() == text) =>
            {
                Node::Number(text)
            }
            other => other,
        }
    }

    fn bound(&self, what: Node, comparison: Comparison, value: Node) -> Node {
        use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
        let (comparison, value) = match (comparison, number(&value), self.is_whole(&what)) {
            (Greater, Some(number), true) => (GreaterOrEqual, written(number + 1)),
            (Less, Some(number), true) => (LessOrEqual, written(number - 1)),
            _ => (comparison, value),
        };
        Node::compare(what, comparison, value)
    }

    /// A list of consecutive whole numbers becomes a range.
    fn within(&self, what: Node, items: Vec<Node>, negated: bool) -> Node {
        use Comparison::{GreaterOrEqual, LessOrEqual};
        let numbers: Option<Vec<i128>> = items.iter().map(number).collect();
        let range = numbers.filter(|_| self.is_whole(&what)).and_then(|all| {
            let (low, high) = (*all.iter().min()?, *all.iter().max()?);
            let is_range = all.len() > 1 && high - low + 1 == all.len() as i128;
            is_range.then_some((low, high))
        });
        let Some((low, high)) = range else {
            return Node::within(what, items, negated);
        };
        match negated {
            false => Node::all([
                Node::compare(what.clone(), GreaterOrEqual, written(low)),
                Node::compare(what, LessOrEqual, written(high)),
            ]),
            true => Node::any([
                Node::compare(what.clone(), LessOrEqual, written(low - 1)),
                Node::compare(what, GreaterOrEqual, written(high + 1)),
            ]),
        }
    }
}

fn number(node: &Node) -> Option<i128> {
    match node {
        // Beyond 64 bits it is `numeric`.
        Node::Number(number) => number.parse::<i64>().ok().map(i128::from),
        _ => None,
    }
}

fn written(number: i128) -> Node {
    Node::Number(number.to_string())
}

/// Removes schemas where a name is unambiguous, and the table's name before its own columns.
struct Plain<'n> {
    names: &'n Names<'n>,
    /// The sources of the enclosing queries: inside one, a column keeps its table.
    queries: Vec<Sources>,
}

/// The sources of a query by their alias, with their columns; `None` if unknown.
type Sources = Option<Vec<(Ident, Vec<String>)>>;

impl Plain<'_> {
    fn name(&self, name: &mut ObjectName, kind: Kind) {
        let [
            ObjectNamePart::Identifier(schema),
            ObjectNamePart::Identifier(own),
        ] = name.0.as_slice()
        else {
            return;
        };
        let is_it = |one: &&Use| {
            one.kind == kind && self.is(schema, &one.schema) && self.is(own, &one.name)
        };
        if self
            .names
            .unambiguous
            .iter()
            .copied()
            .any(|one| is_it(&one))
        {
            name.0.remove(0);
        }
    }

    fn is(&self, ident: &Ident, name: &str) -> bool {
        match (self.names.engine, ident.quote_style) {
            (Engine::Sqlite, _) => ident.value.eq_ignore_ascii_case(name),
            (Engine::Postgres, Some(_)) => ident.value == name,
            (Engine::Postgres, None) => ident.value.to_lowercase() == name,
        }
    }

    fn sources(&self, query: &Query) -> Sources {
        let SetExpr::Select(select) = &*query.body else {
            return None;
        };
        let joined = select.from.iter().flat_map(|from| {
            let joins = from.joins.iter().map(|join| &join.relation);
            [&from.relation].into_iter().chain(joins)
        });
        let sources = joined.map(|relation| {
            let TableFactor::Table {
                name, alias, args, ..
            } = relation
            else {
                return None;
            };
            let mut name = name.clone();
            self.name(&mut name, Kind::Relation);
            let [ObjectNamePart::Identifier(table)] = name.0.as_slice() else {
                return None;
            };
            let columns = self.names.columns.get(&build::folded(table))?.clone();
            let called = alias.as_ref().map_or(table, |alias| &alias.name);
            let is_plain = args.is_none() && alias.as_ref().is_none_or(|a| a.columns.is_empty());
            (is_plain && query.with.is_none()).then(|| (called.clone(), columns))
        });
        sources.collect()
    }

    /// The table of a column in the enclosing queries; Postgres prints it there.
    fn table_of(&self, column: &Ident) -> Option<Ident> {
        let name = build::folded(column);
        for sources in self.queries.iter().rev() {
            let mut of = sources.iter().flatten();
            let mut having = sources
                .as_ref()?
                .iter()
                .filter(|(_, all)| all.contains(&name));
            match (having.next(), having.next()) {
                (Some((table, _)), None) => return Some(table.clone()),
                (Some(_), Some(_)) => return None,
                // A column of an outer query.
                _ if of.next().is_some() => {}
                // A query without sources, like (SELECT value): Postgres prints no table either.
                _ => return None,
            }
        }
        let is_own = self.names.types.contains_key(name.as_str());
        (is_own && !self.queries.is_empty()).then(|| Ident::new(self.names.table))
    }

    fn ty(&self, ty: &mut DataType) {
        match ty {
            DataType::Custom(name, _) => self.name(name, Kind::Type),
            DataType::Array(
                sqlparser::ast::ArrayElemTypeDef::SquareBracket(of, _)
                | sqlparser::ast::ArrayElemTypeDef::AngleBracket(of),
            ) => self.ty(of),
            _ => {}
        }
    }
}

/// Removes the parentheses that Postgres prints around each join; joins associate to the left without them.
fn without_parentheses(from: &mut TableWithJoins) {
    if let TableFactor::NestedJoin {
        table_with_joins,
        alias: None,
    } = &mut from.relation
    {
        let mut inner = (**table_with_joins).clone();
        without_parentheses(&mut inner);
        inner.joins.append(&mut from.joins);
        *from = inner;
    }
}

impl VisitorMut for Plain<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if let SetExpr::Select(select) = &mut *query.body {
            select.from.iter_mut().for_each(without_parentheses);
        }
        let sources = self.sources(query);
        self.queries.push(sources);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.queries.pop();
        ControlFlow::Continue(())
    }

    fn post_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        self.name(relation, Kind::Relation);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        match expression {
            Expr::Identifier(column) => {
                if let Some(table) = self.table_of(column) {
                    *expression = Expr::CompoundIdentifier(vec![table, column.clone()]);
                }
            }
            Expr::CompoundIdentifier(parts) if self.queries.is_empty() => {
                if let [table, column] = parts.as_slice()
                    && self.is(table, self.names.table)
                {
                    *expression = Expr::Identifier(column.clone());
                }
            }
            Expr::Function(function) => self.name(&mut function.name, Kind::Function),
            Expr::Cast { data_type, .. } => self.ty(data_type),
            Expr::TypedString(typed) => self.ty(&mut typed.data_type),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
