//! Builds the canonical form from the parser's syntax tree.

use sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Ident, ObjectNamePart, Query, SelectItem, SetExpr, UnaryOperator, Value,
};

use super::node::{Comparison, Node};
use super::opaque;
use crate::fingerprint::ident;
use crate::model::engine::Engine;

/// Functions with several names, and the canonical name.
const SAME: [(&str, &str); 7] = [
    ("char_length", "length"),
    ("character_length", "length"),
    ("ifnull", "coalesce"),
    ("substring", "substr"),
    ("ceiling", "ceil"),
    ("power", "pow"),
    ("current_timestamp", "now"),
];

/// Expressions of Postgres's grammar that look like function calls.
const GRAMMAR: [&str; 8] = [
    "coalesce",
    "nullif",
    "greatest",
    "least",
    "row",
    "grouping",
    "current_timestamp",
    "current_date",
];

pub(crate) fn node(engine: Engine, expression: &Expr) -> Node {
    Builder { engine }.node(expression)
}

struct Builder {
    engine: Engine,
}

impl Builder {
    fn node(&self, expression: &Expr) -> Node {
        match expression {
            Expr::Nested(inner) => self.node(inner),
            Expr::Identifier(ident) => Node::Column(self.column(ident)),
            Expr::CompoundIdentifier(parts) => {
                let parts = parts.iter().map(|part| self.column(part));
                Node::Column(parts.collect::<Vec<_>>().join("."))
            }
            Expr::Value(value) => literal(&value.value),
            Expr::TypedString(typed) => self.cast(literal(&typed.value.value), &typed.data_type),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::Cast {
                expr, data_type, ..
            } => self.cast(self.node(expr), data_type),
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let what = || self.node(expr);
                let from = Node::compare(what(), Comparison::GreaterOrEqual, self.node(low));
                let to = Node::compare(what(), Comparison::LessOrEqual, self.node(high));
                let between = Node::all([from, to]);
                if *negated { between.negated() } else { between }
            }
            Expr::InList {
                expr,
                list,
                negated,
            } => Node::within(self.node(expr), self.nodes(list), *negated),
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                ..
            } => self.listed(expression, left, right, false),
            Expr::AllOp {
                left,
                compare_op: BinaryOperator::NotEq,
                right,
            } => self.listed(expression, left, right, true),
            Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => self.like("LIKE", *negated, expr, pattern, escape_char.as_deref()),
            Expr::ILike {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => self.like("ILIKE", *negated, expr, pattern, escape_char.as_deref()),
            Expr::IsDistinctFrom(left, right) => self.distinct(left, right),
            Expr::IsNotDistinctFrom(left, right) => self.distinct(left, right).negated(),
            Expr::Collate { expr, collation } => {
                let name = collation.to_string().trim_matches('"').to_owned();
                Node::Operator(format!("COLLATE {name}"), vec![self.node(expr)])
            }
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                // `substring(x FOR 2)` begins at the first character.
                let from = substring_from.as_deref().map(|from| self.node(from));
                let from = from.unwrap_or(Node::Number("1".to_owned()));
                let length = substring_for.as_deref().map(|length| self.node(length));
                let arguments = [self.node(expr), from].into_iter().chain(length);
                Node::Call("substr".to_owned(), arguments.collect())
            }
            Expr::Tuple(items) => Node::Call("row".to_owned(), self.nodes(items).collect()),
            Expr::Function(function) => self
                .call(function)
                .unwrap_or_else(|| opaque::node(expression)),
            Expr::Subquery(query) => match scalar_of(query) {
                Some(scalar) => Node::Call("select".to_owned(), vec![self.argument(scalar)]),
                None => opaque::node(expression),
            },
            // Postgres prints NOT before EXISTS.
            Expr::Exists {
                negated: true,
                subquery,
            } => Node::Not(Box::new(opaque::node(&Expr::Exists {
                negated: false,
                subquery: subquery.clone(),
            }))),
            Expr::InSubquery {
                expr,
                subquery,
                negated: true,
            } => Node::Not(Box::new(opaque::node(&Expr::InSubquery {
                expr: expr.clone(),
                subquery: subquery.clone(),
                negated: false,
            }))),
            _ => self
                .state(expression)
                .unwrap_or_else(|| opaque::node(expression)),
        }
    }

    /// The name of a column. SQLite ignores its case, quoted or not.
    fn column(&self, ident: &Ident) -> String {
        match self.engine {
            Engine::Sqlite => ident.value.to_ascii_lowercase(),
            Engine::Postgres => folded(ident),
        }
    }

    fn nodes<'a>(&'a self, expressions: &'a [Expr]) -> impl Iterator<Item = Node> + 'a {
        expressions.iter().map(|expression| self.node(expression))
    }

    /// `IS DISTINCT FROM`, with its operands in a fixed order.
    fn distinct(&self, left: &Expr, right: &Expr) -> Node {
        match (self.node(left), self.node(right)) {
            (Node::Null, what) | (what, Node::Null) => Node::Is(Box::new(what), "NOT NULL"),
            (left, right) => {
                let operands = vec![left.clone().min(right.clone()), left.max(right)];
                Node::Operator("IS DISTINCT FROM".to_owned(), operands)
            }
        }
    }

    fn state(&self, expression: &Expr) -> Option<Node> {
        let (inner, state) = match expression {
            Expr::IsNull(inner) => (inner, "NULL"),
            Expr::IsNotNull(inner) => (inner, "NOT NULL"),
            Expr::IsTrue(inner) => (inner, "TRUE"),
            Expr::IsNotTrue(inner) => (inner, "NOT TRUE"),
            Expr::IsFalse(inner) => (inner, "FALSE"),
            Expr::IsNotFalse(inner) => (inner, "NOT FALSE"),
            Expr::IsUnknown(inner) => (inner, "UNKNOWN"),
            Expr::IsNotUnknown(inner) => (inner, "NOT UNKNOWN"),
            _ => return None,
        };
        Some(Node::Is(Box::new(self.node(inner)), state))
    }

    fn unary(&self, op: UnaryOperator, inner: &Expr) -> Node {
        let inner = self.node(inner);
        match (op, inner) {
            (UnaryOperator::Not, inner) => inner.negated(),
            (UnaryOperator::Plus, Node::Number(number)) => Node::Number(number),
            (UnaryOperator::Minus, Node::Number(number)) => {
                Node::Number(match number.strip_prefix('-') {
                    Some(positive) => positive.to_owned(),
                    None => format!("-{number}"),
                })
            }
            (op, inner) => Node::Operator(op.to_string(), vec![inner]),
        }
    }

    fn binary(&self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Node {
        let (left, right) = (self.node(left), self.node(right));
        let comparison = match op {
            BinaryOperator::And => return Node::all([left, right]),
            BinaryOperator::Or => return Node::any([left, right]),
            BinaryOperator::Eq => Comparison::Equal,
            BinaryOperator::NotEq => Comparison::NotEqual,
            BinaryOperator::Lt => Comparison::Less,
            BinaryOperator::LtEq => Comparison::LessOrEqual,
            BinaryOperator::Gt => Comparison::Greater,
            BinaryOperator::GtEq => Comparison::GreaterOrEqual,
            // Postgres prints LIKE as `~~`.
            BinaryOperator::PGLikeMatch => return like("LIKE", false, left, right),
            BinaryOperator::PGNotLikeMatch => return like("LIKE", true, left, right),
            BinaryOperator::PGILikeMatch => return like("ILIKE", false, left, right),
            BinaryOperator::PGNotILikeMatch => return like("ILIKE", true, left, right),
            other => return Node::Operator(other.to_string(), vec![left, right]),
        };
        Node::compare(left, comparison, right)
    }

    fn like(
        &self,
        name: &str,
        negated: bool,
        expr: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Node {
        let (left, right) = (self.node(expr), self.node(pattern));
        match escape {
            None => like(name, negated, left, right),
            // Postgres prints the pattern with ESCAPE as a function call.
            Some(escape) => {
                let arguments = vec![right, self.node(escape)];
                let pattern = Node::Call("like_escape".to_owned(), arguments);
                like(name, negated, left, pattern)
            }
        }
    }

    /// `left = ANY (ARRAY[..])`, which is how Postgres prints a list.
    fn listed(&self, whole: &Expr, left: &Expr, right: &Expr, negated: bool) -> Node {
        match array(right) {
            Some(items) => {
                let items: Vec<Node> = items.iter().map(|item| self.node(item)).collect();
                Node::within(self.node(left), items, negated)
            }
            None => match numbers(right) {
                Some(items) => Node::within(self.node(left), items, negated),
                None => opaque::node(whole),
            },
        }
    }

    /// Removes casts that do not change a literal. `1.5::integer` is 2 and `'abc'::varchar(2)` is 'ab', so these casts
    /// stay.
    fn cast(&self, inner: Node, ty: &DataType) -> Node {
        let ty = type_name(ty);
        if self.engine == Engine::Sqlite {
            return Node::Cast(Box::new(inner), ty);
        }
        match (&inner, ty.as_str()) {
            (Node::Null, _) => inner,
            (Node::Number(number), ty) if keeps(ty, number) => inner,
            (Node::Text(text), ty) if is_number(text) && keeps(ty, text) => {
                Node::Number(text.clone())
            }
            // The spellings of https://www.postgresql.org/docs/current/datatype-boolean.html
            (Node::Text(text), "boolean") => match text.to_lowercase().as_str() {
                "t" | "true" | "y" | "yes" | "on" | "1" => Node::Number("1".to_owned()),
                "f" | "false" | "n" | "no" | "off" | "0" => Node::Number("0".to_owned()),
                _ => Node::Cast(Box::new(inner), ty),
            },
            (Node::Text(_), ty) if PLAIN.contains(&ty) => inner,
            _ => Node::Cast(Box::new(inner), ty),
        }
    }

    /// An argument of a function. Its type may select an overload, so casts stay, except to text and integer, the types
    /// of plain literals.
    fn argument(&self, expression: &Expr) -> Node {
        if self.engine == Engine::Sqlite {
            return self.node(expression);
        }
        match expression {
            Expr::Nested(inner) => self.argument(inner),
            Expr::Value(value) => match &value.value {
                Value::Boolean(value) => typed(Node::Text(value.to_string()), "boolean"),
                value => literal(value),
            },
            Expr::Cast {
                expr, data_type, ..
            } => {
                let inner = match self.argument(expr) {
                    Node::Cast(text, ty) if ty == "boolean" => Node::Cast(text, ty),
                    inner if inner.is_literal() => inner,
                    _ => return self.cast(self.node(expr), data_type),
                };
                let ty = type_name(data_type);
                match (&inner, ty.as_str()) {
                    (Node::Text(_), "text") => inner,
                    (Node::Number(number), "integer") if number.parse::<i32>().is_ok() => inner,
                    (Node::Text(text), "integer") if text.parse::<i32>().is_ok() => {
                        Node::Number(text.clone())
                    }
                    (Node::Text(text), "bigint" | "smallint" | "numeric") if is_number(text) => {
                        typed(Node::Number(text.clone()), &ty)
                    }
                    (Node::Cast(..), "boolean") => inner,
                    _ => typed(inner, &ty),
                }
            }
            other => self.node(other),
        }
    }

    /// The name of a function. Quoted, a name of the grammar is a user-defined function in Postgres.
    fn called(&self, ident: &Ident) -> String {
        let name = folded(ident);
        let is_plain = name.chars().all(|c| c == '_' || c.is_alphanumeric());
        match ident.quote_style {
            Some(_) if !is_plain || GRAMMAR.contains(&name.as_str()) => format!("\"{name}\""),
            _ => name,
        }
    }

    fn call(&self, function: &Function) -> Option<Node> {
        if function.filter.is_some() || function.over.is_some() || !function.within_group.is_empty()
        {
            return None;
        }
        let parts = function.name.0.iter().map(|part| match part {
            ObjectNamePart::Identifier(ident) => Some(self.called(ident)),
            ObjectNamePart::Function(_) => None,
        });
        let name = parts.collect::<Option<Vec<_>>>()?.join(".");
        let name = name.strip_prefix("pg_catalog.").unwrap_or(&name).to_owned();
        let is_grammar = GRAMMAR.contains(&name.as_str());
        let same = SAME.iter().find(|(other, _)| *other == name);
        let name = same.map_or(name, |(_, name)| (*name).to_owned());
        let arguments = match &function.args {
            FunctionArguments::None => Vec::new(),
            FunctionArguments::Subquery(_) => return None,
            FunctionArguments::List(list) => {
                if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
                    return None;
                }
                let arguments = list.args.iter().map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => Some(match is_grammar {
                        true => self.node(inner),
                        false => self.argument(inner),
                    }),
                    _ => None,
                });
                arguments.collect::<Option<_>>()?
            }
        };
        Some(Node::Call(name, arguments))
    }
}

