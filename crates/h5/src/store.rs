//! A store in a browser: makes the calls that core's store asks for, and tells it what became of them.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use lingpai_core::cache::store::{
    self as core_store, Answer, Batch, Begin, Command, Event, Host, Input, Local, Request,
};
use lingpai_core::cache::{Cause, Row};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::spawn_local;
use web_sys::{IdbDatabase, IdbObjectStore, IdbRequest, IdbTransaction};

use crate::refusal::{JsResult, to_js};
use crate::{entropy, idb, local_storage, platform, row_key};

/// A store of rows.
#[wasm_bindgen]
pub struct Store(Rc<Driver>);

struct Driver {
    name: String,
    core: RefCell<core_store::Store>,
    emit: Function,
    database: RefCell<Option<(u32, IdbDatabase)>>,
    transactions: RefCell<Vec<(u32, IdbTransaction)>>,
    asked: RefCell<(u32, Vec<(u32, Function)>)>,
}

/// What core's store hears of the browser while it decides, and what it asks for.
struct Page(Vec<Command>);

impl Host for Page {
    fn local_get(&mut self, name: &str) -> Local {
        local_storage::get(name)
    }
    fn local_set(&mut self, name: &str, text: &str) -> bool {
        local_storage::set(name, text)
    }
    fn local_remove(&mut self, name: &str) {
        local_storage::remove(name);
    }
    fn local_names(&mut self, prefix: &str) -> Vec<String> {
        local_storage::names(prefix)
    }
    fn command(&mut self, command: Command) {
        self.0.push(command);
    }
}

#[wasm_bindgen]
impl Store {
    /// Begins to open the store of that name. `emit` gets each event: its name, then what belongs to it.
    ///
    /// Errors: `internal` where the host has no randomness.
    #[wasm_bindgen(constructor)]
    pub fn new(name: String, patience_ms: f64, emit: Function) -> JsResult<Self> {
        let seed = entropy::seed().map_err(to_js)?;
        let driver = Rc::new(Driver {
            core: RefCell::new(core_store::Store::new(&name, patience_ms as u64, seed)),
            name,
            emit,
            database: RefCell::default(),
            transactions: RefCell::default(),
            asked: RefCell::default(),
        });
        driver.run(core_store::Store::start);
        Ok(Self(driver))
    }

    /// Resolves with an array of `[value, revision]` or `undefined`, one for each key; with `null` if the store is closed.
    pub fn read(&self, keys: Vec<String>) -> Promise {
        self.0.ask(Request::Read(keys))
    }

    /// Resolves with an array of `[value, revision, key]`; with `null` if the store is closed.
    pub fn list(&self, prefix: String, after: String, limit: u32) -> Promise {
        self.0.ask(Request::List { prefix, after, limit })
    }

    /// Resolves with a durability, with an array of `[key, revision]` that are not as expected, or with `null` if the store is
    /// closed.
    pub fn write(
        &self,
        expected: Vec<String>,
        revisions: Vec<f64>,
        put: Vec<String>,
        values: Vec<String>,
        delete: Vec<String>,
        strict: bool,
    ) -> Promise {
        let revisions = revisions.into_iter().map(|revision| revision as u64);
        let expect = expected.into_iter().zip(revisions).collect();
        let put = put.into_iter().zip(values).collect();
        self.0.ask(Request::Write(Batch { expect, put, delete, strict }))
    }

    /// Resolves once nothing is under way any more.
    pub fn close(&self) -> Promise {
        self.0.ask(Request::Close)
    }

    /// The page is about to be frozen.
    pub fn sleep(&self) {
        self.0.dispatch(Input::Sleep);
    }

    /// The page is back.
    pub fn wake(&self) {
        self.0.dispatch(Input::Wake);
    }

    /// Where rows go, once that is settled.
    pub fn tier(&self) -> Option<String> {
        self.0.core.borrow().tier().map(|tier| tier.as_str().into())
    }

    /// Whether they are under a key that the browser does not show.
    #[wasm_bindgen(js_name = isEncrypted)]
    pub fn is_encrypted(&self) -> bool {
        self.0.core.borrow().is_encrypted()
    }

    /// How often the store was lost.
    pub fn epoch(&self) -> u32 {
        self.0.core.borrow().epoch()
    }

    /// How long to wait for it to settle.
    #[wasm_bindgen(js_name = openingMs)]
    pub fn opening_ms(&self) -> f64 {
        self.0.core.borrow().opening_ms() as f64
    }
}

