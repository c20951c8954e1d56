//! How the values of the process interface cross the boundary without a copy of their own.
//!
//! From the guest: a `Bytes` or `Text` that is lifted points into guest memory. That is sound because
//! a host function runs before any code of the guest, which alone can move or change that memory, and
//! because views are never used after a function said that it must wait.
//!
//! To the guest: lowering copies once, from the host's buffer into guest memory.
//!
//! What cannot be a view of guest memory, because its form differs there (lists of records, strings
//! that are not UTF-8), is put aside in `scratch` until the call is over. The ordinary message has
//! neither.

use crate::ffi::*;
use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{ComponentType, Lift, Lower, WasmList, WasmStr};
use wasmtime::{Result, ValRaw, bail, format_err};

use std::mem::MaybeUninit;

/// Things that live until the host call which is being made on this thread has returned.
pub mod scratch {
    use std::any::Any;
    use std::cell::{Cell, RefCell};

    thread_local! {
        static USED: Cell<bool> = const { Cell::new(false) };
        static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
    }

    pub fn keep<T: 'static>(value: Vec<T>) -> &'static [T] {
        let items = std::ptr::slice_from_raw_parts(value.as_ptr(), value.len());
        USED.set(true);
        KEPT.with_borrow_mut(|kept| kept.push(Box::new(value)));
        // A vector's elements stay where they are when it moves; `clear` comes after their last use.
        unsafe { &*items }
    }

    pub fn clear() {
        if USED.replace(false) {
            KEPT.with_borrow_mut(Vec::clear);
        }
    }
}

fn pair_from_memory(bytes: &[u8]) -> (usize, usize) {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    (word(0), word(4))
}

fn pair_from_flat(flat: &[ValRaw; 2]) -> (usize, usize) {
    (flat[0].get_u32() as usize, flat[1].get_u32() as usize)
}

/// Writes an empty list: any aligned address will do, so the guest's allocator need not be asked.
fn empty_list<T>(cx: &mut LowerContext<'_, T>, offset: usize, align: u32) {
    *cx.get::<4>(offset) = align.to_le_bytes();
    *cx.get::<4>(offset + 4) = 0u32.to_le_bytes();
}

// ---- list<u8> ----------------------------------------------------------------------------------

unsafe impl ComponentType for Bytes {
    type Lower = [ValRaw; 2];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::POINTER_PAIR;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        WasmList::<u8>::typecheck(ty, types)
    }
}

/// The view of a list that `WasmList` has found to lie within memory and the call limit.
fn view(cx: &LiftContext<'_>, (start, size): (usize, usize)) -> Bytes {
    Bytes::of(&cx.memory()[start..start + size])
}

unsafe impl Lift for Bytes {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &Self::Lower,
    ) -> Result<Self> {
        WasmList::<u8>::linear_lift_from_flat(cx, ty, src)?;
        Ok(view(cx, pair_from_flat(src)))
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        WasmList::<u8>::linear_lift_from_memory(cx, ty, bytes)?;
        Ok(view(cx, pair_from_memory(bytes)))
    }
}

unsafe impl Lower for Bytes {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        unsafe { self.as_slice() }.linear_lower_to_flat(cx, ty, dst)
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        if self.size == 0 {
            empty_list(cx, offset, 1);
            return Ok(());
        }
        unsafe { self.as_slice() }.linear_lower_to_memory(cx, ty, offset)
    }
}

// ---- string ------------------------------------------------------------------------------------

fn is_utf8(cx: &LiftContext<'_>) -> bool {
    cx.options().string_encoding == StringEncoding::Utf8
}

/// The view of a string that `WasmStr` has found to lie within memory and the call limit.
fn text_view(cx: &LiftContext<'_>, pair: (usize, usize)) -> Result<Text> {
    let bytes = view(cx, pair);
    if std::str::from_utf8(unsafe { bytes.as_slice() }).is_err() {
        bail!("the guest passed a string that is not valid UTF-8");
    }
    Ok(Text(bytes))
}

fn text_kept(string: String) -> Text {
    Text(Bytes::of(scratch::keep(string.into_bytes())))
}

impl Text {
    /// # Safety
    /// The memory behind the view must live for `'a`.
    pub unsafe fn as_str<'a>(&self) -> Result<&'a str> {
        std::str::from_utf8(unsafe { self.0.as_slice() })
            .map_err(|_| format_err!("the node handed out text that is not valid UTF-8"))
    }
}

unsafe impl ComponentType for Text {
    type Lower = [ValRaw; 2];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::POINTER_PAIR;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        WasmStr::typecheck(ty, types)
    }
}

unsafe impl Lift for Text {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &Self::Lower,
    ) -> Result<Self> {
        if !is_utf8(cx) {
            return Ok(text_kept(String::linear_lift_from_flat(cx, ty, src)?));
        }
        WasmStr::linear_lift_from_flat(cx, ty, src)?;
        text_view(cx, pair_from_flat(src))
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        if !is_utf8(cx) {
            return Ok(text_kept(String::linear_lift_from_memory(cx, ty, bytes)?));
        }
        WasmStr::linear_lift_from_memory(cx, ty, bytes)?;
        text_view(cx, pair_from_memory(bytes))
    }
}

unsafe impl Lower for Text {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        unsafe { self.as_str() }?.linear_lower_to_flat(cx, ty, dst)
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        unsafe { self.as_str() }?.linear_lower_to_memory(cx, ty, offset)
    }
}

// ---- list<record> ------------------------------------------------------------------------------

unsafe impl<V: ComponentType> ComponentType for Slice<V> {
    type Lower = [ValRaw; 2];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::POINTER_PAIR;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        WasmList::<V>::typecheck(ty, types)
    }
}

fn kept<V: 'static>(items: Vec<V>) -> Slice<V> {
    if items.is_empty() {
        return Slice::default();
    }
    Slice::of(scratch::keep(items))
}

unsafe impl<V: Lift + 'static> Lift for Slice<V> {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &Self::Lower,
    ) -> Result<Self> {
        Ok(kept(Vec::<V>::linear_lift_from_flat(cx, ty, src)?))
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        Ok(kept(Vec::<V>::linear_lift_from_memory(cx, ty, bytes)?))
    }
}

unsafe impl<V: Lower> Lower for Slice<V> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        unsafe { self.as_slice() }.linear_lower_to_flat(cx, ty, dst)
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        if self.size == 0 {
            empty_list(cx, offset, V::ALIGN32);
            return Ok(());
        }
        unsafe { self.as_slice() }.linear_lower_to_memory(cx, ty, offset)
    }
}

// ---- option ------------------------------------------------------------------------------------

unsafe impl<V: ComponentType> ComponentType for Optional<V> {
    type Lower = <Option<V> as ComponentType>::Lower;
    const ABI: CanonicalAbiInfo = <Option<V> as ComponentType>::ABI;
    const MAY_REQUIRE_REALLOC: bool = <Option<V> as ComponentType>::MAY_REQUIRE_REALLOC;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        Option::<V>::typecheck(ty, types)
    }
}

unsafe impl<V: Lift + Default> Lift for Optional<V> {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &Self::Lower,
    ) -> Result<Self> {
        Ok(Option::<V>::linear_lift_from_flat(cx, ty, src)?.into())
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        Ok(Option::<V>::linear_lift_from_memory(cx, ty, bytes)?.into())
    }
}

unsafe impl<V: Lower + Copy> Lower for Optional<V> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        self.get().linear_lower_to_flat(cx, ty, dst)
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        self.get().linear_lower_to_memory(cx, ty, offset)
    }
}