fn typed(literal: Node, ty: &str) -> Node {
    Node::Cast(Box::new(literal), ty.to_owned())
}

/// Types of Postgres that an untyped literal gets from the column next to it.
const PLAIN: [&str; 11] = [
    "text",
    "varchar",
    "uuid",
    "date",
    "time without time zone",
    "time with time zone",
    "timestamp without time zone",
    "timestamp with time zone",
    "interval",
    "jsonb",
    "bytea",
];

const INTEGERS: [&str; 3] = ["integer", "bigint", "smallint"];
const FRACTIONS: [&str; 3] = ["numeric", "double precision", "real"];

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && text.parse::<f64>().is_ok()
}

/// Whether the type holds the number exactly. A `real` has 24 bits of precision.
fn keeps(ty: &str, number: &str) -> bool {
    let whole = number.parse::<i128>();
    match ty {
        "real" => whole.is_ok_and(|whole| whole.unsigned_abs() <= 1 << 24),
        ty => FRACTIONS.contains(&ty) || INTEGERS.contains(&ty) && whole.is_ok(),
    }
}

fn like(name: &str, negated: bool, left: Node, right: Node) -> Node {
    let like = Node::Operator(name.to_owned(), vec![left, right]);
    if negated { like.negated() } else { like }
}

fn array(expression: &Expr) -> Option<&[Expr]> {
    match expression {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => array(inner),
        Expr::Array(array) => Some(&array.elem),
        _ => None,
    }
}

