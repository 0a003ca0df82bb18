//! 5,000 seeded schedules: callers race, messages are lost, late, doubled and overtaken, nodes crash at every step. Whatever
//! happens, an identifier is in force in one area at most; and when everything has come to rest, it is in exactly one.
//!
//! A schedule that fails names its seed; this shows it step by step:
//! `RESIDENCY_SEED=<seed> cargo test -p lingpai-tests --test it residency::campaign -- --nocapture`.
//! `RESIDENCY_SCHEDULES=<n>` runs more of them.

use std::collections::BTreeMap;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lingpai_core::residency::directory::{Cause, State};
use lingpai_core::residency::fence::{Command, Entry, Kind, Presence, Verdict, decide};
use lingpai_core::residency::plan::{self, Step};
use lingpai_core::residency::{Area, Epoch, IdentityId};

use super::clients;
use super::driver;
use super::hosts::{ask_data, ask_identity};
use super::network::{Node, Request};
use super::world::{Sabotage, Shared, World, poll, spawn};

/// Events of a schedule before faults end and everything has to come to rest.
const EVENTS: usize = 500;

/// Requests of callers in a schedule.
const CALLERS: usize = 14;

#[test]
fn schedules_with_faults_keep_every_promise() {
    if let Some(seed) = number("RESIDENCY_SEED") {
        println!("{}", run(seed, Sabotage::Nothing, true).unwrap_or_else(|why| panic!("{why}")).1);
        return;
    }
    let schedules = number("RESIDENCY_SCHEDULES").unwrap_or(5_000);
    let mut counts = BTreeMap::new();
    for seed in 0..schedules {
        match run(seed, Sabotage::Nothing, false) {
            Ok((seen, _)) => {
                seen.into_iter().for_each(|(what, n)| *counts.entry(what).or_insert(0) += n)
            }
            Err(why) => panic!("seed {seed}: {why}\nRESIDENCY_SEED={seed} shows it step by step"),
        }
    }
    println!("{counts:#?}");
    // A campaign that never gets to a step proves nothing about it.
    let steps = "freeze_identity freeze_data copy_identity copy_data commit activate_identity activate_data \
        delete_data delete_pinned delete_identity revoke erase_vault";
    let crashes: Vec<String> =
        steps.split_whitespace().map(|step| format!("crash at {step}")).collect();
    let events = [
        "registered",
        "found",
        "read",
        "written",
        "asked again",
        "moved",
        "move refused",
        "erased",
        "moves rolled back",
        "doubled",
        "late",
        "lost",
    ];
    for what in steps.split_whitespace().chain(crashes.iter().map(String::as_str)).chain(events) {
        let times = counts.get(what).copied().unwrap_or(0);
        assert!(times * 1_000 >= schedules, "{what}: {times} times in {schedules} schedules");
    }
}

#[test]
fn the_campaign_notices_when_a_fence_the_compare_and_set_tombstones_or_names_are_missing() {
    for sabotage in
        [Sabotage::NoFence, Sabotage::NoCompareAndSet, Sabotage::NoTombstone, Sabotage::NoNames]
    {
        let found = (0..2_000).find(|seed| run(*seed, sabotage, false).is_err());
        assert!(found.is_some(), "{sabotage:?} goes unnoticed");
        println!("{sabotage:?}: noticed by seed {}", found.unwrap());
    }
}

type Report = (BTreeMap<String, u64>, String);

fn run(seed: u64, sabotage: Sabotage, shown: bool) -> Result<Report, String> {
    let world = World::new(seed, sabotage, shown);
    let quiet = if shown { None } else { Some(std::panic::take_hook()) };
    if quiet.is_some() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let result = catch_unwind(AssertUnwindSafe(|| schedule(&world)));
    if let Some(hook) = quiet {
        std::panic::set_hook(hook);
    }
    let trace = world.try_borrow().map(|world| world.trace.join("\n")).unwrap_or_default();
    // Tasks hold the world that holds them.
    let tasks = world.try_borrow_mut().map(|mut it| std::mem::take(&mut it.tasks)).ok();
    drop(tasks);
    match result {
        Ok(()) => {
            let counts = std::mem::take(&mut world.borrow_mut().seen.counts);
            Ok((counts.into_iter().map(|(what, n)| (what.to_owned(), n)).collect(), trace))
        }
        Err(panic) => {
            let why = panic.downcast_ref::<String>().cloned();
            let why = why.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
            Err(format!("{}\n{trace}", why.unwrap_or_default()))
        }
    }
}