impl Driver {
    fn ask(self: &Rc<Self>, request: Request) -> Promise {
        let mut op = 0;
        let promise = Promise::new(&mut |resolve, _| {
            let mut asked = self.asked.borrow_mut();
            asked.0 += 1;
            op = asked.0;
            asked.1.push((op, resolve));
        });
        self.dispatch(Input::Ask(op, request));
        promise
    }

    fn dispatch(self: &Rc<Self>, input: Input) {
        self.run(|core, now, page| core.handle(input, now, page));
    }

    /// Lets core decide, and then obeys. What a call throws at once is told in a round of its own.
    fn run(self: &Rc<Self>, decide: impl FnOnce(&mut core_store::Store, u64, &mut Page)) {
        let mut page = Page(Vec::new());
        decide(&mut self.core.borrow_mut(), platform::now_ms() as u64, &mut page);
        for command in page.0 {
            self.obey(command);
        }
    }

    fn obey(self: &Rc<Self>, command: Command) {
        match command {
            Command::Open(open) => {
                let driver = Rc::clone(self);
                idb::open(open.version, move |opened| driver.opened(open.attempt, opened));
            }
            Command::Close(attempt) => {
                let mut database = self.database.borrow_mut();
                if let Some((_, open)) = database.take_if(|(of, _)| *of == attempt) {
                    open.close();
                }
            }
            Command::Key(attempt) => {
                let driver = Rc::clone(self);
                let database = self.current(attempt);
                spawn_local(async move {
                    let key = match database {
                        Some(database) => row_key::open(&database, &driver.name).await,
                        None => None,
                    };
                    driver.dispatch(Input::Keyed(attempt, key));
                });
            }
            Command::Begin(begin) => {
                let tx = begin.tx;
                if let Err(error) = self.begin(begin) {
                    take(&self.transactions, tx);
                    self.dispatch(Input::Aborted(tx, idb::cause(&error)));
                }
            }
            Command::Burst { tx, put, delete, get } => {
                if let Err(error) = self.burst(tx, &put, &delete, &get) {
                    self.abort(tx);
                    self.dispatch(Input::Aborted(tx, idb::cause(&error)));
                }
            }
            Command::Abort(tx) => self.abort(tx),
            Command::Wake(at) => {
                let driver = Rc::clone(self);
                let wait = (at as f64 - platform::now_ms()).max(0.0);
                let tick = Closure::once_into_js(move || driver.dispatch(Input::Tick));
                platform::after(&tick, wait as i32 + 1);
            }
            Command::Answer(op, answer) => {
                let resolve = take_of(&mut self.asked.borrow_mut().1, op);
                if let Some(resolve) = resolve {
                    // The functions of a promise throw nothing.
                    let _ = resolve.call1(&JsValue::UNDEFINED, &describe_answer(answer));
                }
            }
            Command::Emit(event) => {
                // Nor does ours.
                let _ = self.emit.apply(&JsValue::UNDEFINED, &describe_event(event));
            }
        }
    }

    fn opened(self: &Rc<Self>, attempt: u32, opened: Result<IdbDatabase, Cause>) {
        let database = match opened {
            Ok(database) => database,
            Err(cause) => return self.dispatch(Input::Refused(attempt, cause)),
        };
        let driver = Rc::clone(self);
        // Another tab wants to change the database, or the browser took it away.
        idb::listen(&database, &["versionchange", "close"], move |_| {
            driver.dispatch(Input::Lost(attempt));
        });
        let (version, complete) = (database.version() as u64, idb::is_complete(&database));
        if let Some((_, stale)) = self.database.replace(Some((attempt, database))) {
            stale.close();
        }
        self.dispatch(Input::Opened(attempt, version, complete));
    }

    fn current(&self, attempt: u32) -> Option<IdbDatabase> {
        let database = self.database.borrow();
        database.as_ref().filter(|(of, _)| *of == attempt).map(|(_, database)| database.clone())
    }

    fn begin(self: &Rc<Self>, begin: Begin) -> JsResult<()> {
        let Begin { tx, write, strict, get, list } = begin;
        let database = self.database.borrow().as_ref().map(|(_, database)| database.clone());
        let database = database.ok_or(JsValue::UNDEFINED)?;
        let (transaction, store) = idb::begin(&database, write, strict)?;
        let (driver, ended) = (Rc::clone(self), transaction.clone());
        idb::listen(&transaction, &["complete", "abort"], move |event| {
            take(&driver.transactions, tx);
            driver.dispatch(if event == "complete" {
                Input::Complete(tx, idb::is_strict(&ended))
            } else {
                Input::Aborted(tx, idb::error_of(&ended))
            });
        });
        self.transactions.borrow_mut().push((tx, transaction));
        let mut requests = requests(&store, &get)?;
        if let Some((prefix, after, most)) = &list {
            let range = idb::range(prefix, after)?;
            requests.push(store.get_all_keys_with_key_and_limit(&range, *most)?);
            requests.push(store.get_all_with_key_and_limit(&range, *most)?);
        }
        self.fetch(tx, requests, list.is_some());
        Ok(())
    }

