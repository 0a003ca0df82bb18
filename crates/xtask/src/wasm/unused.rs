//! Takes out of the glue what the optimised module does not import any more, and what only that needed: the text of a value for
//! a panic's message, for one, which is a trap by now.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use walrus::Module;

use super::bindgen::Generated;

/// `before`: the names that the module imported before it was optimised.
pub(super) fn forget(generated: &mut Generated, before: &HashSet<String>) -> Result<()> {
    let after = imports(&generated.module)?;
    for name in before.difference(&after) {
        generated.glue = without(&generated.glue, &format!("export function {name}("));
    }
    while let Some(name) = unused(&generated.glue) {
        generated.glue = without(&generated.glue, &format!("function {name}("));
    }
    Ok(())
}

/// The names that a module imports.
pub(super) fn imports(module: &[u8]) -> Result<HashSet<String>> {
    let module = Module::from_buffer(module).context("reading the module")?;
    Ok(module.imports.iter().map(|import| import.name.clone()).collect())
}

/// A function of the glue alone that nothing but itself names.
fn unused(glue: &str) -> Option<&str> {
    let mut names =
        glue.lines().filter_map(|line| line.strip_prefix("function ")?.split('(').next());
    names.find(|name| !without(glue, &format!("function {name}(")).contains(name))
}

/// The glue without the function that begins with that line.
fn without(glue: &str, start: &str) -> String {
    let begins_line = |&found: &usize| found == 0 || glue[..found].ends_with('\n');
    let mut places = glue.match_indices(start).map(|(found, _)| found);
    let Some(start) = places.find(begins_line) else { return glue.to_owned() };
    let end = glue[start..].find("\n}\n").map_or(glue.len(), |length| start + length + 3);
    [&glue[..start], &glue[end..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &str = "export function $0() {\n    text()\n}\nexport function $1() {\n}\nfunction text() {\n    part()\n}\nfunction part() {\n    part()\n}\n";

    #[test]
    fn what_nobody_calls_goes_with_what_only_that_called() {
        let mut glue = without(GLUE, "export function $0(");
        while let Some(name) = unused(&glue) {
            glue = without(&glue, &format!("function {name}("));
        }
        assert_eq!(glue, "export function $1() {\n}\n");
        assert_eq!(unused(GLUE), None);
    }
}
