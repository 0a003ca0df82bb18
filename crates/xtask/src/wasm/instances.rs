//! Glue that can serve more than one instance. wasm-bindgen's keeps its state beside its functions; after a trap, timers and events of
//! the instance that failed would call into the next one with pointers of the last. As a function that makes the glue, each instance has
//! its own.

use anyhow::{Result, bail};

use super::bindgen::Generated;

/// Wraps the glue into `createGlue`.
pub(super) fn separate(generated: &mut Generated, stem: &str) -> Result<()> {
    let mut names = Vec::new();
    let mut body = String::with_capacity(generated.glue.len());
    for line in generated.glue.lines() {
        let line = match line.strip_prefix("export ") {
            None => line,
            Some(declared) => {
                names.push(name_of(declared)?);
                declared
            }
        };
        body.push_str(line);
        body.push('\n');
    }
    let names = names.join(", ");
    generated.glue = format!("export function createGlue() {{\n{body}return {{ {names} }}\n}}\n");
    generated.glue_types.push_str(&format!(
        "\n/** Makes the glue of one instance; nothing else is exported but by what this gives. */\n\
         export function createGlue(): typeof import('./{stem}_bg.js')\n"
    ));
    Ok(())
}

fn name_of(declared: &str) -> Result<&str> {
    let rest = ["function ", "class "].iter().find_map(|kind| declared.strip_prefix(kind));
    let name = rest.and_then(|rest| rest.split(['(', ' ']).next());
    match name {
        Some(name) => Ok(name),
        None => bail!("the glue exports something else than functions and classes: {declared}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_classes_are_given_out() {
        assert_eq!(name_of("function $0(x) {").expect("a name"), "$0");
        assert_eq!(name_of("class Store {").expect("a name"), "Store");
        assert!(name_of("const x = 1").is_err());
    }
}
