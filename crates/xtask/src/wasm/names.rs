//! Short names for what a module imports, and for the closures that it exports. wasm-bindgen gives each a hash, once in the
//! module and once in the glue: bytes that no compression takes away.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use walrus::ModuleConfig;

use super::bindgen::Generated;
use crate::step::Step;

/// What the exports begin with that only the glue calls.
const CLOSURES: &str = "wasm_bindgen__";

/// Renames them to `$0`, `$1` and so on, in module and glue alike.
pub(super) fn shorten(generated: &mut Generated) -> Result<()> {
    let step = Step::begin("short names for imports");
    let mut config = ModuleConfig::new();
    config.generate_producers_section(false);
    let mut module = config.parse(&generated.module).context("reading the module")?;
    let mut names = HashMap::new();
    for import in module.imports.iter_mut() {
        let next = format!("${:x}", names.len());
        let short = names.entry(import.name.clone()).or_insert(next);
        import.name.clone_from(short);
    }
    for name in names.keys() {
        if !generated.glue.contains(&format!("export function {name}(")) {
            bail!("the glue defines no function {name}");
        }
    }
    for export in module.exports.iter_mut().filter(|export| export.name.starts_with(CLOSURES)) {
        let short = format!("${:x}", names.len());
        names.insert(std::mem::replace(&mut export.name, short.clone()), short);
    }
    generated.module = module.emit_wasm();
    generated.glue = renamed(&generated.glue, &names);
    generated.module_types = renamed(&generated.module_types, &names);
    step.done_as(&format!("short names for {} imports and closures", names.len()));
    Ok(())
}

fn renamed(glue: &str, names: &HashMap<String, String>) -> String {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_$".contains(character);
    let mut renamed = String::with_capacity(glue.len());
    let mut rest = glue;
    while let Some(start) = rest.find(is_part) {
        let (before, tail) = rest.split_at(start);
        let (word, after) = tail.split_at(tail.find(|it| !is_part(it)).unwrap_or(tail.len()));
        renamed.push_str(before);
        renamed.push_str(names.get(word).map_or(word, String::as_str));
        rest = after;
    }
    renamed + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_renamed() {
        let names = HashMap::from([("__wbg_a".to_owned(), "$0".to_owned())]);
        let glue = "export function __wbg_a(x) { return __wbg_ab(x) + x.__wbg_a }";
        assert_eq!(renamed(glue, &names), "export function $0(x) { return __wbg_ab(x) + x.$0 }");
    }
}
