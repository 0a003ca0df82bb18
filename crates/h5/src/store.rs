//! A store in a browser: makes the calls that core's store asks for, and tells it what became of them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use lingpai_core::cache::store::{
    self as core_store, Answer, Batch, Begin, Command, Host, Input, Local, Range, Request,
};
use lingpai_core::cache::{Cause, Durability, Row};
use wasm_bindgen::JsCast as _;
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
    transactions: RefCell<Numbered>,
    asked: RefCell<Numbered>,
    asks: Cell<u32>,
}

/// Objects of the browser by the numbers that core knows them by.
type Numbered = Vec<(u32, JsValue)>;

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
    /// Begins to open the store of that name. `emit` gets each event in words, and each database that was opened.
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
            asks: Cell::default(),
        });
        driver.dispatch(Input::Start);
        Ok(Self(driver))
    }

    /// Resolves with an array of `[value, revision]` or `undefined`, one for each key; with `null` if the store is closed.
    pub fn read(&self, keys: Array) -> Promise {
        self.0.ask(Request::Read(texts(&keys)))
    }

    /// Resolves with an array of `[value, revision, key]`; with `null` if the store is closed.
    pub fn list(&self, prefix: String, after: String, limit: u32) -> Promise {
        self.0.ask(Request::List { prefix, after, limit })
    }

    /// `expect`: keys and revisions, one after the other. `put`: keys and values likewise. `delete`: keys.
    ///
    /// `least`: what it has to be worth, or else nothing is written.
    ///
    /// Resolves with a durability, with an array of `[key, revision]` that are not as expected, with `null` if the store is
    /// closed, or with `refused` and the cause.
    pub fn write(
        &self,
        expect: Array,
        put: Array,
        delete: Array,
        strict: bool,
        least: Option<String>,
    ) -> Promise {
        let least = least.map(|least| match least.as_str() {
            "strict" => Durability::Strict,
            _ => Durability::Relaxed,
        });
        let mut batch = Batch { strict, least, ..Batch::default() };
        for at in (0..expect.length()).step_by(2) {
            let revision = expect.get(at + 1).as_f64().unwrap_or_default();
            batch.expect.push((text(expect.get(at)), revision as u64));
        }
        for at in (0..put.length()).step_by(2) {
            batch.change.push((text(put.get(at)), Some(text(put.get(at + 1)))));
        }
        for at in 0..delete.length() {
            batch.change.push((text(delete.get(at)), None));
        }
        self.0.ask(Request::Write(batch))
    }

    /// Resolves once nothing is under way any more.
    pub fn close(&self) -> Promise {
        self.0.ask(Request::Close)
    }

    /// The page is about to be frozen, or is back.
    #[wasm_bindgen(js_name = setAwake)]
    pub fn set_awake(&self, awake: bool) {
        self.0.dispatch(if awake { Input::Wake } else { Input::Sleep });
    }

    /// Where rows go (`undefined` until that is settled), whether they are under a key that the browser does not show, how often
    /// the store was lost, and how many milliseconds to wait for it to settle.
    #[wasm_bindgen(unchecked_return_type = "[string | undefined, boolean, number, number]")]
    pub fn state(&self) -> Array {
        let core = self.0.core.borrow();
        Array::of4(
            &core.tier().map(|tier| tier.as_str()).into(),
            &core.is_encrypted().into(),
            &core.epoch().into(),
            &(core.opening_ms() as f64).into(),
        )
    }
}

impl Driver {
    fn ask(self: &Rc<Self>, request: Request) -> Promise {
        let op = self.asks.get() + 1;
        self.asks.set(op);
        let promise = Promise::new(&mut |resolve, _| {
            self.asked.borrow_mut().push((op, resolve.into()));
        });
        self.dispatch(Input::Ask(op, request));
        promise
    }