fn schedule(world: &Shared) {
    let mut callers = 0;
    for _ in 0..EVENTS {
        if callers < CALLERS && (callers < 2 || world.borrow_mut().random.percent(5)) {
            caller(world, callers);
            callers += 1;
        }
        event(world);
        check(world);
    }
    come_to_rest(world);
    check(world);
    check_rest(world);
}

/// One more caller with something that it wants.
fn caller(world: &Shared, number: usize) {
    let mut here = world.borrow_mut();
    let area = pick(&mut here);
    let value = 1_000 + number as u64;
    // Few people, so that they meet.
    let person = here.random.below(3) as u64;
    let ids = here.seen.ids.clone();
    let cause = if here.random.percent(50) { Cause::Person } else { Cause::Identity };
    let id = if ids.is_empty() { None } else { Some(ids[here.random.below(ids.len())]) };
    // In some worlds nearly everybody moves, there and back again.
    let restless = here.restless && here.random.percent(70);
    let choice = if restless { 64 } else { here.random.below(100) };
    let other = world.clone();
    drop(here);
    let task = async move {
        let _ = match (id, choice) {
            (None, _) | (_, 0..12) => clients::register(other, area, person).await,
            (_, 12..20) => clients::look_up(other, area, person).await,
            (Some(id), 20..40) => clients::write(other, id, "profile", None, value).await,
            (Some(id), 40..46) => clients::write(other, id, "orders", Some(area), value).await,
            (Some(id), 46..56) => clients::read(other, id).await,
            (Some(id), 56..64) => clients::change(other, id, value).await,
            (Some(id), 64..88) => clients::relocate(other, id, area).await,
            (Some(id), _) => clients::erase(other, id, cause).await,
        };
    };
    spawn(world, Node::Gateway, task);
}

/// One thing that happens.
fn event(world: &Shared) {
    let mut here = world.borrow_mut();
    here.network.tick(1);
    // Calm schedules get far, wild ones get stuck in interesting places.
    let wild = here.wild;
    let choice = here.random.below(100 + 4 * wild);
    match choice {
        0..30 => {
            let tasks = here.tasks.len();
            drop(here);
            for place in (0..tasks).rev() {
                poll(world, place);
            }
        }
        30..66 => {
            let requests = here.network.requests.len();
            if requests > 0 {
                let place = here.random.below(requests);
                let twice = here.random.percent(wild);
                let (call, to, request) = here.network.requests.swap_remove(place);
                if twice {
                    here.count("doubled");
                    // The second may come when everything else has long gone on.
                    let delay = here.random.below(EVENTS);
                    here.network.delay((call, to.clone(), request.clone()), delay);
                }
                drop(here);
                deliver(world, call, to, request);
            }
        }
        66..94 => {
            let answers = here.network.answers.len();
            if answers > 0 {
                let place = here.random.below(answers);
                let (call, _, answer) = here.network.answers.swap_remove(place);
                here.network.resolve(call, Ok(answer));
            }
        }
        94..97 => {
            let seconds = 1 + here.random.below(4) as i64;
            here.now = here.now.plus(seconds);
        }
        97..100 => {
            drop(here);
            alarm(world);
        }
        _ => {
            let kind = here.random.below(4);
            drop(here);
            fault(world, kind);
        }
    }
}

fn fault(world: &Shared, kind: usize) {
    let mut here = world.borrow_mut();
    match kind {
        0 => {
            // The caller gives up; the request is on its way all the same.
            let open = here.network.open();
            if !open.is_empty() {
                let call = open[here.random.below(open.len())];
                here.count("late");
                here.network.resolve(call, Err(()));
            }
        }
        1 => {
            let answers = here.network.answers.len();
            if answers > 0 {
                let place = here.random.below(answers);
                let (call, ..) = here.network.answers.swap_remove(place);
                here.count("lost");
                here.network.resolve(call, Err(()));
            }
        }
        2 => {
            let requests = here.network.requests.len();
            if requests > 0 {
                let place = here.random.below(requests);
                let (call, ..) = here.network.requests.swap_remove(place);
                here.count("unreachable");
                here.network.resolve(call, Err(()));
            }
        }
        _ => {
            drop(here);
            crash(world);
        }
    }
}

