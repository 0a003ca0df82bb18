//! Calls between nodes as messages: delivered in any order, late, twice or not at all; answers too.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;

use lingpai_core::ErrorCode;
use lingpai_core::residency::directory::Cause;
use lingpai_core::residency::fence::{Deletion, Verdict, WriteId};
use lingpai_core::residency::{Area, Epoch, IdentityId};

use super::world::Shared;

/// Somebody who can be called, or crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Gateway,
    Directory(IdentityId),
    Identity(Area),
    Data(Area, bool),
}

/// A person's identifier; two people never share one.
pub(super) type Person = u64;

/// What a data host has of an identity: values by type.
pub(super) type Items = BTreeMap<&'static str, u64>;

/// Names of writes, as text.
pub(super) type Names = Vec<String>;

#[derive(Clone, Debug)]
pub(super) enum Request {
    // To an identity host
    Find(Person),
    Claim(IdentityId, Person),
    Change(IdentityId, Epoch, WriteId, Person),
    ExportIdentity(IdentityId, Epoch),
    StageIdentity(IdentityId, Epoch, Person, Names),
    // To a data host
    Read(IdentityId, Epoch),
    Put(IdentityId, Epoch, WriteId, &'static str, u64),
    ExportData(IdentityId, Epoch),
    StageData(IdentityId, Epoch, Items, Names),
    // To either
    Freeze(IdentityId, Epoch),
    Activate(IdentityId, Epoch),
    Delete(IdentityId, Epoch),
    // To the directory
    Route,
    Register(Area),
    Confirm,
    Abandon,
    Move(Area),
    Remove(Cause),
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Verdict(Verdict),
    Found(IdentityId),
    /// The identifier is somebody else's.
    Taken(IdentityId),
    Person(Person, Names),
    Items(Items),
    Copies(Items, Names),
    Deleted(Deletion),
    Route {
        area: Area,
        epoch: Epoch,
        writable: bool,
    },
    Done,
    /// Still under way.
    Pending,
    Refused(ErrorCode),
}

/// No answer: the request, the answer or the other side is lost, or it takes too long.
pub(super) struct Lost;

#[derive(Default)]
pub(super) struct Network {
    pub(super) requests: Vec<(u64, Node, Request)>,
    /// Requests that take their time, with the event at which they join the others.
    pub(super) slow: Vec<(usize, (u64, Node, Request))>,
    /// Events so far.
    pub(super) clock: usize,
    pub(super) answers: Vec<(u64, Node, Answer)>,
    waiting: BTreeMap<u64, Option<Result<Answer, ()>>>,
    last: u64,
}

impl Network {
    fn send(&mut self, to: Node, request: Request, delay: usize) -> u64 {
        self.last += 1;
        self.waiting.insert(self.last, None);
        self.delay((self.last, to, request), delay);
        self.last
    }

    /// A message that takes so many events before it can be delivered.
    pub(super) fn delay(&mut self, message: (u64, Node, Request), events: usize) {
        self.slow.push((self.clock + events, message));
        self.tick(0);
    }

    /// Lets `events` pass.
    pub(super) fn tick(&mut self, events: usize) {
        self.clock += events;
        let clock = self.clock;
        let due = self.slow.extract_if(.., |(at, _)| *at <= clock);
        self.requests.extend(due.map(|(_, message)| message));
    }

    /// The caller of `call` gets this, if it still waits.
    pub(super) fn resolve(&mut self, call: u64, result: Result<Answer, ()>) {
        if let Some(slot @ None) = self.waiting.get_mut(&call) {
            *slot = Some(result);
        }
    }

    /// Calls that nobody has answered.
    pub(super) fn open(&self) -> Vec<u64> {
        self.waiting.iter().filter(|(_, slot)| slot.is_none()).map(|(call, _)| *call).collect()
    }

    /// Everything that was on its way to a node or from it is gone.
    pub(super) fn drop_of(&mut self, node: &Node) {
        let (gone, kept) =
            std::mem::take(&mut self.requests).into_iter().partition(|it| it.1 == *node);
        self.requests = kept;
        let gone: Vec<(u64, Node, Request)> = gone;
        let (lost, kept) =
            std::mem::take(&mut self.answers).into_iter().partition(|it| it.1 == *node);
        self.answers = kept;
        let lost: Vec<(u64, Node, Answer)> = lost;
        for call in gone.into_iter().map(|it| it.0).chain(lost.into_iter().map(|it| it.0)) {
            self.resolve(call, Err(()));
        }
    }
}

/// Calls a node and waits for its answer, or for the end of patience.
pub(super) async fn call(world: &Shared, to: Node, request: Request) -> Result<Answer, Lost> {
    let call = {
        let mut world = world.borrow_mut();
        let delay = if world.random.percent(15) { world.random.below(150) } else { 0 };
        world.network.send(to, request, delay)
    };
    let waiting = Waiting { world: world.clone(), call };
    poll_fn(|_| {
        let slot = waiting.world.borrow().network.waiting.get(&call).cloned().flatten();
        match slot {
            Some(Ok(answer)) => Poll::Ready(Ok(answer)),
            Some(Err(())) => Poll::Ready(Err(Lost)),
            None => Poll::Pending,
        }
    })
    .await
}

/// A call that its caller may stop waiting for, by crashing for example. The request goes on without it.
struct Waiting {
    world: Shared,
    call: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // A crash drops tasks while it has the world in its hands.
        if let Ok(mut world) = self.world.try_borrow_mut() {
            world.network.waiting.remove(&self.call);
        }
    }
}
