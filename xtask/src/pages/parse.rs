//! Parses the blocks of a page.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// A block of a page that is followed, and its line.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    pub line: usize,
    pub action: Action,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    Write { path: String, text: String },
    Append { path: String, text: String },
    Edit { path: String, diff: String },
    Run(Vec<Command>),
}

/// A command of a `console` block, with its output.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    pub line: usize,
    pub text: String,
    pub output: Vec<String>,
}

/// The blocks of a page, from top to bottom.
///
/// # Errors
/// The line and the reason, if a block cannot be followed.
pub fn steps(page: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    // The file that the previous paragraph names.
    let mut file: Option<File> = None;
    let mut events = Parser::new(page).into_offset_iter();
    while let Some((event, range)) = events.next() {
        match event {
            Event::Start(Tag::Paragraph) => file = named_file(&mut events),
            Event::Start(Tag::CodeBlock(kind)) => {
                let line = line_of(page, &range);
                let text = block_text(&mut events);
                let action = action(&language(&kind), file.take(), text, line)
                    .map_err(|reason| format!("{line}: {reason}"))?;
                steps.extend(action.map(|action| Step { line, action }));
            }
            Event::Start(_) => file = None,
            _ => {}
        }
    }
    Ok(steps)
}

/// A file that a paragraph names, and whether the block is all of it or its end.
enum File {
    Whole(String),
    EndOf(String),
}

/// The file, if the paragraph is exactly `` `path`: `` or `` At the end of `path`: ``.
fn named_file<'a>(events: &mut impl Iterator<Item = (Event<'a>, Range<usize>)>) -> Option<File> {
    let in_paragraph = |(event, _): &(Event<'a>, _)| *event != Event::End(TagEnd::Paragraph);
    let inside: Vec<Event<'a>> = events
        .take_while(in_paragraph)
        .map(|(event, _)| event)
        .collect();
    match inside.as_slice() {
        [Event::Code(path), Event::Text(colon)] if &**colon == ":" => {
            Some(File::Whole(path.to_string()))
        }
        [Event::Text(words), Event::Code(path), Event::Text(colon)]
            if &**words == "At the end of " && &**colon == ":" =>
        {
            Some(File::EndOf(path.to_string()))
        }
        _ => None,
    }
}

fn block_text<'a>(events: &mut impl Iterator<Item = (Event<'a>, Range<usize>)>) -> String {
    events
        .map_while(|(event, _)| match event {
            Event::Text(text) => Some(text.into_string()),
            _ => None,
        })
        .collect()
}

fn language(kind: &CodeBlockKind<'_>) -> String {
    match kind {
        CodeBlockKind::Fenced(info) => info.split([',', ' ']).next().unwrap_or_default().to_owned(),
        CodeBlockKind::Indented => String::new(),
    }
}

fn line_of(page: &str, range: &Range<usize>) -> usize {
    page.bytes()
        .take(range.start)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

fn action(
    language: &str,
    file: Option<File>,
    text: String,
    line: usize,
) -> Result<Option<Action>, String> {
    match (language, file) {
        ("console", None) => commands(&text, line + 1).map(|commands| Some(Action::Run(commands))),
        ("console", Some(File::Whole(path) | File::EndOf(path))) => Err(format!(
            "a console block must not follow the name of a file, {path}"
        )),
        ("diff", Some(File::Whole(path))) => Ok(Some(Action::Edit { path, diff: text })),
        (_, Some(File::Whole(path))) => Ok(Some(Action::Write { path, text })),
        (_, Some(File::EndOf(path))) => Ok(Some(Action::Append { path, text })),
        ("text", None) => Ok(None),
        (language, None) => Err(format!(
            "a block in {language:?} needs a paragraph `path`: before it; use \"text\" for a block that is not followed"
        )),
    }
}

fn commands(text: &str, first_line: usize) -> Result<Vec<Command>, String> {
    let mut commands: Vec<Command> = Vec::new();
    for (line, text) in (first_line..).zip(text.lines()) {
        match (text.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push(Command {
                line,
                text: command.to_owned(),
                output: Vec::new(),
            }),
            (None, Some(command)) => command.output.push(text.to_owned()),
            (None, None) => {
                return Err("a console block must begin with a command: \"$ …\"".to_owned());
            }
        }
    }
    for command in &mut commands {
        while command.output.pop_if(|line| line.is_empty()).is_some() {}
    }
    Ok(commands)
}
