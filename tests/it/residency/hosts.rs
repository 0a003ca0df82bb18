//! Hosts as any store could be one: the core decides, a map stores, both at once.

use std::collections::BTreeMap;

use lingpai_core::residency::fence::{Command, Deletion, Entry, Kind, Verdict, WriteId, decide};
use lingpai_core::residency::{Area, Epoch, IdentityId};
use lingpai_core::time::UnixSeconds;

use super::network::{Answer, Items, Names, Person, Request};
use super::world::{Sabotage, World};

#[derive(Default)]
pub(super) struct IdentityHost {
    pub(super) entries: BTreeMap<IdentityId, Entry>,
    pub(super) rows: BTreeMap<IdentityId, Person>,
}

#[derive(Default)]
pub(super) struct DataHost {
    pub(super) entries: BTreeMap<IdentityId, Entry>,
    pub(super) rows: BTreeMap<IdentityId, Items>,
}

/// A request to the identity host of an area.
pub(super) fn ask_identity(world: &mut World, area: &Area, request: Request) -> Answer {
    let (sabotage, now) = (world.sabotage, world.now);
    world.changed = true;
    let host = world.identities.get_mut(area).unwrap();
    match request {
        Request::Find(person) => match host.owner(person) {
            Some(id) => Answer::Found(id),
            None => Answer::Verdict(Verdict::Absent),
        },
        Request::Claim(id, person) => host.put(id, Epoch::FIRST, Command::Claim, person, sabotage),
        Request::StageIdentity(id, epoch, person, names) => {
            let answer = host.put(id, epoch, Command::Stage, person, sabotage);
            if matches!(answer, Answer::Verdict(Verdict::Granted)) {
                carry(&mut host.entries, id, &names, sabotage);
            }
            answer
        }
        Request::Change(id, epoch, write, person) => {
            let answer = host.put(id, epoch, Command::Write(write), person, sabotage);
            if matches!(answer, Answer::Verdict(Verdict::Granted)) {
                world.applied(id, "identifier", person);
                world.served(id, epoch, area);
            }
            answer
        }
        Request::ExportIdentity(id, epoch) => {
            match decided(Kind::Identity, &mut host.entries, id, Command::Export, epoch, sabotage) {
                Verdict::Granted => match host.rows.get(&id) {
                    Some(person) => Answer::Person(*person, names(&host.entries, id)),
                    None => Answer::Verdict(Verdict::Absent),
                },
                verdict => Answer::Verdict(verdict),
            }
        }
        Request::Freeze(id, epoch) => Answer::Verdict(decided(
            Kind::Identity,
            &mut host.entries,
            id,
            Command::Freeze,
            epoch,
            sabotage,
        )),
        Request::Activate(id, epoch) => Answer::Verdict(decided(
            Kind::Identity,
            &mut host.entries,
            id,
            Command::Activate,
            epoch,
            sabotage,
        )),
        Request::Delete(id, epoch) => {
            let items = u32::from(host.rows.contains_key(&id));
            let answer =
                deleted(Kind::Identity, &mut host.entries, id, epoch, items, now, sabotage);
            if matches!(answer, Answer::Deleted(_)) {
                host.rows.remove(&id);
            }
            answer
        }
        other => panic!("no business of an identity host: {other:?}"),
    }
}

/// A request to a data host of an area.
pub(super) fn ask_data(world: &mut World, area: &Area, pinned: bool, request: Request) -> Answer {
    let (sabotage, now) = (world.sabotage, world.now);
    world.changed = true;
    let host = world.data.get_mut(&(area.clone(), pinned)).unwrap();
    match request {
        Request::Read(id, epoch) => {
            match decided(Kind::Data, &mut host.entries, id, Command::Read, epoch, sabotage) {
                Verdict::Granted => {
                    let items = host.rows.get(&id).cloned().unwrap_or_default();
                    if !pinned {
                        world.served(id, epoch, area);
                    }
                    Answer::Items(items)
                }
                verdict => Answer::Verdict(verdict),
            }
        }
        Request::Put(id, epoch, write, kind, value) => {
            let command = Command::Write(write);
            let verdict = decided(Kind::Data, &mut host.entries, id, command, epoch, sabotage);
            if verdict == Verdict::Granted {
                host.rows.entry(id).or_default().insert(kind, value);
                world.applied(id, kind, value);
                if !pinned {
                    world.served(id, epoch, area);
                }
            }
            Answer::Verdict(verdict)
        }
        Request::ExportData(id, epoch) => {
            match decided(Kind::Data, &mut host.entries, id, Command::Export, epoch, sabotage) {
                Verdict::Granted => {
                    let items = host.rows.get(&id).cloned().unwrap_or_default();
                    Answer::Copies(items, names(&host.entries, id))
                }
                verdict => Answer::Verdict(verdict),
            }
        }
        Request::StageData(id, epoch, items, names) => {
            let verdict =
                decided(Kind::Data, &mut host.entries, id, Command::Stage, epoch, sabotage);
            if verdict == Verdict::Granted {
                host.rows.insert(id, items);
                carry(&mut host.entries, id, &names, sabotage);
            }
            Answer::Verdict(verdict)
        }
        Request::Freeze(id, epoch) => {
            let command = Command::Freeze;
            Answer::Verdict(decided(Kind::Data, &mut host.entries, id, command, epoch, sabotage))
        }
        Request::Activate(id, epoch) => {
            let command = Command::Activate;
            Answer::Verdict(decided(Kind::Data, &mut host.entries, id, command, epoch, sabotage))
        }
        Request::Delete(id, epoch) => {
            let items = host.rows.get(&id).map_or(0, BTreeMap::len) as u32;
            let answer = deleted(Kind::Data, &mut host.entries, id, epoch, items, now, sabotage);
            if matches!(answer, Answer::Deleted(_)) {
                host.rows.remove(&id);
            }
            answer
        }
        other => panic!("no business of a data host: {other:?}"),
    }
}

