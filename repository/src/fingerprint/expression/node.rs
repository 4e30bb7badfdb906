use std::collections::BTreeSet;

/// The canonical form of an expression.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    And(BTreeSet<Node>),
    Or(BTreeSet<Node>),
    Not(Box<Node>),
    /// A comparison; a literal is on the right.
    Compare(Box<Node>, Comparison, Box<Node>),
    /// `what [NOT] IN (items)`.
    In {
        what: Box<Node>,
        items: BTreeSet<Node>,
        negated: bool,
    },
    /// A boolean column as a condition; becomes an equation when it is [normalized](Node::normalized).
    True(Box<Node>),
    /// `what IS NULL`, `what IS NOT TRUE`.
    Is(Box<Node>, &'static str),
    Column(String),
    Text(String),
    /// A number; true and false are 1 and 0, as in SQLite.
    Number(String),
    Null,
    Call(String, Vec<Node>),
    Operator(String, Vec<Node>),
    Cast(Box<Node>, String),
    /// An expression without a form of its own, as normalized text.
    Opaque(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};

impl Comparison {
    /// The opposite comparison; both give NULL for NULL.
    fn negated(self) -> Self {
        match self {
            Equal => NotEqual,
            NotEqual => Equal,
            Less => GreaterOrEqual,
            LessOrEqual => Greater,
            Greater => LessOrEqual,
            GreaterOrEqual => Less,
        }
    }

    /// The comparison with its sides exchanged.
    fn mirrored(self) -> Self {
        match self {
            Equal | NotEqual => self,
            Less => Greater,
            LessOrEqual => GreaterOrEqual,
            Greater => Less,
            GreaterOrEqual => LessOrEqual,
        }
    }
}

impl Node {
    /// As a condition: a column alone is compared with true.
    pub(crate) fn truth(self) -> Self {
        match self {
            Node::Column(_) => Node::True(Box::new(self)),
            other => other,
        }
    }

    /// The condition after its construction: boolean columns become equations.
    pub(crate) fn normalized(self) -> Self {
        match self.truth() {
            Node::True(column) => Node::compare(*column, Equal, Node::Number("1".to_owned())),
            Node::And(parts) => Node::all(parts.into_iter().map(Node::normalized)),
            Node::Or(parts) => Node::any(parts.into_iter().map(Node::normalized)),
            Node::Not(inner) => Node::Not(Box::new(inner.normalized())),
            other => other,
        }
    }

    pub(crate) fn is_literal(&self) -> bool {
        matches!(self, Node::Text(_) | Node::Number(_) | Node::Null)
    }

    /// Whether it has the same value in each row, as no function is called and no column is read.
    pub(crate) fn is_constant(&self) -> bool {
        match self {
            Node::Cast(inner, _) => inner.is_constant(),
            other => other.is_literal(),
        }
    }

    pub(crate) fn compare(left: Node, comparison: Comparison, right: Node) -> Self {
        let exchange = match (left.is_literal(), right.is_literal()) {
            (true, false) => true,
            (false, false) => match comparison {
                Greater | GreaterOrEqual => true,
                Equal | NotEqual => left > right,
                Less | LessOrEqual => false,
            },
            _ => false,
        };
        match exchange {
            true => Node::Compare(Box::new(right), comparison.mirrored(), Box::new(left)),
            false => Node::Compare(Box::new(left), comparison, Box::new(right)),
        }
    }

    /// `what IN (items)`; an equation for one item.
    pub(crate) fn within(what: Node, items: impl IntoIterator<Item = Node>, negated: bool) -> Self {
        let items: BTreeSet<Node> = items.into_iter().collect();
        match items.len() {
            1 => {
                let comparison = if negated { NotEqual } else { Equal };
                let item = items.into_iter().next().unwrap_or(Node::Null);
                Node::compare(what, comparison, item)
            }
            _ => Node::In {
                what: Box::new(what),
                items,
                negated,
            },
        }
    }

    /// The conjunction.
    pub(crate) fn all(parts: impl IntoIterator<Item = Node>) -> Self {
        let mut flat = BTreeSet::new();
        for part in parts {
            match part.truth() {
                Node::And(inner) => flat.extend(inner),
                other => {
                    flat.insert(other);
                }
            }
        }
        // `n >= 1 AND n >= 0` is `n >= 1`. Parts are removed one by one, so that of two that imply each other one
        // stays.
        let mut needed: Vec<Node> = flat.iter().cloned().collect();
        for part in &flat {
            let implied = |other: &Node| other != part && other.implies(part);
            if needed.iter().any(implied) {
                needed.retain(|other| other != part);
            }
        }
        single(needed.into_iter().collect(), Node::And)
    }

    /// The disjunction. Equations of the same operand become a list.
    pub(crate) fn any(parts: impl IntoIterator<Item = Node>) -> Self {
        let mut flat = BTreeSet::new();
        let mut lists: Vec<(Node, BTreeSet<Node>)> = Vec::new();
        let mut queue: Vec<Node> = parts.into_iter().map(Node::truth).collect();
        while let Some(part) = queue.pop() {
            let (what, items) = match part {
                Node::Or(inner) => {
                    queue.extend(inner);
                    continue;
                }
                Node::Compare(what, Equal, item) if item.is_literal() => {
                    (*what, BTreeSet::from([*item]))
                }
                Node::In {
                    what,
                    items,
                    negated: false,
                } => (*what, items),
                other => {
                    flat.insert(other);
                    continue;
                }
            };
            match lists.iter_mut().find(|(known, _)| *known == what) {
                Some((_, known)) => known.extend(items),
                None => lists.push((what, items)),
            }
        }
        let lists = lists.into_iter();
        flat.extend(lists.map(|(what, items)| Node::within(what, items, false)));
        single(flat, Node::Or)
    }

    /// The negation.
    pub(crate) fn negated(self) -> Self {
        match self {
            Node::And(parts) => Node::any(parts.into_iter().map(Node::negated)),
            Node::Or(parts) => Node::all(parts.into_iter().map(Node::negated)),
            Node::Not(inner) => *inner,
            Node::Compare(left, comparison, right) => {
                Node::Compare(left, comparison.negated(), right)
            }
            Node::In {
                what,
                items,
                negated,
            } => Node::In {
                what,
                items,
                negated: !negated,
            },
            Node::Is(what, state) => match opposite(state) {
                Some(other) => Node::Is(what, other),
                None => Node::Not(Box::new(Node::Is(what, state))),
            },
            Node::True(column) => Node::compare(*column, Equal, Node::Number("0".to_owned())),
            Node::Column(_) => self.truth().negated(),
            other => Node::Not(Box::new(other)),
        }
    }

    /// Whether the other holds wherever this one does; `false` if unknown.
    pub(crate) fn implies(&self, other: &Node) -> bool {
        let is = |node: &Node, number: &str| matches!(node, Node::Number(n) if n == number);
        // Everything implies true, and false implies everything.
        if self == other || is(other, "1") || is(self, "0") {
            return true;
        }
        match (self, other) {
            (_, Node::And(wanted)) => wanted.iter().all(|part| self.implies(part)),
            (Node::Or(branches), _) => branches.iter().all(|branch| branch.implies(other)),
            (Node::And(parts), Node::Or(wanted)) => {
                let is_one = wanted.iter().any(|branch| self.implies(branch));
                is_one || parts.iter().any(|part| part.implies(other))
            }
            (Node::And(parts), _) => parts.iter().any(|part| part.implies(other)),
            (_, Node::Or(wanted)) => wanted.iter().any(|branch| self.implies(branch)),
            (Node::Compare(what, mine, value), Node::Compare(of, theirs, limit)) => {
                what == of && narrower(*mine, value, *theirs, limit)
            }
            (
                Node::Compare(what, Equal, value),
                Node::In {
                    what: of,
                    items,
                    negated,
                },
            ) => what == of && value.is_literal() && items.contains(value) != *negated,
            (
                Node::In {
                    what,
                    items,
                    negated: false,
                },
                Node::In {
                    what: of,
                    items: wanted,
                    negated: false,
                },
            ) => what == of && items.is_subset(wanted),
            _ => false,
        }
    }

    pub(crate) fn renamed(&self, from: &str, to: &str) -> Self {
        let one = |node: &Node| Box::new(node.renamed(from, to));
        let many = |nodes: &[Node]| nodes.iter().map(|node| node.renamed(from, to)).collect();
        let set =
            |nodes: &BTreeSet<Node>| nodes.iter().map(|node| node.renamed(from, to)).collect();
        match self {
            Node::Column(name) if name == from => Node::Column(to.to_owned()),
            Node::And(parts) => Node::And(set(parts)),
            Node::Or(parts) => Node::Or(set(parts)),
            Node::Not(inner) => Node::Not(one(inner)),
            Node::True(column) => Node::True(one(column)),
            Node::Compare(left, comparison, right) => {
                Node::compare(*one(left), *comparison, *one(right))
            }
            Node::In {
                what,
                items,
                negated,
            } => Node::In {
                what: one(what),
                items: set(items),
                negated: *negated,
            },
            Node::Is(what, state) => Node::Is(one(what), state),
            Node::Call(name, arguments) => Node::Call(name.clone(), many(arguments)),
            Node::Operator(name, operands) => Node::Operator(name.clone(), many(operands)),
            Node::Cast(inner, ty) => Node::Cast(one(inner), ty.clone()),
            other => other.clone(),
        }
    }
}

fn single(parts: BTreeSet<Node>, join: fn(BTreeSet<Node>) -> Node) -> Node {
    match parts.len() {
        1 => parts.into_iter().next().unwrap_or(Node::Null),
        _ => join(parts),
    }
}

/// Whether `x mine value` implies `x theirs limit`, for whole numbers.
fn narrower(mine: Comparison, value: &Node, theirs: Comparison, limit: &Node) -> bool {
    let number = |node: &Node| match node {
        Node::Number(number) => number.parse::<i128>().ok(),
        _ => None,
    };
    let (Some(value), Some(limit)) = (number(value), number(limit)) else {
        return false;
    };
    match (mine, theirs) {
        (GreaterOrEqual | Greater | Equal, GreaterOrEqual) | (Greater, Greater) => value >= limit,
        (GreaterOrEqual | Equal, Greater) => value > limit,
        (LessOrEqual | Less | Equal, LessOrEqual) | (Less, Less) => value <= limit,
        (LessOrEqual | Equal, Less) => value < limit,
        (Equal, NotEqual) => value != limit,
        _ => false,
    }
}

fn opposite(state: &str) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 4] = [
        ("NULL", "NOT NULL"),
        ("TRUE", "NOT TRUE"),
        ("FALSE", "NOT FALSE"),
        ("UNKNOWN", "NOT UNKNOWN"),
    ];
    PAIRS.iter().find_map(|(one, other)| match state {
        _ if state == *one => Some(*other),
        _ if state == *other => Some(*one),
        _ => None,
    })
}
