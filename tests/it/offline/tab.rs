//! A page with a store in it, and the calls that its browser has not answered yet.

use lingpai_core::cache::store::{
    Answer, Begin, Command, Event, Host, Input, Local, Range, Request, Store,
};
use lingpai_core::cache::{Cause, RowKey};
use lingpai_core::secret::{ContentKey, Seed};

use super::disk::{Change, Disk, Texts, apply};

pub(crate) const STORE: &str = "rows";
pub(crate) const PATIENCE_MS: u64 = 1_500;

/// A call that the browser owes an answer.
pub(crate) enum Call {
    Open(u32),
    Key(u32),
    Transaction(Transaction),
}

/// A transaction under way.
pub(crate) struct Transaction {
    pub(crate) begin: Begin,
    change: Vec<Change>,
    /// What is read next, and listed; nothing if it is to be committed.
    reading: Option<(Vec<String>, Option<Range>)>,
    /// It has begun, so that no other one that writes can.
    pub(crate) active: bool,
}

pub(crate) struct Tab {
    pub(crate) store: Store,
    pub(crate) calls: Vec<Call>,
    pub(crate) open: Option<u32>,
    /// Of its database.
    life: u8,
    pub(crate) wake_at: Option<u64>,
    pub(crate) frozen: bool,
    /// `localStorage` as this tab still sees it, where its process has not heard of what others did.
    pub(crate) stale_local: Option<Texts>,
    /// Requests: number, when they were made.
    pub(crate) asked: Vec<(u32, u64)>,
    pub(crate) answers: Vec<(u32, Answer)>,
    pub(crate) events: Vec<Event>,
    ops: u32,
}

struct Page<'a> {
    disk: &'a mut Disk,
    stale: Option<&'a Texts>,
    commands: Vec<Command>,
}

impl Page<'_> {
    fn local(&self) -> &Texts {
        self.stale.unwrap_or(&self.disk.local)
    }
}

impl Host for Page<'_> {
    fn local_get(&mut self, name: &str) -> Local {
        match self.local().get(name) {
            _ if self.disk.local_denied => Local::Unavailable,
            Some(text) => Local::Text(text.clone()),
            None => Local::Absent,
        }
    }

    fn local_set(&mut self, name: &str, text: &str) -> bool {
        let may = !self.disk.local_denied && !self.disk.local_full;
        if may {
            self.disk.local.insert(name.into(), text.into());
        }
        may
    }

    fn local_remove(&mut self, name: &str) {
        if !self.disk.local_denied {
            self.disk.local.remove(name);
        }
    }

    fn local_names(&mut self, prefix: &str) -> Vec<String> {
        let names = self.local().keys().filter(|name| name.starts_with(prefix));
        if self.disk.local_denied { Vec::new() } else { names.cloned().collect() }
    }

    fn command(&mut self, command: Command) {
        self.commands.push(command);
    }
}

impl Tab {
    pub(crate) fn new(seed: [u8; 32], now: u64, disk: &mut Disk) -> Self {
        let mut tab = Self {
            store: Store::new(STORE, PATIENCE_MS, Seed::new(seed)),
            calls: Vec::new(),
            open: None,
            life: disk.life,
            wake_at: None,
            frozen: false,
            stale_local: None,
            asked: Vec::new(),
            answers: Vec::new(),
            events: Vec::new(),
            ops: 0,
        };
        tab.tell(Input::Start, now, disk);
        tab
    }

    pub(crate) fn ask(&mut self, request: Request, now: u64, disk: &mut Disk) -> u32 {
        self.ops += 1;
        let op = self.ops;
        self.asked.push((op, now));
        self.tell(Input::Ask(op, request), now, disk);
        op
    }

    pub(crate) fn tell(&mut self, input: Input, now: u64, disk: &mut Disk) {
        let stale = self.stale_local.as_ref();
        let mut page = Page { disk, stale, commands: Vec::new() };
        self.store.handle(input, now, &mut page);
        for command in page.commands {
            match command {
                Command::Open(open) => self.calls.push(Call::Open(open.attempt)),
                Command::Close(attempt) => {
                    if self.open == Some(attempt) {
                        self.open = None;
                    }
                }
                Command::Key(attempt) => self.calls.push(Call::Key(attempt)),
                Command::Begin(begin) => self.calls.push(Call::Transaction(Transaction {
                    reading: Some((begin.get.clone(), begin.list.clone())),
                    begin,
                    change: Vec::new(),
                    active: false,
                })),
                Command::Burst { tx, change, get, list } => {
                    if let Some(transaction) = self.transaction(tx) {
                        transaction.change.extend(change);
                        transaction.reading = (!get.is_empty()).then_some((get, list));
                    }
                }
                Command::Abort(tx) => self.calls.retain(|call| {
                    !matches!(call, Call::Transaction(transaction) if transaction.begin.tx == tx)
                }),
                Command::Wake(at) => self.wake_at = Some(self.wake_at.map_or(at, |now| now.min(at))),
                Command::Answer(op, answer) => {
                    self.asked.retain(|(asked, _)| *asked != op);
                    self.answers.push((op, answer));
                }
                Command::Emit(event) => self.events.push(event),
            }
        }
    }