impl IdentityHost {
    fn owner(&self, person: Person) -> Option<IdentityId> {
        self.rows.iter().find(|(_, known)| **known == person).map(|(id, _)| *id)
    }

    /// Puts an identifier there, unless it is somebody else's.
    fn put(
        &mut self,
        id: IdentityId,
        epoch: Epoch,
        command: Command,
        person: Person,
        sabotage: Sabotage,
    ) -> Answer {
        if let Some(owner) = self.owner(person).filter(|owner| *owner != id) {
            return Answer::Taken(owner);
        }
        let before = self.rows.contains_key(&id);
        let verdict = decided(Kind::Identity, &mut self.entries, id, command, epoch, sabotage);
        // A claim that is repeated after the identifier has changed must not change it back.
        if verdict == Verdict::Granted && !(command == Command::Claim && before) {
            self.rows.insert(id, person);
        }
        Answer::Verdict(verdict)
    }
}

/// What an export takes along of the writes that were done.
fn names(entries: &BTreeMap<IdentityId, Entry>, id: IdentityId) -> Names {
    entries.get(&id).into_iter().flat_map(Entry::recent_names).collect()
}

fn carry(
    entries: &mut BTreeMap<IdentityId, Entry>,
    id: IdentityId,
    names: &Names,
    sabotage: Sabotage,
) {
    let names = if sabotage == Sabotage::NoNames { &[][..] } else { names };
    let entry = entries[&id].clone().carrying(names.iter().map(String::as_str)).expect("names");
    entries.insert(id, Entry::parse(&entry.to_json()).expect("our own text"));
}

fn decided(
    kind: Kind,
    entries: &mut BTreeMap<IdentityId, Entry>,
    id: IdentityId,
    command: Command,
    epoch: Epoch,
    sabotage: Sabotage,
) -> Verdict {
    let before = entries.get(&id).cloned();
    if sabotage == Sabotage::NoFence
        && matches!(command, Command::Write(_))
        && before.as_ref().is_some_and(|entry| entry.deletion().is_none())
    {
        return Verdict::Granted;
    }
    let (verdict, after) = decide(kind, before, command, epoch);
    if let Some(entry) = after {
        // Everything goes through the text that a store would hold.
        entries.insert(id, Entry::parse(&entry.to_json()).expect("our own text"));
    }
    verdict
}

fn deleted(
    kind: Kind,
    entries: &mut BTreeMap<IdentityId, Entry>,
    id: IdentityId,
    epoch: Epoch,
    items: u32,
    at: UnixSeconds,
    sabotage: Sabotage,
) -> Answer {
    let command = Command::Delete(Deletion { items, at });
    let verdict = decided(kind, entries, id, command, epoch, sabotage);
    if verdict != Verdict::Granted {
        return Answer::Verdict(verdict);
    }
    let deletion = entries.get(&id).and_then(Entry::deletion).expect("just deleted");
    if sabotage == Sabotage::NoTombstone {
        entries.remove(&id);
    }
    Answer::Deleted(deletion)
}

/// A write that no other is.
pub(super) fn write_id(number: u64) -> WriteId {
    named_write(number, number)
}

/// A write under a name, of something.
pub(super) fn named_write(name: u64, content: u64) -> WriteId {
    let bytes = |number: u64| {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        bytes
    };
    WriteId::from_bytes(bytes(name), bytes(content))
}