    /// Tells what was read, once the last request has it: they come in their order.
    fn fetch(self: &Rc<Self>, tx: u32, requests: Vec<IdbRequest>, listing: bool) {
        let Some(last) = requests.last().cloned() else { return };
        let driver = Rc::clone(self);
        idb::listen(&last, &["success"], move |_| {
            let result = |request: &IdbRequest| request.result().unwrap_or_default();
            let mut rows = Vec::new();
            let mut single = &requests[..];
            if listing && let [before @ .., keys, values] = single {
                single = before;
                let (keys, values) = (Array::from(&result(keys)), Array::from(&result(values)));
                let texts = values.iter().map(|value| value.as_string().unwrap_or_default());
                rows.extend(keys.iter().filter_map(|key| key.as_string()).zip(texts));
            }
            let values = single.iter().map(|request| {
                let value = result(request);
                // What is no text is no row, and not nothing either.
                (!value.is_undefined()).then(|| value.as_string().unwrap_or_default())
            });
            driver.dispatch(Input::Fetched(tx, values.collect(), rows));
        });
    }

    fn burst(
        self: &Rc<Self>,
        tx: u32,
        put: &[(String, String)],
        delete: &[String],
        get: &[String],
    ) -> JsResult<()> {
        let transactions = self.transactions.borrow();
        let open = transactions.iter().find(|(of, _)| *of == tx);
        let (_, transaction) = open.ok_or(JsValue::UNDEFINED)?;
        let store = idb::store_of(transaction)?;
        for (name, text) in put {
            store.put_with_key(&text.into(), &name.into())?;
        }
        for name in delete {
            store.delete(&name.into())?;
        }
        self.fetch(tx, requests(&store, get)?, false);
        Ok(())
    }

    fn abort(&self, tx: u32) {
        if let Some(transaction) = take(&self.transactions, tx) {
            // It may have ended by itself.
            let _ = transaction.abort();
        }
    }
}

fn take<T>(all: &RefCell<Vec<(u32, T)>>, number: u32) -> Option<T> {
    take_of(&mut all.borrow_mut(), number)
}

fn take_of<T>(all: &mut Vec<(u32, T)>, number: u32) -> Option<T> {
    let at = all.iter().position(|(of, _)| *of == number)?;
    Some(all.swap_remove(at).1)
}

fn requests(store: &IdbObjectStore, names: &[String]) -> JsResult<Vec<IdbRequest>> {
    names.iter().map(|name| store.get(&name.into())).collect()
}

fn describe_answer(answer: Answer) -> JsValue {
    let pair = |row: Row| Array::of2(&row.value.into(), &(row.revision as f64).into());
    match answer {
        Answer::Closed => JsValue::NULL,
        Answer::Done(durability) => durability.as_str().into(),
        Answer::Rows(rows) => {
            let rows =
                rows.into_iter().map(|row| row.map_or(JsValue::UNDEFINED, |row| pair(row).into()));
            rows.collect::<Array>().into()
        }
        Answer::Listed(rows) => {
            let rows = rows.into_iter().map(|(key, row)| {
                let row = pair(row);
                row.push(&key.into());
                row
            });
            rows.collect::<Array>().into()
        }
        Answer::Conflicts(conflicts) => {
            let conflicts = conflicts
                .into_iter()
                .map(|(key, revision)| Array::of2(&key.into(), &(revision as f64).into()));
            conflicts.collect::<Array>().into()
        }
    }
}

fn describe_event(event: Event) -> Array {
    match event {
        Event::TierChanged { from, to, cause, moved } => Array::of5(
            &"tier_changed".into(),
            &from.map(|tier| tier.as_str()).into(),
            &to.as_str().into(),
            &cause.map(Cause::as_str).into(),
            &(moved as u32).into(),
        ),
        Event::Lost(tier, epoch) => {
            Array::of3(&"storage_lost".into(), &tier.as_str().into(), &epoch.into())
        }
        Event::Quarantined(tier, key, flaw) => Array::of4(
            &"row_quarantined".into(),
            &tier.as_str().into(),
            &key.into(),
            &flaw.as_str().into(),
        ),
        Event::Capacity(tier) => Array::of2(&"capacity".into(), &tier.as_str().into()),
        Event::Superseded(rows) => Array::of2(&"superseded".into(), &(rows as u32).into()),
    }
}