    /// Lets core decide, and then obeys. What a call throws at once is told in a round of its own.
    fn dispatch(self: &Rc<Self>, input: Input) {
        let mut page = Page(Vec::new());
        self.core.borrow_mut().handle(input, platform::now_ms() as u64, &mut page);
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
            Command::Burst { tx, change, get, list } => {
                if let Err(error) = self.burst(tx, &change, &get, list.as_ref()) {
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
                if let Some(resolve) = take(&self.asked, op) {
                    let resolve: Function = resolve.unchecked_into();
                    // The functions of a promise throw nothing.
                    let _ = resolve.call1(&JsValue::UNDEFINED, &describe_answer(answer));
                }
            }
            Command::Emit(event) => {
                // Nor does ours.
                let _ = self.emit.call1(&JsValue::UNDEFINED, &event.to_text().into());
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
        let lost = move |_| driver.dispatch(Input::Lost(attempt));
        idb::listen(&database, &["versionchange", "close"], Box::new(lost));
        let (version, complete) = (database.version() as u64, idb::is_complete(&database));
        // Not for the app: for whoever has to close it if this module should fail.
        let _ = self.emit.call1(&JsValue::UNDEFINED, &database);
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
        let Begin { tx, write, strict, only_strict, get, list } = begin;
        let database = self.database.borrow().as_ref().map(|(_, database)| database.clone());
        let database = database.ok_or(JsValue::UNDEFINED)?;
        let (transaction, store) = idb::begin(&database, write, strict)?;
        if only_strict && !idb::is_strict(&transaction) {
            // A transaction without a request ends by itself.
            self.dispatch(Input::Aborted(tx, Cause::Missing));
            return Ok(());
        }
        let (driver, ended) = (Rc::clone(self), transaction.clone());
        let ends = move |event: String| {
            take(&driver.transactions, tx);
            driver.dispatch(if event == "complete" {
                Input::Complete(tx, idb::is_strict(&ended))
            } else {
                Input::Aborted(tx, idb::error_of(&ended))
            });
        };
        idb::listen(&transaction, &["complete", "abort"], Box::new(ends));
        self.transactions.borrow_mut().push((tx, transaction.into()));
        self.fetch(tx, requests(&store, &get, list.as_ref())?, list.is_some());
        Ok(())
    }

    /// Tells what was read, once the last request has it: they come in their order.
    fn fetch(self: &Rc<Self>, tx: u32, requests: Vec<IdbRequest>, listing: bool) {
        let Some(last) = requests.last().cloned() else { return };
        let driver = Rc::clone(self);
        let told = move |_| {
            let result = |request: &IdbRequest| request.result().unwrap_or_default();
            let mut rows = Vec::new();
            let mut single = &requests[..];
            if listing && let [before @ .., keys, values] = single {
                single = before;
                let (keys, values) = (Array::from(&result(keys)), Array::from(&result(values)));
                rows.extend(texts(&keys).into_iter().zip(texts(&values)));
            }
            let values = single.iter().map(|request| {
                let value = result(request);
                // What is no text is no row, and not nothing either.
                (!value.is_undefined()).then(|| text(value))
            });
            driver.dispatch(Input::Fetched(tx, values.collect(), rows));
        };
        idb::listen(&last, &["success"], Box::new(told));
    }

    fn burst(
        self: &Rc<Self>,
        tx: u32,
        change: &[(String, Option<String>)],
        get: &[String],
        list: Option<&Range>,
    ) -> JsResult<()> {
        let transactions = self.transactions.borrow();
        let open = transactions.iter().find(|(of, _)| *of == tx);
        let (_, transaction) = open.ok_or(JsValue::UNDEFINED)?;
        let store = idb::store_of(transaction.unchecked_ref())?;
        for (name, text) in change {
            let name = name.into();
            match text {
                Some(text) => store.put_with_key(&text.into(), &name)?,
                None => store.delete(&name)?,
            };
        }
        self.fetch(tx, requests(&store, get, list)?, list.is_some());
        Ok(())
    }

    fn abort(&self, tx: u32) {
        if let Some(transaction) = take(&self.transactions, tx) {
            // It may have ended by itself.
            let _ = transaction.unchecked_into::<IdbTransaction>().abort();
        }
    }
}

fn take(all: &RefCell<Numbered>, number: u32) -> Option<JsValue> {
    let mut all = all.borrow_mut();
    let at = all.iter().position(|(of, _)| *of == number)?;
    Some(all.swap_remove(at).1)
}

fn text(value: JsValue) -> String {
    value.as_string().unwrap_or_default()
}

fn texts(values: &Array) -> Vec<String> {
    values.iter().map(text).collect()
}

fn requests(
    store: &IdbObjectStore,
    names: &[String],
    list: Option<&Range>,
) -> JsResult<Vec<IdbRequest>> {
    let single = names.iter().map(|name| store.get(&name.into()));
    let mut requests = single.collect::<JsResult<Vec<_>>>()?;
    if let Some((prefix, after, most)) = list {
        let range = idb::range(prefix, after)?;
        requests.push(store.get_all_keys_with_key_and_limit(&range, *most)?);
        requests.push(store.get_all_with_key_and_limit(&range, *most)?);
    }
    Ok(requests)
}

fn describe_answer(answer: Answer) -> JsValue {
    let array = Array::new();
    let row = |row: Row, key: Option<String>| {
        let revision = row.revision as f64;
        array.push(&Array::of3(&row.value.into(), &revision.into(), &key.into()));
    };
    match answer {
        Answer::Closed => return JsValue::NULL,
        Answer::Done(durability) => return durability.as_str().into(),
        Answer::Refused(cause) => return ["refused ", cause.as_str()].concat().into(),
        Answer::Rows(rows) => {
            for found in rows {
                match found {
                    Some(found) => row(found, None),
                    None => drop(array.push(&JsValue::UNDEFINED)),
                }
            }
        }
        Answer::Listed(rows) => rows.into_iter().for_each(|(key, found)| row(found, Some(key))),
        // As rows: the key takes the place of the value.
        Answer::Conflicts(conflicts) => {
            conflicts.into_iter().for_each(|(value, revision)| row(Row { value, revision }, None));
        }
    }
    array.into()
}
