//! The exported functions.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::mem::MaybeUninit;

use lingpai_core::{Error, Result};

use crate::device::Device;
use crate::operations;

/// Raised when a caller has to change with the module.
const BORDER_VERSION: u32 = 2;

/// Below it lies what called, above it nothing that is needed: more than any operation puts on the stack.
const STACK_BYTES: usize = 24 * 1024;

/// What outlives a call.
struct Border {
    device: Device,
    input: Vec<u8>,
    output: Vec<u8>,
}

struct OneThread(RefCell<Border>);

// SAFETY: an instance of this module has one thread, and nothing in here calls out of it.
unsafe impl Sync for OneThread {}

static BORDER: OneThread =
    OneThread(RefCell::new(Border { device: Device::NEW, input: Vec::new(), output: Vec::new() }));

/// The version of this border.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lp_version() -> u32 {
    BORDER_VERSION
}

/// Makes room for a message and says where.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lp_input(length: usize) -> *mut u8 {
    let mut border = BORDER.0.borrow_mut();
    border.input = vec![0; length];
    border.input.as_mut_ptr()
}

/// Carries out an operation on the message. 0: the output is its result; 1: the output is a code, with a detail in
/// parentheses if there is one.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lp_call(operation: u32) -> u32 {
    let mut border = BORDER.0.borrow_mut();
    let Border { device, input, output } = &mut *border;
    let result = operations::carry_out(operation, input, device);
    // What is given back is wiped.
    *input = Vec::new();
    let refused = result.is_err();
    *output = result.unwrap_or_else(|error| text_of(error).into_bytes());
    wipe_stack();
    u32::from(refused)
}

/// Where the answer is.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lp_output() -> *const u8 {
    BORDER.0.borrow().output.as_ptr()
}

/// How long the answer is, in bytes.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lp_output_length() -> usize {
    BORDER.0.borrow().output.len()
}

/// Wipes the answer.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lp_clear() {
    BORDER.0.borrow_mut().output = Vec::new();
}

/// What operations return.
pub(crate) type Output = Result<Vec<u8>>;

fn text_of(error: Error) -> String {
    let mut text = String::from(error.code().as_str());
    if let Some(detail) = error.detail() {
        text.push('(');
        text.push_str(detail);
        text.push(')');
    }
    text
}

/// Overwrites what the operation left below the caller's frame: keys, blocks of them, points.
#[inline(never)]
fn wipe_stack() {
    let mut frame = MaybeUninit::<[u8; STACK_BYTES]>::uninit();
    frame.write([0; STACK_BYTES]);
    // Somebody might look, for all that the optimiser knows.
    core::hint::black_box(&frame);
}
