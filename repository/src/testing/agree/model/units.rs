//! Units of work and savepoints in the model.

use super::super::operation::{Action, End, How, Inner, Step, UnitPlan, Who};
use super::super::outcome::{Answer, Outcome};
use super::{Broken, Model, Outcomes, require};

/// Where a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Store,
    /// In a unit that may still work.
    Unit {
        reads: bool,
    },
    /// In a unit in which a call failed, or that has ended.
    EndedUnit,
}

impl Model {
    /// Checks the outcomes of a step, and learns from them.
    ///
    /// # Errors
    /// The position of an outcome, and the rule that it breaks.
    pub(crate) fn step(
        &mut self,
        step: &Step,
        mut outcomes: Outcomes<'_>,
    ) -> Result<(), (usize, Broken)> {
        self.begin(step.turn);
        let all = outcomes.len();
        let checked = self.check(step, &mut outcomes);
        checked.map_err(|broken| ((all - outcomes.len()).saturating_sub(1), broken))
    }

    fn check(&mut self, step: &Step, outcomes: &mut Outcomes<'_>) -> Result<(), Broken> {
        match &step.action {
            Action::Call { who, call } => {
                let outcome = next(outcomes)?;
                self.call(*who, Place::Store, call, outcome)
            }
            Action::Unit(plan) => self.unit(plan, outcomes),
            Action::WasDone { who, key } => match next(outcomes)? {
                Outcome(Ok(Answer::Flag(done))) => {
                    let known = self.keys.contains(&(who.owner(), *key));
                    require(
                        *done == known,
                        "a key is known if its unit was committed",
                        || format!("{key}: {done} instead of {known}"),
                    )
                }
                _ => Ok(()),
            },
            Action::ForgetKeys { .. } => {
                // Keys have times that the model does not follow: none of the keys is used again.
                if next(outcomes)?.0.is_ok() {
                    self.keys.clear();
                }
                Ok(())
            }
        }
    }

    fn unit(&mut self, plan: &UnitPlan, outcomes: &mut Outcomes<'_>) -> Result<(), Broken> {
        if !began(outcomes) {
            return self.not_begun(plan, next(outcomes)?);
        }
        let before = self.clone();
        let mut place = Place::Unit {
            reads: plan.how.reads(),
        };
        self.body(plan.who, &plan.body, &mut place, outcomes)?;
        let end = next(outcomes)?;
        let failed = place == Place::EndedUnit;
        match &end.0 {
            Ok(Answer::Done) => {
                require(
                    !failed && plan.end == End::Commit,
                    "a unit in which a write failed is not committed",
                    || format!("{:?} ended with {end}", plan.how),
                )?;
                if let How::Once(key) = plan.how {
                    let new = self.keys.insert((plan.who.owner(), key));
                    require(new, "a key is committed once", || key.to_string())?;
                }
            }
            _ => {
                require(
                    plan.end != End::Commit || failed,
                    "a unit commits if its work succeeded and no write failed",
                    || format!("{:?} ended with {end}", plan.how),
                )?;
                *self = before;
            }
        }
        match &plan.after {
            Some(call) => self.call(plan.who, Place::EndedUnit, call, next(outcomes)?),
            None => Ok(()),
        }
    }

    fn not_begun(&self, plan: &UnitPlan, outcome: &Outcome) -> Result<(), Broken> {
        match (&outcome.0, plan.how) {
            (Ok(Answer::AlreadyDone), How::Once(key)) => require(
                self.keys.contains(&(plan.who.owner(), key)),
                "work is skipped only if its key was committed",
                || key.to_string(),
            ),
            (Ok(_), _) => Err(Broken {
                rule: "a unit runs its work",
                detail: outcome.to_string(),
            }),
            (Err(_), _) => Ok(()),
        }
    }

    fn body(
        &mut self,
        who: Who,
        body: &[Inner],
        place: &mut Place,
        outcomes: &mut Outcomes<'_>,
    ) -> Result<(), Broken> {
        for inner in body {
            match inner {
                Inner::Call(call) => {
                    let outcome = next(outcomes)?;
                    self.call(who, *place, call, outcome)?;
                    let writes = *place != Place::Unit { reads: true };
                    if outcome.0.is_err() && call.method.writes() && writes {
                        *place = Place::EndedUnit;
                    }
                }
                // The model of the unit is not what others see. The engines are compared.
                Inner::Outside { .. } => {
                    next(outcomes)?;
                }
                Inner::Savepoint { body, release } => {
                    if !began(outcomes) {
                        let set = next(outcomes)?;
                        require(set.0.is_err(), "a savepoint runs its work", || {
                            set.to_string()
                        })?;
                        continue;
                    }
                    let (before, was) = (self.clone(), *place);
                    self.body(who, body, place, outcomes)?;
                    let end = next(outcomes)?;
                    let kept = matches!(end.0, Ok(Answer::Done));
                    let failed = *place == Place::EndedUnit;
                    require(
                        kept == (*release && !failed),
                        "a savepoint is released if its work succeeded and no write in it failed",
                        || end.to_string(),
                    )?;
                    if !kept {
                        *self = before;
                        *place = was;
                    }
                }
            }
        }
        Ok(())
    }
}

fn began(outcomes: &mut Outcomes<'_>) -> bool {
    let began = matches!(outcomes.front(), Some(Outcome(Ok(Answer::Began))));
    if began {
        outcomes.pop_front();
    }
    began
}

fn next<'o>(outcomes: &mut Outcomes<'o>) -> Result<&'o Outcome, Broken> {
    outcomes.pop_front().ok_or(Broken {
        rule: "every call answers",
        detail: "an outcome is missing".to_owned(),
    })
}