    fn transaction(&mut self, tx: u32) -> Option<&mut Transaction> {
        self.calls.iter_mut().find_map(|call| match call {
            Call::Transaction(transaction) if transaction.begin.tx == tx => Some(transaction),
            _ => None,
        })
    }

    /// Answers one call as a healthy browser does, or as one that fails with `fault`.
    pub(crate) fn answer(&mut self, nth: usize, fault: Option<Cause>, now: u64, disk: &mut Disk) {
        match self.calls.remove(nth) {
            Call::Open(attempt) => {
                let fault = fault.or(disk.denied.then_some(Cause::Denied));
                match fault {
                    Some(cause) => self.tell(Input::Refused(attempt, cause), now, disk),
                    None => {
                        self.open = Some(attempt);
                        self.life = disk.life;
                        self.tell(Input::Opened(attempt, 1, true), now, disk);
                    }
                }
            }
            Call::Key(attempt) => {
                let key = ContentKey::from_bytes([self.life; 32]);
                let key = (fault.is_none() && self.open == Some(attempt))
                    .then(|| (RowKey::secret(key, STORE), true));
                self.tell(Input::Keyed(attempt, key), now, disk);
            }
            Call::Transaction(transaction) => self.go_on(nth, transaction, fault, now, disk),
        }
    }

    fn go_on(
        &mut self,
        nth: usize,
        mut transaction: Transaction,
        fault: Option<Cause>,
        now: u64,
        disk: &mut Disk,
    ) {
        let tx = transaction.begin.tx;
        let writes = !transaction.change.is_empty();
        let fault = fault.or_else(|| {
            if self.open.is_none() && !transaction.active || self.life != disk.life {
                Some(Cause::Lost)
            } else {
                (disk.full && writes && transaction.reading.is_none()).then_some(Cause::Quota)
            }
        });
        if let Some(cause) = fault {
            return self.tell(Input::Aborted(tx, cause), now, disk);
        }
        transaction.active = true;
        match transaction.reading.take() {
            None => {
                let strict = transaction.begin.strict;
                disk.commit(&transaction.change, strict);
                self.tell(Input::Complete(tx, strict), now, disk);
            }
            Some((names, list)) => {
                let mut seen: Texts = disk.committed.clone();
                apply(&transaction.change, &mut seen);
                let values = names.iter().map(|name| seen.get(name).cloned()).collect();
                let rows = match &list {
                    None => Vec::new(),
                    Some((prefix, after, most)) => seen
                        .into_iter()
                        .filter(|(name, _)| name.starts_with(prefix) && name > after)
                        .take(*most as usize)
                        .collect(),
                };
                // It stays until the store has said what comes next: an empty burst commits.
                let nth = nth.min(self.calls.len());
                self.calls.insert(nth, Call::Transaction(transaction));
                self.tell(Input::Fetched(tx, values, rows), now, disk);
            }
        }
    }

    /// It runs again. Nothing could be answered while it stood still: the patience begins anew.
    pub(super) fn thaw(&mut self, now: u64, disk: &mut Disk) {
        self.frozen = false;
        self.tell(Input::Wake, now, disk);
        for (_, since) in &mut self.asked {
            *since = now;
        }
    }

    /// The browser takes the database away: what is under way is aborted, then the connection closes.
    pub(crate) fn lose_connection(&mut self, now: u64, disk: &mut Disk) {
        let Some(attempt) = self.open.take() else { return };
        let mut aborted = Vec::new();
        self.calls.retain(|call| match call {
            Call::Transaction(transaction) => {
                aborted.push(transaction.begin.tx);
                false
            }
            _ => true,
        });
        for tx in aborted {
            self.tell(Input::Aborted(tx, Cause::Lost), now, disk);
        }
        self.tell(Input::Lost(attempt), now, disk);
    }
}
