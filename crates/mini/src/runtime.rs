//! What `std` would bring: an allocator, and what a panic ends in. Whatever is given back to the allocator is wiped first,
//! since any of it may have been part of a secret.

use core::alloc::{GlobalAlloc, Layout};

use lol_alloc::{AssumeSingleThreaded, FreeListAllocator};
use zeroize::Zeroize as _;

struct Wiping(AssumeSingleThreaded<FreeListAllocator>);

#[global_allocator]
static ALLOCATOR: Wiping =
    // SAFETY: an instance of this module has one thread. Shared memory would need the `atomics` target feature.
    Wiping(unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) });

// SAFETY: every block comes from, and goes back to, the allocator inside with the layout it was asked for; `realloc` is the
// trait's own, which allocates, copies and gives back.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller owns `layout.size()` bytes from `block` on, and gives them up.
        unsafe {
            core::slice::from_raw_parts_mut(block, layout.size()).zeroize();
            self.0.dealloc(block, layout);
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
