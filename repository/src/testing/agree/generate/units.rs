//! Units of work and savepoints.

use super::super::operation::{End, How, Inner, Method, UnitPlan, Who};
use super::Generator;
use super::values::chance;

impl Generator<'_> {
    pub(super) fn unit(&mut self) -> UnitPlan {
        let who = self.who();
        let how = match self.rng.u32(..12) {
            0 => How::BeginRead,
            1 => How::Read,
            2..5 => How::BeginWrite,
            5..8 => How::Write,
            8 | 9 => How::Run {
                serializable: self.rng.bool(),
            },
            _ if self.limits.keys => How::Once(self.key_of_a_unit()),
            _ => How::BeginWrite,
        };
        let end = match self.rng.u32(..10) {
            0..6 => End::Commit,
            6..8 => End::RollBack,
            _ => End::Drop,
        };
        let after = chance(&mut self.rng, 15).then(|| {
            let table = self.table();
            match self.call(who, table, true) {
                // Custom SQL needs the repository of an engine.
                call if matches!(call.method, Method::Plant { .. }) => self.read(who, table),
                call => call,
            }
        });
        let body = match (who, self.rng.u32(..10)) {
            (Who::System, 0 | 1) => {
                let table = self.table();
                self.worn_out(table)
            }
            _ => self.body(who, 2, 6),
        };
        // Thousands of rows would slow the rest of the episode down.
        let end = match has_long_call(&body) && chance(&mut self.rng, 80) {
            true => End::RollBack,
            false => end,
        };
        UnitPlan {
            who,
            how,
            body,
            end,
            after,
        }
    }

    fn body(&mut self, who: Who, depth: u32, most: usize) -> Vec<Inner> {
        let length = self.rng.usize(..=most);
        (0..length).map(|_| self.inner(who, depth)).collect()
    }

    fn inner(&mut self, who: Who, depth: u32) -> Inner {
        let table = self.table();
        match self.rng.u32(..20) {
            0..4 if depth > 0 => Inner::Savepoint {
                body: self.body(who, depth - 1, 4),
                release: chance(&mut self.rng, 60),
            },
            4 if self.limits.outside => {
                let who = self.who();
                Inner::Outside {
                    who,
                    call: self.read(who, table),
                }
            }
            _ => Inner::Call(self.call(who, table, true)),
        }
    }
}

fn has_long_call(body: &[Inner]) -> bool {
    body.iter().any(|inner| match inner {
        Inner::Call(call) | Inner::Outside { call, .. } => matches!(
            call.method,
            Method::InsertRun { .. } | Method::UpsertRun { .. }
        ),
        Inner::Savepoint { body, .. } => has_long_call(body),
    })
}
