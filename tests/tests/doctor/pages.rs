//! The parts of `docs/src/doctor.md` that are generated from the code.

use std::fmt::Write;

use catamaran::doctor::Code;

use suite::generated::{assert_page, read_page, type_table};

/// The patterns of SQLite are long and repetitive, and are cut.
fn shortened(form: &str) -> String {
    match (form.find("GLOB '"), form.rfind('\'')) {
        (Some(begin), Some(_)) => {
            let begin = begin + "GLOB '".len();
            let end = form[begin..]
                .find('\'')
                .map_or(form.len(), |end| begin + end);
            format!("{}..{}", &form[..begin], &form[end..])
        }
        _ => form.to_owned(),
    }
}

fn matrix() -> String {
    type_table(|native| {
        native
            .form
            .map_or(String::new(), |form| format!("; `{}`", shortened(form)))
    })
}

fn codes() -> String {
    let mut text =
        String::from("| code | severity | what | what comes of it |\n|---|---|---|---|\n");
    for code in Code::ALL {
        let (severity, title, meaning) = (code.severity(), code.title(), code.meaning());
        let _ = writeln!(text, "| {code} | {severity} | {title} | {meaning} |");
    }
    text
}

/// The page with the text between the two marks replaced.
fn filled(page: &str, mark: &str, content: &str) -> String {
    let begin = format!("<!-- {mark} -->\n");
    let (before, rest) = page.split_once(&begin).expect("the mark");
    let (_, after) = rest.split_once("<!-- end -->").expect("its end");
    format!("{before}{begin}{content}<!-- end -->{after}")
}

#[test]
fn the_documented_matrix_and_codes_match_the_code() {
    let page = filled(&read_page("doctor.md"), "matrix", &matrix());
    assert_page("doctor.md", &filled(&page, "codes", &codes()));
}
