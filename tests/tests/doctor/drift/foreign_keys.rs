//! Foreign keys.

use catamaran::doctor::Code::*;

use catamaran::Engine;

use super::{
    Change::{Rows, Written},
    Drift, HABIT, postgres, sqlite,
};
use crate::orphans::{ROW, ROW_ON_POSTGRES};

pub(super) const DRIFTS: &[Drift] = &[
    sqlite(
        "foreign key missing",
        Written(
            "reminders",
            "CONSTRAINT fk_reminders__user_id_habit_id FOREIGN KEY (user_id, habit_id)\n        REFERENCES habits (user_id, id) ON DELETE CASCADE ON UPDATE NO ACTION,",
            "",
        ),
        ForeignKeyMissing,
        HABIT,
    ),
    postgres(
        "foreign key missing",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id",
        ForeignKeyMissing,
        HABIT,
    ),
    sqlite(
        "foreign key extra",
        Written(
            "reminders",
            "habit_id TEXT NOT NULL",
            "habit_id TEXT NOT NULL REFERENCES habits (id)",
        ),
        ForeignKeyExtra,
        "reminders: habit_id",
    ),
    postgres(
        "foreign key extra",
        "ALTER TABLE reminders ADD CONSTRAINT fk_short FOREIGN KEY (habit_id) REFERENCES habits (id)",
        ForeignKeyExtra,
        "reminders: fk_short",
    ),
    sqlite(
        "foreign key twice",
        Written(
            "reminders",
            "CONSTRAINT fk_reminders__user_id_habit_id",
            "CONSTRAINT fk_again FOREIGN KEY (user_id, habit_id)\n        REFERENCES habits (user_id, id) ON DELETE SET NULL,\n    CONSTRAINT fk_reminders__user_id_habit_id",
        ),
        ForeignKeyExtra,
        "reminders: fk_again",
    ),
    postgres(
        "foreign key twice",
        "ALTER TABLE reminders ADD CONSTRAINT zz_again FOREIGN KEY (user_id, habit_id) \
         REFERENCES habits (user_id, id) ON DELETE RESTRICT",
        ForeignKeyExtra,
        "reminders: zz_again",
    ),
    sqlite(
        "foreign key: other target",
        Written(
            "reminders",
            "REFERENCES habits (user_id, id)",
            "REFERENCES habits (id, user_id)",
        ),
        ForeignKeyTarget,
        HABIT,
    ),
    postgres(
        "foreign key: other target",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (id, user_id) ON DELETE CASCADE",
        ForeignKeyTarget,
        HABIT,
    ),
    postgres(
        "foreign key: other table",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id; CREATE UNIQUE INDEX ux ON devices (user_id, id); \
         ALTER TABLE reminders ADD CONSTRAINT fk_reminders__user_id_habit_id FOREIGN KEY (user_id, habit_id) \
         REFERENCES devices (user_id, id) ON DELETE CASCADE",
        ForeignKeyTarget,
        HABIT,
    ),
    postgres(
        "foreign key: table of another schema",
        "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.habits (user_id uuid, id uuid, UNIQUE (user_id, id)); \
         ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES elsewhere.habits (user_id, id) ON DELETE CASCADE",
        ForeignKeyTarget,
        HABIT,
    ),
    sqlite(
        "foreign key: on delete",
        Written("reminders", "ON DELETE CASCADE", "ON DELETE RESTRICT"),
        ForeignKeyDelete,
        HABIT,
    ),
    postgres(
        "foreign key: on delete",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT",
        ForeignKeyDelete,
        HABIT,
    ),
    postgres(
        "foreign key: on delete, of one column",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE SET NULL (habit_id)",
        ForeignKeyDelete,
        HABIT,
    ),
    sqlite(
        "foreign key: on update",
        Written("reminders", "ON UPDATE NO ACTION", "ON UPDATE CASCADE"),
        ForeignKeyUpdate,
        HABIT,
    ),
    postgres(
        "foreign key: on update",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE CASCADE ON UPDATE CASCADE",
        ForeignKeyUpdate,
        HABIT,
    ),
    sqlite(
        "foreign key: deferrable",
        Written(
            "reminders",
            "ON UPDATE NO ACTION",
            "ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED",
        ),
        ForeignKeyDeferrable,
        HABIT,
    ),
    postgres(
        "foreign key: deferrable",
        "ALTER TABLE reminders ALTER CONSTRAINT fk_reminders__user_id_habit_id DEFERRABLE INITIALLY DEFERRED",
        ForeignKeyDeferrable,
        HABIT,
    ),
    postgres(
        "foreign key: never checked",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE CASCADE NOT VALID",
        NotValid,
        HABIT,
    ),
    postgres(
        "foreign key: disabled at the child",
        "ALTER TABLE reminders DISABLE TRIGGER ALL",
        ForeignKeyDisabled,
        HABIT,
    ),
    postgres(
        "foreign key: disabled at the parent",
        "ALTER TABLE habits DISABLE TRIGGER ALL",
        ForeignKeyDisabled,
        HABIT,
    ),
    postgres(
        "foreign key: NULL in part",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) MATCH FULL ON DELETE CASCADE",
        ForeignKeyMatch,
        HABIT,
    ),
    sqlite("rows without a parent", Rows(ROW), Orphans, HABIT),
    Drift {
        engine: Engine::Postgres,
        ..sqlite(
            "rows without a parent",
            Rows(ROW_ON_POSTGRES),
            Orphans,
            HABIT,
        )
    },
];
