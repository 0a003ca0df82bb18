//! The directory at work: it answers, and drives plans step by step until nothing is left or a step fails. What it holds between
//! two steps is its record and nothing else.

use std::future::poll_fn;
use std::task::Poll;

use lingpai_core::residency::directory::{self, Change, Outcome, Record};
use lingpai_core::residency::fence::Verdict;
use lingpai_core::residency::plan::{self, Step, Task};
use lingpai_core::residency::{Area, Epoch, IdentityId};
use lingpai_core::{ErrorCode, Result};

use super::network::{Answer, Lost, Node, Request, call};
use super::world::{Sabotage, Shared, World};

/// Answers a request to the directory.
pub(super) async fn answer(world: &Shared, id: IdentityId, request: Request) -> Answer {
    let refused = |error: lingpai_core::Error| Answer::Refused(error.code());
    let now = world.borrow().now;
    match request {
        Request::Route => {
            let record = world.borrow().directory.get(&id).cloned();
            match record.ok_or(ErrorCode::IdentityUnknown.into()).and_then(|it| route(&it)) {
                Ok(route) => route,
                Err(error) => refused(error),
            }
        }
        Request::Register(area) => done(change(world, id, |it| directory::register(it, area, now))),
        Request::Confirm => done(change(world, id, directory::confirm)),
        Request::Abandon => {
            let changed = change(world, id, |it| directory::abandon(it, now));
            drive(world, id).await;
            done(changed)
        }
        Request::Move(to) => {
            if let Err(error) = change(world, id, |it| directory::begin_move(it, to.clone(), now)) {
                return refused(error);
            }
            drive(world, id).await;
            let world = world.borrow();
            let record = &world.directory[&id];
            match (record.route(), record.undone()) {
                (Ok(route), _) if *route.area == to => Answer::Done,
                (Ok(route), Some(code)) if route.writable => Answer::Refused(code),
                (Ok(_), _) => Answer::Pending,
                (Err(error), _) => refused(error),
            }
        }
        Request::Remove(cause) => {
            let areas = world.borrow().areas.clone();
            if let Err(error) =
                change(world, id, |it| directory::begin_removal(it, cause, &areas, now))
            {
                return refused(error);
            }
            drive(world, id).await;
            match world.borrow().directory[&id].state() {
                directory::State::Removed(_) => Answer::Done,
                _ => Answer::Pending,
            }
        }
        other => panic!("no business of the directory: {other:?}"),
    }
}

/// What an alarm starts.
pub(super) async fn wake(world: &Shared, id: IdentityId) {
    let now = world.borrow().now;
    change(world, id, |it| directory::wake(it, now)).expect("a record that can be woken");
    drive(world, id).await;
}

async fn drive(world: &Shared, id: IdentityId) {
    loop {
        let Some(task) = world.borrow().directory.get(&id).and_then(plan::next) else { return };
        // Between two steps anything may happen.
        let mut rested = false;
        poll_fn(|_| {
            let ready = std::mem::replace(&mut rested, true);
            if ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        // Carried around as text, as between a module and its host.
        let task = Task::parse(&task.to_json()).expect("our own text");
        let outcome = step(world, id, &task).await.unwrap_or(Outcome::Failed);
        let now = world.borrow().now;
        world.borrow_mut().count(task.step.as_str());
        world.borrow_mut().note(|| format!("  {} {} -> {outcome:?}", id.to_text(), task.to_json()));
        let blind = world.borrow().sabotage == Sabotage::NoCompareAndSet;
        change(world, id, |record| {
            let current = record.as_ref().and_then(plan::next);
            let reported = if blind { current.unwrap_or(task) } else { task };
            directory::report(record, &reported, outcome, now)
        })
        .expect("few epochs");
        if outcome == Outcome::Failed {
            return;
        }
    }
}

async fn step(world: &Shared, id: IdentityId, task: &Task) -> Result<Outcome, Lost> {
    let epoch = task.epoch;
    let ask = |node, request| call(world, node, request);
    let identity = |area: &Area| Node::Identity(area.clone());
    let data = |area: &Area, pinned| Node::Data(area.clone(), pinned);
    let answer = match &task.step {
        Step::FreezeIdentity(area) => ask(identity(area), Request::Freeze(id, epoch)).await?,
        Step::FreezeData(area) => ask(data(area, false), Request::Freeze(id, epoch)).await?,
        Step::CopyIdentity { from, to } => {
            match ask(identity(from), Request::ExportIdentity(id, epoch)).await? {
                Answer::Person(person, names) => {
                    ask(identity(to), Request::StageIdentity(id, epoch, person, names)).await?
                }
                other => other,
            }
        }
        Step::CopyData { from, to } => {
            match ask(data(from, false), Request::ExportData(id, epoch)).await? {
                Answer::Copies(items, names) => {
                    ask(data(to, false), Request::StageData(id, epoch, items, names)).await?
                }
                other => other,
            }
        }
        Step::ActivateIdentity(area) => ask(identity(area), Request::Activate(id, epoch)).await?,
        Step::ActivateData(area) => ask(data(area, false), Request::Activate(id, epoch)).await?,
        Step::DeleteData(area) => ask(data(area, false), Request::Delete(id, epoch)).await?,
        Step::DeletePinned(area) => ask(data(area, true), Request::Delete(id, epoch)).await?,
        Step::DeleteIdentity(area) => ask(identity(area), Request::Delete(id, epoch)).await?,
        Step::Commit | Step::Revoke | Step::EraseVault => Answer::Done,
    };
    Ok(match answer {
        Answer::Done | Answer::Verdict(Verdict::Granted) => Outcome::Done(None),
        Answer::Deleted(deletion) => Outcome::Done(Some(deletion)),
        Answer::Taken(_) => Outcome::Refused(ErrorCode::AlreadyRegistered),
        _ => Outcome::Failed,
    })
}

/// One transaction of the directory.
fn change(
    world: &Shared,
    id: IdentityId,
    decide: impl FnOnce(Option<Record>) -> Change,
) -> Result<()> {
    let mut world = world.borrow_mut();
    let before = world.directory.get(&id).cloned();
    let after = decide(before.clone())?;
    world.changed = true;
    note_state(&mut world, id, before.as_ref(), after.as_ref());
    match after {
        // Everything goes through the text that a store would hold.
        Some(record) => {
            let stored = Record::parse(&record.to_json()).expect("our own text");
            assert_eq!(stored, record);
            world.directory.insert(id, stored)
        }
        None => world.directory.remove(&id),
    };
    Ok(())
}

fn note_state(world: &mut World, id: IdentityId, before: Option<&Record>, after: Option<&Record>) {
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after.epoch() >= before.epoch(), "epochs only grow");
        if after.undone().is_some() && before.undone().is_none() {
            world.count("moves rolled back");
        }
    }
    if before != after {
        let line = after.map_or("forgotten".to_owned(), Record::to_json);
        world.note(|| format!("  {} = {line}", id.to_text()));
    }
}

fn route(record: &Record) -> Result<Answer> {
    let route = record.route()?;
    let (area, epoch): (Area, Epoch) = (route.area.clone(), route.epoch);
    Ok(Answer::Route { area, epoch, writable: route.writable })
}

fn done(changed: Result<()>) -> Answer {
    match changed {
        Ok(()) => Answer::Done,
        Err(error) => Answer::Refused(error.code()),
    }
}
