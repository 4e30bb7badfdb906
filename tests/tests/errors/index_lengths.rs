//! A text or bytes in any index have one maximum length on both engines, in every call.

use catamaran::doctor::Doctor;
use catamaran::record::Record;
use catamaran::testing::{Target, TwinDatabase, twin_test};
use catamaran::{
    Engine, ErrorKind, Expected, Filter, InvalidReason, RepositoryExt, Result, Retry, Upsert,
};
use suite::kind::refused;
use suite::raw;
use suite::users::everyone;
use uuid::Uuid;

use crate::lengths::{noise, too_long};
use crate::members::{DOMAIN, History, Member, MemberDraft, MemberPatch, Migrator};

/// A field with a value of a given length.
struct Field {
    name: &'static str,
    most: usize,
    set: fn(&mut Member, String),
    patch: fn(MemberPatch, String) -> MemberPatch,
}

const FIELDS: [Field; 5] = [
    Field {
        name: "email",
        most: 2_680,
        set: |member, text| member.email = text,
        patch: |patch, text| patch.email(text),
    },
    // They share an entry with a time and two more bytes.
    Field {
        name: "given_name",
        most: 1_335,
        set: |member, text| member.given_name = text,
        patch: |patch, text| patch.given_name(text),
    },
    Field {
        name: "family_name",
        most: 1_335,
        set: |member, text| member.family_name = text,
        patch: |patch, text| patch.family_name(text),
    },
    Field {
        name: "nickname",
        most: 2_680,
        set: |member, text| member.nickname = Some(text),
        patch: |patch, text| patch.nickname(Some(text)),
    },
    Field {
        name: "token",
        most: 2_680,
        set: |member, text| member.token = Some(text.into_bytes()),
        patch: |patch, text| patch.token(Some(text.into_bytes())),
    },
];

impl Field {
    fn draft(&self, text: String) -> MemberDraft {
        let id = (u128::from(self.name.as_bytes()[0]) << 64) + text.len() as u128;
        let mut member = member(Uuid::from_u128(id), self.name);
        (self.set)(&mut member, text);
        member.into_draft()
    }
}

fn member(id: Uuid, email: &str) -> Member {
    Member {
        id,
        email: email.to_owned(),
        given_name: "Ada".to_owned(),
        family_name: "King".to_owned(),
        nickname: None,
        biography: None,
        token: None,
        version: 1,
        deleted_at: None,
    }
}

