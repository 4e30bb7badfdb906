//! Shortens a failing sequence: first fewer steps, then simpler ones.

mod simpler;

use super::operation::Step;
use super::shape::Shape;

/// Shortens a sequence as long as `fails` says that a shorter one still fails, and `more` that there is time.
///
/// Only steps that can be written with the records' own constructors are tried: a draft keeps what it must have.
pub(super) async fn shrink(
    shapes: &[Shape],
    mut steps: Vec<Step>,
    mut fails: impl AsyncFnMut(&[Step]) -> bool,
    more: impl Fn() -> bool,
) -> Vec<Step> {
    loop {
        let before = weight(&steps);
        steps = fewer(steps, &mut fails, &more).await;
        steps = simpler_steps(shapes, steps, &mut fails, &more).await;
        if weight(&steps) == before || !more() {
            return steps;
        }
    }
}

fn weight(steps: &[Step]) -> usize {
    steps.iter().map(|step| format!("{step:?}").len()).sum()
}

/// Removes runs of steps, of half the sequence at first, then shorter ones (delta debugging).
async fn fewer(
    mut steps: Vec<Step>,
    fails: &mut impl AsyncFnMut(&[Step]) -> bool,
    more: &impl Fn() -> bool,
) -> Vec<Step> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut end = steps.len();
        // From the end: the last steps depend on earlier ones, and not the other way round.
        while end > 0 && more() {
            let start = end.saturating_sub(size);
            let mut without = steps.clone();
            without.drain(start..end);
            if fails(&without).await {
                steps = without;
            }
            end = start.min(steps.len());
        }
        size /= 2;
    }
    steps
}

/// Replaces steps by simpler ones.
async fn simpler_steps(
    shapes: &[Shape],
    mut steps: Vec<Step>,
    fails: &mut impl AsyncFnMut(&[Step]) -> bool,
    more: &impl Fn() -> bool,
) -> Vec<Step> {
    for at in (0..steps.len()).rev() {
        let mut tried = 0;
        loop {
            let candidates = simpler::steps(&steps[at]);
            let mut candidates = candidates
                .into_iter()
                .filter(|step| simpler::is_complete(shapes, step));
            let Some(candidate) = candidates.nth(tried) else {
                break;
            };
            if !more() {
                return steps;
            }
            let mut changed = steps.clone();
            changed[at] = candidate;
            if fails(&changed).await {
                steps = changed;
                tried = 0;
            } else {
                tried += 1;
            }
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::super::operation::{Action, Call, End, How, Inner, Method, Turn, UnitPlan, Who};
    use super::*;
    use crate::model::value::Value;

    fn find(number: u128) -> Call {
        Call {
            table: 0,
            method: Method::Find(vec![Value::Uuid(Uuid::from_u128(number))]),
        }
    }

    fn step(action: Action) -> Step {
        Step {
            turn: Turn {
                number: 1,
                now: DateTime::UNIX_EPOCH,
            },
            action,
        }
    }

    fn finds(steps: &[Step], number: u128) -> bool {
        format!("{steps:?}").contains(&Uuid::from_u128(number).to_string())
    }

    #[tokio::test]
    async fn a_failure_of_two_steps_is_shortened_to_them() {
        let steps = (1..100).map(|number| {
            let (who, call) = (Who::System, find(number));
            step(Action::Call { who, call })
        });
        let fails = async |steps: &[Step]| finds(steps, 17) && finds(steps, 83);
        let short = shrink(&[], steps.collect(), fails, || true).await;
        assert_eq!(short.len(), 2);
    }

    #[tokio::test]
    async fn a_unit_whose_bounds_do_not_matter_is_shortened_to_its_call() {
        let body = (1..9).map(|number| Inner::Call(find(number)));
        let plan = UnitPlan {
            who: Who::System,
            how: How::Write,
            body: vec![Inner::Savepoint {
                body: body.collect(),
                release: true,
            }],
            end: End::Commit,
            after: Some(find(9)),
        };
        let fails = async |steps: &[Step]| finds(steps, 5);
        let short = shrink(&[], vec![step(Action::Unit(plan))], fails, || true).await;
        assert!(matches!(short[0].action, Action::Call { .. }), "{short:?}");
    }
}
