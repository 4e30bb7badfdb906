//! Search for a text inside of texts. No character is a wildcard.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Filter, InvalidReason, Query, Repository, Result};
use entity::{Habit, HabitDraft};
use suite::kind::{invalid, refused};
use suite::users::adas;

/// Texts with every character that is special in some search syntax.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        "%",
        "_",
        "\\",
        "'",
        "\"",
        "50%",
        "50x",
        "a_b",
        "axb",
        "a\\b",
        "\\%",
        "\\_",
        "%%",
        "__",
        "it's",
        "''",
        "\"quoted\"",
        "[a-z]",
        "*",
        "?",
        "^a$",
        "!",
        "a!b",
        "😀",
        "a😀b",
        "é",
        "e\u{301}",
        "É",
        "E\u{301}",
        "İ",
        "i",
        "I",
        "ı",
        "ß",
        "SS",
        "ss",
        "Straße",
        "STRASSE",
        "ab",
        "AB",
        "aB",
        " a ",
        "a",
        "A",
        "\t",
        "\n",
        "a\nb",
        "\u{feff}",
        "\u{200b}",
        "K",
        "\u{212a}",
        "ſ",
        "s",
        "Å",
        "\u{212b}",
        "ﬁ",
        "fi",
        "$1",
        "?1",
        "{}",
        ":a",
        "NULL",
        "-- ",
        "/*",
        "\u{10ffff}",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x".repeat(60_000));
    texts.push(format!(
        "{}needle{}",
        "hay".repeat(3_000),
        "😀".repeat(3_000)
    ));
    texts
}

type Ask = fn(&str) -> Filter<Habit>;
type Holds = fn(&str, &str) -> bool;

const ASKED: [(&str, Ask, Holds); 4] = [
    (
        "contains",
        |needle| Habit::NAME.contains(needle),
        |text, needle| text.contains(needle),
    ),
    (
        "starts with",
        |needle| Habit::NAME.starts_with(needle),
        |text, needle| text.starts_with(needle),
    ),
    (
        "ends with",
        |needle| Habit::NAME.ends_with(needle),
        |text, needle| text.ends_with(needle),
    ),
    (
        "contains, ASCII case aside",
        |needle| Habit::NAME.contains_ignore_ascii_case(needle),
        |text, needle| {
            text.to_ascii_lowercase()
                .contains(&needle.to_ascii_lowercase())
        },
    ),
];

async fn insert(habits: &dyn Repository<Habit>, names: &[String]) -> Result<()> {
    let drafts = names
        .iter()
        .map(|name| HabitDraft::new(name.clone(), "daily"));
    habits.insert_many(drafts.collect()).await?;
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn every_character_of_a_needle_is_literal(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let texts = hostile();
    insert(&*habits, &texts).await?;
    for needle in &texts {
        for (how, ask, holds) in ASKED {
            let page = catamaran::PageRequest::first(1_000);
            let found = habits.list(&ask(needle).into(), page).await?;
            let mut found: Vec<&str> = found.items.iter().map(|habit| &*habit.name).collect();
            found.sort_unstable();
            let matching = texts.iter().filter(|text| holds(text, needle));
            let mut expected: Vec<&str> = matching.map(String::as_str).collect();
            expected.sort_unstable();
            assert_eq!(found, expected, "{how} {:.40?}", needle);
        }
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_needle_that_is_longer_than_the_text_is_not_in_it(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    insert(&*habits, &["ab", "b", "", "😀"].map(str::to_owned)).await?;
    for needle in ["aab", "xxb", "bb", "xxxxxxxxxxxxxb", "x😀", "ab "] {
        for (how, ask, _) in ASKED {
            let found = habits.count(&ask(needle).into()).await?;
            assert_eq!(found, 0, "{how} {needle:?}");
        }
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn equality_does_not_fold_case_trim_or_normalize(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let texts = hostile();
    insert(&*habits, &texts).await?;
    for text in &texts {
        for filter in [Habit::NAME.eq(text), Habit::NAME.is_in([text])] {
            assert_eq!(habits.count(&filter.into()).await?, 1, "{text:.40?}");
        }
        let others: Query<Habit> = Habit::NAME.ne(text).into();
        assert_eq!(habits.count(&others).await?, texts.len() as u64 - 1);
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_needle_that_no_column_can_hold_is_refused(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    insert(&*habits, &["a".to_owned()]).await?;
    for (_, ask, _) in ASKED {
        assert_eq!(
            refused(habits.count(&ask("a\0").into()).await),
            invalid("name", InvalidReason::NulCharacter)
        );
    }
    for filter in [
        Habit::NAME.eq("\0"),
        Habit::NAME.is_in(["a", "\0"]),
        Habit::NAME.ge("\0").not(),
        Habit::SORT_ORDER.eq(1).or(Habit::NAME.lt("\0")),
    ] {
        assert_eq!(
            refused(habits.exists(&filter.into()).await),
            invalid("name", InvalidReason::NulCharacter)
        );
    }
    Ok(())
}
