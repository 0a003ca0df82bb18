//! The gateway: what callers ask for, as the sequence of calls that it takes. It stores nothing, and may crash anywhere.

use std::future::poll_fn;
use std::task::Poll;

use lingpai_core::ErrorCode;
use lingpai_core::residency::directory::Cause;
use lingpai_core::residency::fence::Verdict;
use lingpai_core::residency::{Area, Epoch, IdentityId};

use super::hosts::write_id;
use super::network::{Answer, Lost, Node, Person, Request, call};
use super::world::Shared;

/// How often the gateway asks the directory again when a host says that the identity has moved.
const ATTEMPTS: usize = 3;

/// Registers somebody, or finds who is registered.
pub(super) async fn register(world: Shared, area: Area, person: Person) -> Result<(), Lost> {
    let id = world.borrow_mut().fresh_id();
    let directory = |id| Node::Directory(id);
    let host = Node::Identity(area.clone());
    if !done(&call(&world, directory(id), Request::Register(area.clone())).await?) {
        return Ok(());
    }
    world.borrow_mut().seen.applied.insert((id, "identifier"), vec![person]);
    let known = match call(&world, host, Request::Claim(id, person)).await? {
        Answer::Verdict(Verdict::Granted) => id,
        Answer::Taken(other) => {
            call(&world, directory(id), Request::Abandon).await?;
            other
        }
        _ => return Ok(()),
    };
    // Whoever finds the identifier registered may say so to the directory: it is what the directory waits for.
    if done(&call(&world, directory(known), Request::Confirm).await?) {
        let mut world = world.borrow_mut();
        world.count("registered");
        if !world.seen.ids.contains(&known) {
            world.seen.ids.push(known);
        }
    }
    Ok(())
}

/// Looks somebody up in an area.
pub(super) async fn look_up(world: Shared, area: Area, person: Person) -> Result<(), Lost> {
    let found = call(&world, Node::Identity(area.clone()), Request::Find(person)).await?;
    let Answer::Found(id) = found else { return Ok(()) };
    if route(&world, id).await?.is_some_and(|(in_force, ..)| in_force == area) {
        world.borrow_mut().count("found");
    }
    Ok(())
}

/// Writes one item of data.
pub(super) async fn write(
    world: Shared,
    id: IdentityId,
    kind: &'static str,
    pinned: Option<Area>,
    value: u64,
) -> Result<(), Lost> {
    let to = |area: Area, epoch| {
        let host = Node::Data(pinned.clone().unwrap_or(area), pinned.is_some());
        (host, Request::Put(id, epoch, write_id(value), kind, value))
    };
    written(&world, id, kind, value, to).await
}

/// Reads the data that live at home.
pub(super) async fn read(world: Shared, id: IdentityId) -> Result<(), Lost> {
    let Some((area, epoch, _)) = route(&world, id).await? else { return Ok(()) };
    let acknowledged: Vec<_> = {
        let world = world.borrow();
        world.seen.acknowledged.iter().filter(|it| it.0.0 == id).cloned().collect()
    };
    let answer = call(&world, Node::Data(area, false), Request::Read(id, epoch)).await?;
    if let Answer::Items(items) = answer {
        let mut world = world.borrow_mut();
        world.count("read");
        // Whatever was acknowledged before is there, or something that was written later.
        for ((_, kind), value) in acknowledged.iter().filter(|it| it.0.1 == "profile") {
            let applied = &world.seen.applied[&(id, *kind)];
            let place = |value: &u64| applied.iter().rposition(|it| it == value);
            let there = items.get(kind).and_then(place);
            assert!(there >= place(value), "a read missed what was acknowledged before it");
        }
    }
    Ok(())
}

/// Changes the identifier where it is.
pub(super) async fn change(world: Shared, id: IdentityId, person: Person) -> Result<(), Lost> {
    let to =
        |area, epoch| (Node::Identity(area), Request::Change(id, epoch, write_id(person), person));
    written(&world, id, "identifier", person, to).await
}

/// One write, asked for again under its name where the identity has moved or no answer came: wherever the identity is by then.
async fn written(
    world: &Shared,
    id: IdentityId,
    kind: &'static str,
    value: u64,
    to: impl Fn(Area, Epoch) -> (Node, Request),
) -> Result<(), Lost> {
    for _ in 0..ATTEMPTS {
        let Ok(route) = route(world, id).await else {
            asked_again(world).await;
            continue;
        };
        let Some((area, epoch, true)) = route else { return Ok(()) };
        let (host, request) = to(area, epoch);
        match call(world, host, request).await {
            Ok(Answer::Verdict(Verdict::Granted | Verdict::Repeated)) => {
                acknowledged(world, id, kind, value);
                // Some forget what they were told.
                if world.borrow_mut().random.percent(60) {
                    return Ok(());
                }
                asked_again(world).await;
            }
            Ok(Answer::Verdict(Verdict::Moved)) => {}
            Ok(_) => return Ok(()),
            Err(Lost) => asked_again(world).await,
        }
    }
    Ok(())
}

/// A caller without an answer takes its time before it asks again: much may happen meanwhile.
async fn asked_again(world: &Shared) {
    let mut left = {
        let mut world = world.borrow_mut();
        world.count("asked again");
        world.random.below(60)
    };
    poll_fn(|_| {
        left = left.saturating_sub(1);
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Moves somebody.
pub(super) async fn relocate(world: Shared, id: IdentityId, to: Area) -> Result<(), Lost> {
    match call(&world, Node::Directory(id), Request::Move(to)).await? {
        Answer::Done => world.borrow_mut().count("moved"),
        Answer::Refused(ErrorCode::AlreadyRegistered) => world.borrow_mut().count("move refused"),
        _ => {}
    }
    Ok(())
}

/// Erases somebody.
pub(super) async fn erase(world: Shared, id: IdentityId, cause: Cause) -> Result<(), Lost> {
    if done(&call(&world, Node::Directory(id), Request::Remove(cause)).await?) {
        let mut world = world.borrow_mut();
        world.count("erased");
        world.seen.erased.insert(id);
    }
    Ok(())
}

async fn route(world: &Shared, id: IdentityId) -> Result<Option<(Area, Epoch, bool)>, Lost> {
    match call(world, Node::Directory(id), Request::Route).await? {
        Answer::Route { area, epoch, writable } => Ok(Some((area, epoch, writable))),
        _ => Ok(None),
    }
}

fn acknowledged(world: &Shared, id: IdentityId, kind: &'static str, value: u64) {
    let mut world = world.borrow_mut();
    world.count("written");
    world.seen.acknowledged.push(((id, kind), value));
}

fn done(answer: &Answer) -> bool {
    matches!(answer, Answer::Done)
}