/// A node ends without a warning: what it was doing is gone, and what was on its way from it or to it as well.
fn crash(world: &Shared) {
    let mut here = world.borrow_mut();
    let ids: Vec<IdentityId> = here.directory.keys().copied().collect();
    let area = pick(&mut here);
    let node = match here.random.below(6) {
        0 => Node::Gateway,
        1 => Node::Identity(area),
        2 => Node::Data(area, here.random.percent(20)),
        _ if ids.is_empty() => return,
        _ => Node::Directory(ids[here.random.below(ids.len())]),
    };
    let steps: Vec<Step> = match &node {
        Node::Directory(id) => {
            here.directory.get(id).and_then(plan::next).into_iter().map(|it| it.step).collect()
        }
        _ => here.directory.values().filter_map(plan::next).map(|it| it.step).collect(),
    };
    for step in steps {
        here.count(crash_at(&step));
    }
    here.note(|| format!("crash of {node:?}"));
    here.network.drop_of(&node);
    let (gone, kept) = std::mem::take(&mut here.tasks).into_iter().partition(|it| it.0 == node);
    here.tasks = kept;
    drop(here);
    let gone: Vec<(Node, super::world::Task)> = gone;
    drop(gone);
}

fn alarm(world: &Shared) -> bool {
    let here = world.borrow();
    let due = here.directory.iter().find(|(_, it)| it.wake_at().is_some_and(|at| at <= here.now));
    let Some(id) = due.map(|(id, _)| *id) else { return false };
    drop(here);
    let other = world.clone();
    spawn(world, Node::Directory(id), async move { driver::wake(&other, id).await });
    true
}

fn deliver(world: &Shared, call: u64, to: Node, request: Request) {
    world.borrow_mut().note(|| format!("{call} {to:?} <- {request:?}"));
    let answer = match &to {
        Node::Identity(area) => ask_identity(&mut world.borrow_mut(), area, request),
        Node::Data(area, pinned) => ask_data(&mut world.borrow_mut(), area, *pinned, request),
        Node::Directory(id) => {
            let (id, other, node) = (*id, world.clone(), to.clone());
            return spawn(world, to, async move {
                let answer = driver::answer(&other, id, request).await;
                other.borrow_mut().network.answers.push((call, node, answer));
            });
        }
        Node::Gateway => unreachable!("nobody calls the gateway"),
    };
    world.borrow_mut().note(|| format!("{call} -> {answer:?}"));
    world.borrow_mut().network.answers.push((call, to, answer));
}

/// No more faults: everything on its way arrives, every alarm comes, and the world has to become still.
fn come_to_rest(world: &Shared) {
    for _ in 0..5_000 {
        let tasks = world.borrow().tasks.len();
        for place in (0..tasks).rev() {
            poll(world, place);
        }
        world.borrow_mut().network.tick(EVENTS);
        let requests = std::mem::take(&mut world.borrow_mut().network.requests);
        let answers = std::mem::take(&mut world.borrow_mut().network.answers);
        let still = requests.is_empty() && answers.is_empty();
        for (call, to, request) in requests {
            deliver(world, call, to, request);
        }
        for (call, _, answer) in answers {
            world.borrow_mut().network.resolve(call, Ok(answer));
        }
        if !still {
            continue;
        }
        let mut here = world.borrow_mut();
        if !here.tasks.is_empty() {
            // Nobody will answer what is still waited for.
            for call in here.network.open() {
                here.network.resolve(call, Err(()));
            }
            continue;
        }
        let Some(next) = here.directory.values().filter_map(|it| it.wake_at()).min() else {
            return;
        };
        here.now = here.now.max(next);
        drop(here);
        alarm(world);
    }
    panic!("it does not come to rest");
}

/// What holds at every moment.
fn check(world: &Shared) {
    if !std::mem::take(&mut world.borrow_mut().changed) {
        return;
    }
    let here = world.borrow();
    for (id, record) in &here.directory {
        for kind in [Kind::Identity, Kind::Data] {
            let entries: Vec<(&Area, &Entry)> = entries(&here, kind, *id);
            let active = entries.iter().filter(|it| it.1.presence() == Presence::Active).count();
            assert!(active <= 1, "{} is in force in {active} areas", id.to_text());
            // Whatever epoch somebody comes with: at most one area lets them in.
            let last = record.epoch().as_i64() + 1;
            for epoch in (0..=last).map(|number| Epoch::from_i64(number).unwrap()) {
                let open = entries.iter().filter(|(_, entry)| {
                    let entry = Some((*entry).clone());
                    decide(kind, entry, Command::Read, epoch).0 == Verdict::Granted
                });
                assert!(open.count() <= 1, "two areas let in who comes with epoch {epoch:?}");
            }
        }
    }
    for id in &here.seen.erased {
        assert!(!anything_of(&here, *id), "something of {} is left, or came back", id.to_text());
    }
}