#[twin_test(Migrator, everywhere)]
async fn longest_value_of_each_index_is_kept_and_one_byte_more_is_refused_in_every_call(
    db: &TwinDatabase,
) -> Result<()> {
    let members = db.store().repository::<Member>(&everyone());
    let stored = members.insert(MemberDraft::new("stored")).await?;
    for field in FIELDS {
        let most = noise(field.most);
        let made = members.insert(field.draft(most.clone())).await?;
        assert_eq!(members.get(made.id).await?, made, "{}", field.name);

        let longer = noise(field.most + 1);
        let broken = too_long(field.name, field.most);
        let draft = || field.draft(longer.clone());
        let patch = || (field.patch)(MemberPatch::new(), longer.clone());
        let mut changed = stored.clone();
        (field.set)(&mut changed, longer.clone());
        assert_eq!(refused(members.insert(draft()).await), broken);
        let many = vec![MemberDraft::new("other"), draft()];
        assert_eq!(refused(members.insert_many(many).await), broken);
        assert_eq!(refused(members.upsert(Upsert::new(draft())).await), broken);
        let rows = vec![Upsert::new(draft()), Upsert::seen(changed.clone())];
        assert_eq!(refused(members.upsert_many(rows).await), broken);
        assert_eq!(refused(members.update(changed.clone()).await), broken);
        let patched = members.patch(stored.id, Expected::Any, patch()).await;
        assert_eq!(refused(patched), broken);
        let patched = members.patch_where(&Filter::all(), patch()).await;
        assert_eq!(refused(patched), broken);
        let change = |member: &mut Member| (field.set)(member, longer.clone());
        let modified = members.modify(stored.id, Retry::default(), change);
        assert_eq!(refused(modified.await), broken);
    }
    assert_eq!(members.get(stored.id).await?, stored);
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn several_texts_of_one_entry_fit_together(db: &TwinDatabase) -> Result<()> {
    let members = db.store().repository::<Member>(&everyone());
    let mut longest = member(Uuid::from_u128(1), "");
    for field in FIELDS {
        (field.set)(&mut longest, noise(field.most));
    }
    let made = members.insert(longest.into_draft()).await?;
    members.delete(made.id, Expected::Any).await?;
    // The row enters the partial index again.
    let restored = members.restore(made.id, Expected::Any).await?;
    assert_eq!(restored.nickname, made.nickname);
    Ok(())
}

/// The lower case of the first two letters is longer in most languages. In the collation `C` only ASCII has a case.
#[twin_test(Migrator, everywhere)]
async fn limit_of_a_lower_case_index_does_not_depend_on_the_letters(
    db: &TwinDatabase,
) -> Result<()> {
    let members = db.store().repository::<Member>(&everyone());
    for letter in ["İ", "Ⱥ", "ß", "ΐ", "é", "Z"] {
        let most = letter.repeat(2_680 / letter.len());
        let made = members.insert(MemberDraft::new(most.clone())).await?;
        assert_eq!(made.email, most);
        let longer = format!("{most}{letter}");
        let longer = members.insert(MemberDraft::new(longer)).await;
        assert_eq!(refused(longer), too_long("email", 2_680));
    }
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn text_of_which_an_index_has_a_part_is_not_limited(db: &TwinDatabase) -> Result<()> {
    let members = db.store().repository::<Member>(&everyone());
    for letters in ["noise", "é", "😀"] {
        let biography = match letters {
            "noise" => noise(100_000),
            letters => letters.repeat(100_000 / letters.len()),
        };
        let draft = MemberDraft::new(letters).biography(biography.clone());
        let made = members.insert(draft).await?;
        assert_eq!(members.get(made.id).await?.biography, Some(biography));
    }
    Ok(())
}

fn too_long_for(table: Option<&str>, index: Option<&str>) -> ErrorKind {
    ErrorKind::InvalidValue {
        field: None,
        reason: InvalidReason::TooLongForIndex {
            table: table.map(|table| table.to_owned().into()),
            index: index.map(|index| index.to_owned().into()),
        },
    }
}

/// The library does not check the values of SeaORM's statements.
#[twin_test(Migrator)]
async fn index_that_refuses_a_value_of_custom_sql_is_named(db: &TwinDatabase) -> Result<()> {
    let insert = |bytes: usize| {
        let id = Uuid::from_u128(bytes as u128);
        format!(
            "INSERT INTO members (id, email, version) VALUES ('{id}', '{}', 1)",
            noise(bytes)
        )
    };
    for (bytes, expected) in [
        (
            2_700,
            too_long_for(Some("members"), Some("uq_members__email")),
        ),
        // Postgres cannot even build the entry, and names nothing.
        (10_000, too_long_for(None, None)),
    ] {
        let inserted = raw::execute(db.store(), &insert(bytes)).await;
        match db.engine() {
            Engine::Sqlite => inserted?,
            Engine::Postgres => {
                let error = inserted.expect_err("it is too long");
                assert_eq!(error.code(), Some("54000"));
                assert_eq!(*error.kind(), expected);
                assert!(!error.to_string().contains(&noise(20)), "{error}");
            }
        }
    }
    Ok(())
}

/// The doctor reports such a column. Its lower case can be longer.
#[tokio::test]
async fn field_is_named_if_its_index_refuses_what_the_domain_allows() -> Result<()> {
    let db = TwinDatabase::create::<History>(Target::Postgres).await;
    let db = db.expect("a database");
    let alter = "ALTER TABLE members ALTER COLUMN email TYPE text COLLATE \"und-x-icu\"";
    raw::execute(db.store(), alter).await?;
    let members = db.store().repository::<Member>(&everyone());
    let email = noise(2_000) + &"Ⱥ".repeat(330);
    let error = members.insert(MemberDraft::new(email)).await;
    let error = error.expect_err("its lower case is too long");
    assert_eq!(
        error.to_string(),
        "invalid value for email: it is too long for the index uq_members__email of members"
    );
    Ok(())
}

#[twin_test(Migrator)]
async fn index_that_the_domain_lacks_is_named(db: &TwinDatabase) -> Result<()> {
    let members = db.store().repository::<Member>(&everyone());
    let draft = |bytes: usize| MemberDraft::new("an address").biography(noise(bytes));
    for (method, bytes, index) in [
        ("(biography)", 3_000, Some("ix_members__extra")),
        ("(biography)", 10_000, None),
        ("(id) INCLUDE (biography)", 3_000, Some("ix_members__extra")),
        ("USING gin ((ARRAY[biography]))", 3_000, None),
        ("USING brin (biography)", 10_000, None),
    ] {
        if db.engine() == Engine::Postgres {
            // Deleted rows that another snapshot may see would be in the index too.
            raw::execute(db.store(), "TRUNCATE members CASCADE").await?;
            let create = format!("CREATE INDEX ix_members__extra ON members {method}");
            raw::execute(db.store(), &create).await?;
            let error = members.insert(draft(bytes)).await.expect_err("too long");
            assert_eq!(
                *error.kind(),
                too_long_for(Some("members"), index),
                "{method}"
            );
            raw::execute(db.store(), "DROP INDEX ix_members__extra").await?;
        }
        let made = members.insert(draft(bytes)).await?;
        raw::execute(
            db.store(),
            &format!("DELETE FROM members WHERE id = '{}'", made.id),
        )
        .await?;
    }
    Ok(())
}

/// The findings of the doctor about indexes, each with what it found.
async fn indexes(db: &TwinDatabase) -> Vec<(String, String)> {
    let report = Doctor::new(&DOMAIN).database(db.url()).check().await;
    let findings = report.findings.into_iter();
    let of_indexes = findings.filter(|one| one.name.contains("_members__"));
    let of_indexes = of_indexes.filter(|one| !one.name.starts_with("ck_"));
    of_indexes.map(|one| (one.subject(), one.found)).collect()
}

#[twin_test(Migrator)]
async fn doctor_says_which_texts_only_an_index_of_postgres_refuses(
    db: &TwinDatabase,
) -> Result<()> {
    assert_eq!(indexes(db).await, []);
    for (postgres, sqlite, limits) in [
        (
            "(biography)",
            "(biography)",
            "more than 2680 bytes in biography",
        ),
        (
            "(email, lower(biography))",
            "(email, lower(biography))",
            "more than 1336 bytes in email and more than 1336 bytes in biography",
        ),
        (
            "(version) INCLUDE (biography)",
            "(version)",
            "more than 2672 bytes in biography",
        ),
        // The texts of these are not limited, or have the limit already.
        ("USING hash (biography)", "(version)", ""),
        (
            "(substr(biography, 1, 20))",
            "(substr(biography, 1, 20))",
            "",
        ),
        ("(email)", "(email)", ""),
        ("(nickname) WHERE version > 1", "(nickname)", ""),
    ] {
        let create = "CREATE INDEX ix_members__extra ON members";
        let [sqlite, postgres] = [sqlite, postgres].map(|keys| format!("{create} {keys}"));
        raw::execute_on(db, &sqlite, &postgres).await?;
        let found = indexes(db).await;
        let [(subject, found)] = &*found else {
            panic!("{postgres}: {found:?}");
        };
        assert_eq!(subject, "members: ix_members__extra");
        let refuses = match db.engine() {
            Engine::Postgres if !limits.is_empty() => format!(", which refuses {limits}"),
            Engine::Sqlite | Engine::Postgres => String::new(),
        };
        let (_, said) = found.split_at(found.find(", which").unwrap_or(found.len()));
        assert_eq!(said, refuses, "{postgres}");
        raw::execute(db.store(), "DROP INDEX ix_members__extra").await?;
    }
    Ok(())
}
