//! The end of a schedule: all is well again, and what a tab finds that was not there before is compared with what was acknowledged.

use lingpai_core::cache::store::{Answer, Input, Request};
use lingpai_core::cache::{Durability, Row, Tier};

use super::super::tab::Tab;
use super::{Acknowledged, TABS, World, beside};

impl World {
    /// Everything is well again: what waits moves up, and a tab that was not there before finds everything.
    fn heal(&mut self) {
        self.say("all is well again");
        self.disk.denied = false;
        self.disk.hanging = false;
        self.disk.full = false;
        self.disk.local_full = false;
        self.disk.local_denied = false;
        for (_, tab) in self.tabs.iter_mut().flatten() {
            if tab.frozen {
                tab.thaw(self.now, &mut self.disk);
            } else {
                tab.tell(Input::Wake, self.now, &mut self.disk);
            }
        }
        self.quiet();
        // Beyond every wait that a failure may have caused.
        for _ in 0..8 {
            self.now += 20_000;
            self.tick();
            self.quiet();
        }
    }

    /// The browser answers until it owes nothing.
    fn quiet(&mut self) {
        for _ in 0..2_000 {
            let owed = self.tabs.iter().flatten().any(|(_, tab)| !tab.calls.is_empty());
            if !owed {
                return;
            }
            for at in 0..TABS {
                self.answer(at, 0, None);
            }
            self.collect();
        }
        panic!("the tabs never come to rest");
    }

    pub(super) fn check(&mut self) {
        self.heal();
        let last = 0;
        self.tabs[last] = None;
        self.forget(|row| row.durability == Durability::Volatile);
        self.born += 1;
        let tab = Tab::new([self.born as u8; 32], self.now, &mut self.disk);
        self.tabs[last] = Some((self.born, tab));
        self.quiet();
        let keys: Vec<_> = self.acknowledged.keys().cloned().collect();
        let (id, tab) = self.tabs[last].as_ref().expect("a tab");
        assert_eq!(tab.store.tier(), Some(Tier::IndexedDb));
        let id = *id;
        let rows = self.read_at_last(keys.clone());
        for (key, row) in keys.iter().zip(rows) {
            let Acknowledged { value, durability, tab } = &self.acknowledged[key];
            let found = row.map(|row| row.value);
            assert_eq!(
                found.as_ref(),
                Some(value),
                "{key} of tab {tab} was acknowledged as {durability:?}, and tab {id} has not got it"
            );
        }
        let gone: Vec<_> = self.deleted.keys().cloned().collect();
        for (key, row) in gone.iter().zip(self.read_at_last(gone.clone())) {
            assert!(row.is_none(), "{key} was deleted, and tab {id} has it");
        }
        self.count();
        self.check_whole();
        self.check_pages();
        assert!(self.noticed || !self.cleared, "the database was cleared, and nobody noticed");
    }

    /// What the last tab reads of these keys.
    fn read_at_last(&mut self, keys: Vec<String>) -> Vec<Option<Row>> {
        let Answer::Rows(rows) = self.ask_at_last(Request::Read(keys)) else { panic!("no rows") };
        rows
    }

    fn ask_at_last(&mut self, request: Request) -> Answer {
        let (_, tab) = self.tabs[0].as_mut().expect("a tab");
        let op = tab.ask(request, self.now, &mut self.disk);
        for _ in 0..100 {
            self.answer(0, 0, None);
            let (_, tab) = self.tabs[0].as_mut().expect("a tab");
            if let Some(at) = tab.answers.iter().position(|(of, _)| *of == op) {
                return tab.answers.remove(at).1;
            }
        }
        panic!("the last tab is never answered");
    }

    /// Page by page there are the same rows as one by one.
    fn check_pages(&mut self) {
        let keys = (1..=self.writes).map(|number| format!("row {number:04}"));
        let keys: Vec<_> = keys.flat_map(|key| [key.clone(), beside(&key)]).collect();
        let rows = keys.iter().zip(self.read_at_last(keys.clone()));
        let single: Vec<_> = rows.filter_map(|(key, row)| Some((key.clone(), row?))).collect();
        let mut pages: Vec<(String, Row)> = Vec::new();
        loop {
            let after = pages.last().map_or(String::new(), |(key, _)| key.clone());
            let request = Request::List { prefix: "row ".into(), after, limit: 3 };
            let Answer::Listed(page) = self.ask_at_last(request) else { panic!("no list") };
            if page.is_empty() {
                break;
            }
            pages.extend(page);
        }
        assert_eq!(pages, single);
    }

    /// What was to be in the database or nowhere.
    fn check_whole(&mut self) {
        let keys: Vec<_> = self.whole.iter().cloned().collect();
        let found = self.read_at_last(keys.clone());
        let others = self.read_at_last(keys.iter().map(|key| beside(key)).collect());
        for (key, (row, other)) in keys.iter().zip(found.iter().zip(&others)) {
            assert_eq!(row.is_some(), other.is_some(), "half of the batch of {key} is there");
            assert!(
                row.is_none() || !self.refused.contains(key),
                "{key} was refused, and is there"
            );
        }
    }

    /// The counter, and what it has to be at least.
    fn count(&mut self) {
        let rows = self.read_at_last(vec!["counter".into()]);
        let found =
            rows.into_iter().flatten().next().map_or(0, |row| row.value.parse().expect("a count"));
        let least = self.counted.last().copied().unwrap_or(0);
        assert!(found >= least, "the counter was {least}, and is {found}");
    }
}