/// What holds when nothing is under way any more.
fn check_rest(world: &Shared) {
    let here = world.borrow();
    for id in &here.seen.ids {
        assert!(here.directory.contains_key(id), "{} is unknown, and was registered", id.to_text());
    }
    for (id, record) in &here.directory {
        let shown = record.to_json();
        match record.state() {
            State::Active => {
                let area = record.area();
                for kind in [Kind::Identity, Kind::Data] {
                    for (host, entry) in entries(&here, kind, *id) {
                        let home = host == area;
                        assert_eq!(
                            entry.presence() == Presence::Active,
                            home,
                            "{shown}: {entry:?} in {host:?}"
                        );
                        assert_eq!(
                            entry.deletion().is_some(),
                            !home,
                            "{shown}: {entry:?} in {host:?}"
                        );
                    }
                }
                let person = here.identities[area].rows.get(id);
                let written = here.seen.applied.get(&(*id, "identifier")).and_then(|it| it.last());
                assert_eq!(person, written, "{shown}: the identifier that was written last");
                let items = here.data[&(area.clone(), false)].rows.get(id);
                let profile = items.and_then(|items| items.get("profile"));
                let written = here.seen.applied.get(&(*id, "profile")).and_then(|it| it.last());
                assert_eq!(profile, written, "{shown}: the data that were written last");
            }
            State::Removed(_) => assert!(!anything_of(&here, *id), "{shown}"),
            _ => panic!("{shown} has come to rest"),
        }
    }
    for (area, host) in &here.identities {
        let mut people: Vec<_> = host.rows.values().collect();
        people.sort();
        people.dedup();
        assert_eq!(
            people.len(),
            host.rows.len(),
            "one identifier is of two identities in {area:?}"
        );
        for id in host.rows.keys() {
            let record =
                here.directory.get(id).expect("an identifier that the directory does not know");
            assert_eq!(record.area(), area);
        }
    }
    for ((area, pinned), host) in &here.data {
        for id in host.rows.keys() {
            let record = here.directory.get(id).expect("data that the directory does not know");
            assert!(*pinned || record.area() == area, "data away from home");
            assert!(here.identities[record.area()].rows.contains_key(id), "data without identity");
        }
    }
}

fn entries(world: &World, kind: Kind, id: IdentityId) -> Vec<(&Area, &Entry)> {
    match kind {
        Kind::Identity => world
            .identities
            .iter()
            .filter_map(|(area, it)| Some((area, it.entries.get(&id)?)))
            .collect(),
        Kind::Data => world
            .data
            .iter()
            .filter(|((_, pinned), _)| !pinned)
            .filter_map(|((area, _), it)| Some((area, it.entries.get(&id)?)))
            .collect(),
    }
}

fn anything_of(world: &World, id: IdentityId) -> bool {
    world.identities.values().any(|it| it.rows.contains_key(&id))
        || world.data.values().any(|it| it.rows.contains_key(&id))
}

fn pick(world: &mut World) -> Area {
    let place = world.random.below(world.areas.len());
    world.areas[place].clone()
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}: a number")))
}

const fn crash_at(step: &Step) -> &'static str {
    match step {
        Step::FreezeIdentity(_) => "crash at freeze_identity",
        Step::FreezeData(_) => "crash at freeze_data",
        Step::CopyIdentity { .. } => "crash at copy_identity",
        Step::CopyData { .. } => "crash at copy_data",
        Step::Commit => "crash at commit",
        Step::ActivateIdentity(_) => "crash at activate_identity",
        Step::ActivateData(_) => "crash at activate_data",
        Step::DeleteData(_) => "crash at delete_data",
        Step::DeletePinned(_) => "crash at delete_pinned",
        Step::DeleteIdentity(_) => "crash at delete_identity",
        Step::Revoke => "crash at revoke",
        Step::EraseVault => "crash at erase_vault",
    }
}
