//! A generated migration, or why there is none, for programs. `docs/src/generate.schema.json` describes it.

use serde::Serialize;

use super::source::Sources;
use super::{json, written};
use crate::doctor::generate::{GenerateError, Generated, Kept, Trial};

/// The version of the JSON. Raised when a field is added, renamed or removed.
const FORMAT: u32 = 1;

/// One file of the migration.
#[derive(Serialize)]
struct File {
    path: String,
    text: String,
}

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    name: Option<&'a str>,
    files: Vec<File>,
    engines: Vec<EngineDocument<'a>>,
    by_hand: Vec<&'a str>,
    error: Option<ErrorDocument<'a>>,
}

#[derive(Serialize)]
struct ErrorDocument<'a> {
    kind: &'static str,
    message: String,
    questions: Vec<QuestionDocument<'a>>,
    report: Option<json::Document<'a>>,
}

#[derive(Serialize)]
struct QuestionDocument<'a> {
    old: &'a str,
    new: &'a [String],
}

#[derive(Serialize)]
struct EngineDocument<'a> {
    engine: &'static str,
    up: Vec<StatementDocument<'a>>,
    down: &'a [String],
    warnings: Vec<&'a str>,
    trial: Option<TrialDocument<'a>>,
}

#[derive(Serialize)]
struct StatementDocument<'a> {
    sql: &'a str,
    cost: &'static str,
    note: &'a str,
    way_around: Option<&'a str>,
}

#[derive(Serialize)]
struct TrialDocument<'a> {
    ran_on: &'static str,
    failed_on: Vec<FailureDocument<'a>>,
    without_rows: Vec<UnfilledDocument<'a>>,
    up: KeptDocument<'a>,
    down: Option<KeptDocument<'a>>,
    down_failed: Option<&'a str>,
    up_again_failed: Option<&'a str>,
}

#[derive(Serialize)]
struct FailureDocument<'a> {
    tables: &'static str,
    error: &'a str,
}

#[derive(Serialize)]
struct UnfilledDocument<'a> {
    table: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct KeptDocument<'a> {
    rows: usize,
    left: usize,
    gone: &'a [String],
    converted: &'a [String],
    changed: &'a [String],
}

impl<'a> From<&'a Kept> for KeptDocument<'a> {
    fn from(kept: &'a Kept) -> Self {
        KeptDocument {
            rows: kept.rows,
            left: kept.left,
            gone: &kept.gone,
            converted: &kept.converted,
            changed: &kept.changed,
        }
    }
}

impl Generated {
    /// The migration as JSON, as `docs/src/generate.schema.json` describes it, without a trailing line break. Without a
    /// migration, its name is null.
    pub fn json(generated: Option<&Generated>) -> String {
        written(&document(generated, None))
    }

    /// The same with an error of the program that generates it.
    #[cfg(feature = "cli")]
    pub(crate) fn json_with_error(generated: Option<&Generated>, message: String) -> String {
        let error = ErrorDocument {
            kind: "refused",
            message,
            questions: Vec::new(),
            report: None,
        };
        written(&document(generated, Some(error)))
    }

    fn engines_document(&self) -> Vec<EngineDocument<'_>> {
        let engines = self.review.iter().map(|(engine, reviewed)| EngineDocument {
            engine: engine.as_str(),
            up: reviewed
                .iter()
                .map(|one| StatementDocument {
                    sql: &one.sql,
                    cost: one.cost.as_str(),
                    note: &one.note,
                    way_around: one.way_around.as_deref(),
                })
                .collect(),
            down: self.suggestion.down(*engine),
            warnings: {
                let warnings = self.warnings.iter().filter(|(of, _)| of == engine);
                warnings.map(|(_, warning)| warning.as_str()).collect()
            },
            trial: {
                let mut trials = self.trials.iter();
                trials.find(|trial| trial.engine == *engine).map(trial)
            },
        });
        engines.collect()
    }
}

impl GenerateError {
    /// The error as JSON, as `docs/src/generate.schema.json` describes it, without a trailing line break.
    pub fn json(&self) -> String {
        let (kind, questions) = match self {
            GenerateError::Code { .. } => ("contradiction", &[][..]),
            GenerateError::Entities { .. } => ("entities_differ", &[][..]),
            GenerateError::Undecided { questions } => ("undecided", questions.as_slice()),
            GenerateError::Unused { .. } => ("unused", &[][..]),
            GenerateError::DatabaseDiffers { .. } => ("database_differs", &[][..]),
            GenerateError::Skipped { .. } => ("skipped", &[][..]),
            GenerateError::Fails { .. } => ("fails", &[][..]),
        };
        let questions = questions.iter().map(|question| QuestionDocument {
            old: &question.old,
            new: &question.new,
        });
        let error = ErrorDocument {
            kind,
            message: self.to_string(),
            questions: questions.collect(),
            report: self
                .report()
                .map(|report| json::document(report, &Sources::unknown(), None)),
        };
        written(&document(None, Some(error)))
    }
}

fn document<'a>(
    generated: Option<&'a Generated>,
    error: Option<ErrorDocument<'a>>,
) -> Document<'a> {
    let files = generated.map_or(Vec::new(), |one| one.suggestion.files());
    Document {
        format: FORMAT,
        name: generated
            .filter(|_| !files.is_empty())
            .map(|one| one.name.as_str()),
        files: files
            .into_iter()
            .map(|(path, text)| File { path, text })
            .collect(),
        engines: generated.map_or(Vec::new(), Generated::engines_document),
        by_hand: generated.map_or(Vec::new(), |one| {
            one.suggestion.by_hand.iter().map(String::as_str).collect()
        }),
        error,
    }
}

fn trial(of: &Trial) -> TrialDocument<'_> {
    TrialDocument {
        ran_on: of.filling.as_str(),
        failed_on: of
            .failed_on
            .iter()
            .map(|(filling, error)| FailureDocument {
                tables: filling.as_str(),
                error,
            })
            .collect(),
        without_rows: of
            .unfilled
            .iter()
            .map(|one| UnfilledDocument {
                table: &one.table,
                reason: &one.reason,
            })
            .collect(),
        up: (&of.up).into(),
        down: of.down.as_ref().ok().map(KeptDocument::from),
        down_failed: of.down.as_ref().err().map(String::as_str),
        up_again_failed: of.again.as_deref(),
    }
}
