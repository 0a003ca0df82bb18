//! A world of hosts, a directory and a gateway in one thread: what a seed draws happens, and nothing else. Whatever a node keeps
//! in memory is gone when it crashes; what it has stored stays.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use lingpai_core::residency::directory::Record;
use lingpai_core::residency::{Area, Epoch, IdentityId};
use lingpai_core::time::UnixSeconds;
use lingpai_tests::NOW;

use super::hosts::{DataHost, IdentityHost};
use super::network::{Network, Node};

/// What is broken on purpose, to see that the campaign notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sabotage {
    Nothing,
    /// Hosts let writes in whatever the fence says.
    NoFence,
    /// The directory takes any report for one about the step that it is at.
    NoCompareAndSet,
    /// Tombstones are forgotten: an id that was deleted can be written again.
    NoTombstone,
    /// A move leaves the names of writes behind.
    NoNames,
}

pub(super) type Task = Pin<Box<dyn Future<Output = ()>>>;

pub(super) struct World {
    pub(super) random: Random,
    pub(super) now: UnixSeconds,
    pub(super) areas: Vec<Area>,
    pub(super) sabotage: Sabotage,
    /// How many faults there are: 0 to 4.
    pub(super) wild: usize,
    /// Whether nearly everybody moves.
    pub(super) restless: bool,
    pub(super) identities: BTreeMap<Area, IdentityHost>,
    pub(super) data: BTreeMap<(Area, bool), DataHost>,
    pub(super) directory: BTreeMap<IdentityId, Record>,
    pub(super) network: Network,
    pub(super) tasks: Vec<(Node, Task)>,
    pub(super) seen: Seen,
    /// Whether anything that is stored has changed since somebody looked.
    pub(super) changed: bool,
    pub(super) shown: bool,
    pub(super) trace: Vec<String>,
}

/// What an observer outside all nodes knows.
#[derive(Default)]
pub(super) struct Seen {
    /// Identities whose registration was answered, with what the caller may rely on.
    pub(super) ids: Vec<IdentityId>,
    /// Each write that took effect at a host, in the order in which they did: what was written last has to be there in the end.
    pub(super) applied: BTreeMap<(IdentityId, &'static str), Vec<u64>>,
    /// Writes that were answered as done.
    pub(super) acknowledged: Vec<((IdentityId, &'static str), u64)>,
    /// Identities whose erasure was answered as done.
    pub(super) erased: BTreeSet<IdentityId>,
    /// The area that let somebody in, for each epoch of each identity.
    pub(super) served: BTreeMap<(IdentityId, Epoch), Area>,
    /// Steps and events, to show that the schedules reach what they are meant to reach.
    pub(super) counts: BTreeMap<&'static str, u64>,
}

pub(super) type Shared = Rc<RefCell<World>>;

impl World {
    pub(super) fn new(seed: u64, sabotage: Sabotage, shown: bool) -> Shared {
        let areas: Vec<Area> = ["cn", "eu", "us"].map(|name| Area::parse(name).unwrap()).into();
        let identities = areas.iter().map(|area| (area.clone(), IdentityHost::default()));
        let data = areas.iter().flat_map(|area| {
            [false, true].map(|pinned| ((area.clone(), pinned), DataHost::default()))
        });
        let mut random = Random(seed);
        Rc::new(RefCell::new(Self {
            wild: random.below(5),
            restless: random.percent(40),
            random,
            now: NOW,
            identities: identities.collect(),
            data: data.collect(),
            areas,
            sabotage,
            directory: BTreeMap::new(),
            network: Network::default(),
            tasks: Vec::new(),
            seen: Seen::default(),
            changed: false,
            shown,
            trace: Vec::new(),
        }))
    }

    pub(super) fn count(&mut self, what: &'static str) {
        *self.seen.counts.entry(what).or_default() += 1;
    }

    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if self.shown {
            let line = line();
            self.trace.push(line);
        }
    }

    pub(super) fn fresh_id(&mut self) -> IdentityId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.random.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.random.next().to_be_bytes());
        IdentityId::from_random(bytes)
    }

    /// Notes that a write took effect. None does twice.
    pub(super) fn applied(&mut self, id: IdentityId, kind: &'static str, value: u64) {
        let applied = self.seen.applied.entry((id, kind)).or_default();
        assert!(!applied.contains(&value), "a write took effect twice");
        applied.push(value);
    }

    /// Notes that `area` let somebody in who came with `epoch`.
    pub(super) fn served(&mut self, id: IdentityId, epoch: Epoch, area: &Area) {
        let first = self.seen.served.entry((id, epoch)).or_insert_with(|| area.clone());
        assert_eq!(first, area, "two areas served {} in the same epoch", id.to_text());
    }
}

/// Starts something that a node works on.
pub(super) fn spawn(world: &Shared, node: Node, task: impl Future<Output = ()> + 'static) {
    world.borrow_mut().tasks.push((node, Box::pin(task)));
}

/// Lets the task in that place go on; it is dropped when it has come to its end.
pub(super) fn poll(world: &Shared, place: usize) {
    let (node, mut task) = world.borrow_mut().tasks.swap_remove(place);
    let state = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    if state == Poll::Pending {
        world.borrow_mut().tasks.push((node, task));
    }
}

/// Draws that a seed determines (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Something below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }
}