/// The items of `'{1,2}'::integer[]`.
fn numbers(expression: &Expr) -> Option<Vec<Node>> {
    let text = match expression {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => return numbers(inner),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text,
            _ => return None,
        },
        _ => return None,
    };
    let items = text.strip_prefix('{')?.strip_suffix('}')?.split(',');
    let items = items.map(|item| Some(Node::Number(item.parse::<i64>().ok()?.to_string())));
    items.collect()
}

/// The value of a query of the form `SELECT value`.
pub(crate) fn scalar_of(query: &Query) -> Option<&Expr> {
    let SetExpr::Select(select) = &*query.body else {
        return None;
    };
    let [item] = select.projection.as_slice() else {
        return None;
    };
    let is_all = query.to_string() == format!("SELECT {item}");
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } if is_all => {
            Some(expr)
        }
        _ => None,
    }
}

/// The name as Postgres folds it: lower case unless quoted.
pub(crate) fn folded(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

pub(crate) fn literal(value: &Value) -> Node {
    match value {
        Value::Number(number, _) => Node::Number(number.clone()),
        Value::Boolean(value) => Node::Number(i32::from(*value).to_string()),
        Value::Null => Node::Null,
        Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => {
            Node::Text(text.clone())
        }
        other => Node::Opaque(other.to_string()),
    }
}

/// A type as Postgres prints it.
pub(crate) fn type_name(ty: &DataType) -> String {
    let name = match ty {
        DataType::Custom(name, of) if of.is_empty() => {
            let parts = name.0.iter().map(|part| match part {
                ObjectNamePart::Identifier(ident) => ident::name(&folded(ident)),
                other => other.to_string(),
            });
            let parts: Vec<String> = parts.filter(|part| part != "pg_catalog").collect();
            parts.join(".")
        }
        _ => ty.to_string().to_lowercase(),
    };
    match name.as_str() {
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "int2" => "smallint",
        "bool" => "boolean",
        "float8" | "double" => "double precision",
        "float4" => "real",
        "timestamptz" => "timestamp with time zone",
        "timestamp" => "timestamp without time zone",
        "character varying" => "varchar",
        "time" => "time without time zone",
        "timetz" => "time with time zone",
        "decimal" => "numeric",
        _ => return name,
    }
    .to_owned()
}
