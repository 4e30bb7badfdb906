//! Writes steps as Rust code that can be pasted into a test.

mod calls;
mod literal;

use std::fmt::Write;

use super::operation::{Action, Call, End, How, Inner, Method, OWNER_COUNT, Step, UnitPlan, Who};
use super::shape::Shape;
use super::source::ordinary_time;
use literal::{instant, uuid};

/// The code of a test that runs the steps on both engines.
pub(super) fn test(shapes: &[Shape], seed: u64, steps: &[Step]) -> String {
    let mut printer = Printer {
        shapes,
        text: String::new(),
        indent: 2,
        units: 0,
    };
    for who in (0..OWNER_COUNT).map(Who::Owner) {
        if let Some(owner) = who.owner()
            && uses(steps, who)
        {
            let (name, owner) = (scope(who), uuid(owner));
            printer.line(format!("let {name} = catamaran::Scope::owner({owner});"));
        }
    }
    if uses(steps, Who::System) {
        let name = scope(Who::System);
        printer.line(format!(
            "let {name} = catamaran::Scope::system(\"a test\");"
        ));
    }
    for step in steps {
        printer.step(step);
    }
    format!(
        "#[test]\nfn the_engines_agree_after_seed_{seed}() {{\n    \
         catamaran::testing::replay::<Migrator>(&DOMAIN, async |replay| {{\n{}    }});\n}}\n",
        printer.text
    )
}

struct Printer<'s> {
    shapes: &'s [Shape],
    text: String,
    indent: usize,
    /// The number of units so far, for names.
    units: usize,
}

impl Printer<'_> {
    fn line(&mut self, text: impl AsRef<str>) {
        let _ = writeln!(self.text, "{}{}", "    ".repeat(self.indent), text.as_ref());
    }

    fn step(&mut self, step: &Step) {
        let turn = step.turn;
        self.line(match turn.now == ordinary_time(turn.number) {
            true => format!("replay.turn({});", turn.number),
            false => format!("replay.turn_at({}, {});", turn.number, instant(turn.now)),
        });
        match &step.action {
            Action::Call { who, call } => self.outside(*who, call),
            Action::Unit(plan) => self.unit(plan),
            Action::WasDone { who, key } => {
                let key = uuid(*key);
                self.line(format!(
                    "replay.saw(replay.store().was_done(&{}, {key}).await);",
                    scope(*who)
                ));
            }
            Action::ForgetKeys { who, before } => {
                let before = instant(*before);
                self.line(format!(
                    "replay.saw(replay.store().forget_keys(&{}, {before}).await);",
                    scope(*who)
                ));
            }
        }
    }

    fn outside(&mut self, who: Who, call: &Call) {
        let record = self.shapes[call.table].record;
        let how = handle(call);
        let repository = format!("replay.store().{how}::<{record}>(&{})", scope(who));
        self.call(&repository, call);
    }

    /// A call on a repository, which is an expression.
    fn call(&mut self, repository: &str, call: &Call) {
        let shape = &self.shapes[call.table];
        let lines = calls::call(shape, repository, &call.method);
        for line in lines {
            self.line(line);
        }
    }

    fn unit(&mut self, plan: &UnitPlan) {
        let scope = scope(plan.who);
        self.units += 1;
        let kept = format!("kept_{}", self.units);
        if let Some(call) = &plan.after {
            let record = self.shapes[call.table].record;
            self.line(format!(
                "let {kept} = std::cell::RefCell::new(None::<std::sync::Arc<dyn catamaran::Repository<{record}>>>);"
            ));
        }
        match plan.how {
            How::BeginRead | How::BeginWrite => {
                let begin = plan.how.name();
                self.line(format!(
                    "if let Some(unit) = replay.ok(replay.store().{begin}(&{scope}).await) {{"
                ));
                self.indent += 1;
                self.keep(plan, &kept);
                self.body(&plan.body);
                match plan.end {
                    End::Commit => self.line("replay.saw(unit.commit().await);"),
                    End::RollBack => self.line("replay.saw(unit.rollback().await);"),
                    End::Drop => self.line("drop(unit);"),
                }
                self.indent -= 1;
                self.line("}");
            }
            How::Read | How::Write => {
                let method = plan.how.name();
                self.closure(
                    plan,
                    &kept,
                    &format!("replay.store().{method}(&{scope}, async |unit| {{"),
                    "})",
                );
            }
            How::Run { serializable } => {
                let serializable = if serializable { ".serializable()" } else { "" };
                self.closure(
                    plan,
                    &kept,
                    &format!(
                        "replay.store().writing(&{scope}){serializable}.run_mut(async |unit| {{"
                    ),
                    "})",
                );
            }
            How::Once(key) => {
                let key = uuid(key);
                self.closure(
                    plan,
                    &kept,
                    &format!("replay.store().writing(&{scope}).once_mut({key}, async |unit| {{"),
                    "})",
                );
            }
        }
        if let Some(call) = &plan.after {
            self.line(format!("if let Some(rows) = {kept}.take() {{"));
            self.indent += 1;
            self.call("rows", call);
            self.indent -= 1;
            self.line("}");
        }
    }

    fn keep(&mut self, plan: &UnitPlan, kept: &str) {
        if plan.after.is_some() {
            self.line(format!("*{kept}.borrow_mut() = Some(unit.repository());"));
        }
    }

    fn closure(&mut self, plan: &UnitPlan, kept: &str, open: &str, close: &str) {
        self.line(format!("replay.saw({open}"));
        self.indent += 1;
        self.keep(plan, kept);
        self.body(&plan.body);
        self.line(result(plan.end == End::Commit));
        self.indent -= 1;
        self.line(format!("{close}.await);"));
    }

    fn body(&mut self, body: &[Inner]) {
        for inner in body {
            match inner {
                Inner::Call(call) => {
                    let record = self.shapes[call.table].record;
                    self.call(&format!("unit.{}::<{record}>()", handle(call)), call);
                }
                Inner::Outside { who, call } => self.outside(*who, call),
                Inner::Savepoint { body, release } => {
                    self.line("replay.saw(unit.savepoint(async |unit| {");
                    self.indent += 1;
                    self.body(body);
                    self.line(result(*release));
                    self.indent -= 1;
                    self.line("}).await);");
                }
            }
        }
    }
}

/// The value of a closure's work.
fn result(ok: bool) -> &'static str {
    match ok {
        true => "Ok::<_, catamaran::testing::Stop>(())",
        false => "Err::<(), _>(catamaran::testing::Stop::Asked)",
    }
}

/// The method that gives the repository: custom SQL needs the one of the engine.
fn handle(call: &Call) -> &'static str {
    match call.method {
        Method::Plant { .. } => "native",
        _ => "repository",
    }
}

/// The variable that holds a scope.
fn scope(who: Who) -> String {
    match who {
        Who::Owner(number) => format!("owner_{}", number + 1),
        Who::System => "system".to_owned(),
    }
}

/// Whether a step uses the scope.
fn uses(steps: &[Step], who: Who) -> bool {
    fn inside(body: &[Inner], who: Who) -> bool {
        body.iter().any(|inner| match inner {
            Inner::Outside { who: other, .. } => *other == who,
            Inner::Savepoint { body, .. } => inside(body, who),
            Inner::Call(_) => false,
        })
    }
    steps.iter().any(|step| match &step.action {
        Action::Call { who: other, .. }
        | Action::WasDone { who: other, .. }
        | Action::ForgetKeys { who: other, .. } => *other == who,
        Action::Unit(plan) => plan.who == who || inside(&plan.body, who),
    })
}
