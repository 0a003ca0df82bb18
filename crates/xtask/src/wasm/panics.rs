//! Takes the text out of panics. std, which the crates for browser calls link, formats a message for each panic and has
//! nowhere to print it in a page: what is left of a panic is a trap in any case. The functions that would format it become
//! that trap, and wasm-opt then drops what only they needed: a seventh of the module.

use anyhow::{Context as _, Result, bail};
use walrus::ir::Value;
use walrus::{
    ConstExpr, DataKind, FunctionBuilder, FunctionId, FunctionKind, Module, ModuleConfig,
};

use super::locations;
use crate::step::Step;

/// Parts of the names of functions that run only on the way from a panic to its trap.
const NAMES: [&str; 18] = [
    "core::cell::panic_",
    "core::fmt::",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::panicking::",
    "core::result::unwrap_failed",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "core::slice::index::slice_index_fail",
    "core::str::slice_error_fail",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "hashbrown::raw::Fallibility",
    "std::alloc::rust_oom",
    "std::panicking::",
    "std::thread::local::panic_access_error",
    "::rust_begin_unwind",
    "::rust_panic",
];

/// The module with those functions replaced by a trap.
pub(super) fn trap(module: &[u8]) -> Result<Vec<u8>> {
    let step = Step::begin("panics trap at once");
    let config = {
        let mut config = ModuleConfig::new();
        config.generate_producers_section(false);
        config
    };
    let mut module = config.parse(module).context("reading the module")?;
    let chosen: Vec<FunctionId> = module
        .funcs
        .iter_local()
        .map(|(id, _)| id)
        .filter(|&id| module.funcs.get(id).name.as_deref().is_some_and(is_on_the_way))
        .collect();
    // With another compiler the names may differ; a module that is a seventh larger should be noticed here.
    if !chosen.iter().any(|&id| is_named(&module, id, "core::panicking::panic_fmt")) {
        bail!("no panic found in the module: have the names of core's functions changed?");
    }
    for &id in &chosen {
        replace(&mut module, id);
    }
    let segments: Vec<_> = module.data.iter().map(|segment| segment.id()).collect();
    for id in segments {
        let segment = module.data.get_mut(id);
        if let DataKind::Active { offset: ConstExpr::Value(Value::I32(address)), .. } = segment.kind
        {
            locations::blank(&mut segment.value, address as u32 as usize);
        }
    }
    let bytes = module.emit_wasm();
    step.done_as(&format!("panics trap at once: {} functions", chosen.len()));
    Ok(bytes)
}

fn is_on_the_way(name: &str) -> bool {
    let plain = without_hashes(name);
    NAMES.iter().any(|part| plain.contains(part))
}

fn is_named(module: &Module, id: FunctionId, part: &str) -> bool {
    let name = module.funcs.get(id).name.as_deref().unwrap_or_default();
    without_hashes(name).contains(part)
}

/// `core[fd7cd05f7ffa3501]::fmt::write` as `core::fmt::write`.
fn without_hashes(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut depth = 0;
    for character in name.chars() {
        match character {
            '[' => depth += 1,
            ']' if depth > 0 => depth -= 1,
            _ if depth == 0 => plain.push(character),
            _ => {}
        }
    }
    plain
}

fn replace(module: &mut Module, id: FunctionId) {
    let signature = module.types.get(module.funcs.get(id).ty());
    let (parameters, results) = (signature.params().to_vec(), signature.results().to_vec());
    let mut builder = FunctionBuilder::new(&mut module.types, &parameters, &results);
    builder.func_body().unreachable();
    let arguments = parameters.iter().map(|&kind| module.locals.add(kind)).collect();
    let trap = builder.local_func(arguments);
    module.funcs.get_mut(id).kind = FunctionKind::Local(trap);
}
