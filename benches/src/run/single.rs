//! The workloads of one task.

use std::hint::black_box;
use std::sync::Arc;

use entity::Habit;
use uuid::Uuid;

use super::meter::Meter;
use super::{Amount, Sample};
use crate::contestant::{CONFLICT, Contestant, MISSING, Outcome, Place, Upsert, renamed};
use crate::dataset::{drafts, new};
use crate::stage::Stage;
use crate::workload::Workload;

/// Runs a number of calls, one after another.
pub(super) async fn run(
    stage: Arc<Stage>,
    contestant: Arc<dyn Contestant>,
    workload: Workload,
    amount: Amount,
) -> Outcome<Sample> {
    let Amount::Calls(calls) = amount else {
        return Err("this workload has a number of calls".into());
    };
    let (count, many) = (usize::try_from(calls)?, stage.many());
    let mut meter = Meter::default();
    match workload {
        Workload::Insert => {
            let drafts = drafts(count);
            meter.start();
            for draft in drafts {
                black_box(contestant.insert(draft).await?);
            }
            meter.stop(calls);
        }
        Workload::Get => {
            let ids: Vec<Uuid> = stage.ids().take(count).collect();
            meter.start();
            for id in ids {
                black_box(contestant.get(id).await?.ok_or(MISSING)?);
            }
            meter.stop(calls);
        }
        Workload::GetAsOwner => {
            let ids: Vec<Uuid> = stage.ids().take(count).collect();
            meter.start();
            for id in ids {
                black_box(contestant.get_as_owner(id).await?.ok_or(MISSING)?);
            }
            meter.stop(calls);
        }
        Workload::Page => {
            let mut place: Option<Place> = None;
            meter.start();
            for _ in 0..count {
                place = black_box(contestant.page(place).await?).next;
            }
            meter.stop(calls);
        }
        Workload::Update => {
            let mut rows = contestant.page(None).await?.items;
            meter.start();
            for turn in 0..count {
                let index = turn % rows.len();
                let changed = renamed(rows[index].clone());
                rows[index] = contestant.update(changed).await?.ok_or(CONFLICT)?;
            }
            meter.stop(calls);
        }
        Workload::Transaction => {
            let mut row = contestant.page(None).await?.items.remove(0);
            meter.start();
            for turn in 0..count {
                let drafts = [new(turn), new(turn + 1)];
                row = contestant.transaction(row, drafts).await?;
            }
            meter.stop(calls);
        }
        Workload::InsertMany => {
            for _ in 0..count {
                let drafts = drafts(many);
                meter.start();
                let rows = black_box(contestant.insert_many(drafts).await?);
                meter.stop(1);
                drop(rows);
                stage.tidy().await?;
            }
        }
        Workload::UpsertMany => {
            for _ in 0..count {
                let rows = half_changed(contestant.read_many(many / 2).await?);
                meter.start();
                let rows = black_box(contestant.upsert_many(rows).await?);
                meter.stop(1);
                drop(rows);
                stage.tidy().await?;
            }
        }
        Workload::ReadMany => {
            for _ in 0..count {
                meter.start();
                let rows = black_box(contestant.read_many(many).await?);
                meter.stop(1);
                drop(rows);
            }
        }
        Workload::StreamMany => {
            for _ in 0..count {
                let mut rows = 0;
                meter.start();
                let mut visit = |row: Habit| {
                    black_box(row);
                    rows += 1;
                };
                contestant.stream_many(many, &mut visit).await?;
                meter.stop(1);
                if rows != many {
                    return Err(format!("{rows} rows instead of {many}").into());
                }
            }
        }
        _ => return Err("this is a workload of several tasks".into()),
    }
    Ok(meter.sample())
}

/// The rows with other contents, and a new one after each.
pub(crate) fn half_changed(rows: Vec<Habit>) -> Vec<Upsert> {
    let pair = |(index, row)| [Upsert::Seen(renamed(row)), Upsert::New(new(index))];
    rows.into_iter().enumerate().flat_map(pair).collect()
}
