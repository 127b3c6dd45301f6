//! Each core's descriptor table, task state and emergency stacks.
//!
//! Long mode wants segments only for form's sake; what matters is the task state (SDM volume 3, 8.7):
//! its interrupt stack table gives the faults that may find a broken stack one of their own, so that
//! a stack overflow is a report and not a triple fault. Before memory is there, `load_early` loads
//! static tables with one static emergency stack, since nothing runs beside the boot core yet. Owns
//! one frame and four guarded stacks a core, for good.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use x86_64::structures::tss::TaskStateSegment;

use crate::x86_64::memory::{FRAME_BYTES, direct, frames, stacks};

/// The faults with a stack of their own, by their index in the interrupt stack table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EmergencyStack {
    /// Page faults: the guard page of a stack may be what was touched.
    PageFault = 0,
    /// Double faults.
    DoubleFault = 1,
    /// Non-maskable interrupts come at any instruction.
    NonMaskable = 2,
    /// So do machine checks.
    MachineCheck = 3,
}

const EMERGENCY_STACKS: usize = 4;

/// Where every table of ours has the kernel's code; gates name it.
pub const CODE_SELECTOR: SegmentSelector = SegmentSelector(8);
const DATA_SELECTOR: SegmentSelector = SegmentSelector(16);

const EARLY_STACK_BYTES: usize = 16 * 1024;

/// Where faults are reported on until the boot core has its own stacks.
#[repr(align(16))]
struct EarlyStack(UnsafeCell<[u8; EARLY_STACK_BYTES]>);

// SAFETY: only the processor writes it, on one core, when that core faults for the last time.
unsafe impl Sync for EarlyStack {}

static EARLY_STACK: EarlyStack = EarlyStack(UnsafeCell::new([0; EARLY_STACK_BYTES]));
static EARLY_STATE: spin::Once<TaskStateSegment> = spin::Once::new();
static EARLY_DESCRIPTORS: spin::Once<(GlobalDescriptorTable, SegmentSelector)> = spin::Once::new();

struct CoreTables {
    state: TaskStateSegment,
    descriptors: GlobalDescriptorTable,
}

const _: () = assert!(size_of::<CoreTables>() <= FRAME_BYTES);

/// Loads the static tables, on the boot core.
pub fn load_early() {
    let state = EARLY_STATE.call_once(|| {
        let mut state = TaskStateSegment::new();
        let top = EARLY_STACK.0.get() as u64 + EARLY_STACK_BYTES as u64;
        state.interrupt_stack_table = [VirtAddr::new(top); 7];
        state
    });
    let (descriptors, selector) = EARLY_DESCRIPTORS.call_once(|| {
        let mut descriptors = two_segments();
        let selector = descriptors.append(Descriptor::tss_segment(state));
        (descriptors, selector)
    });
    load(descriptors, *selector);
}

/// Loads this core's own table and task state; called once a core. False without memory for them.
pub fn load_own() -> bool {
    let Some(tables) = allocate() else { return false };
    // By value: the hardware packs the structure, so no reference into it may be made.
    let mut table = tables.state.interrupt_stack_table;
    for entry in table.iter_mut().take(EMERGENCY_STACKS) {
        let Some(stack) = stacks::map() else { return false };
        *entry = VirtAddr::new(stack.top as u64);
    }
    tables.state.interrupt_stack_table = table;
    tables.descriptors = two_segments();
    let state: &'static TaskStateSegment = &tables.state;
    let selector = tables.descriptors.append(Descriptor::tss_segment(state));
    load(&tables.descriptors, selector);
    true
}

fn load(descriptors: &'static GlobalDescriptorTable, state: SegmentSelector) {
    descriptors.load();
    load_segments();
    // SAFETY: the selector was made in this table, for a task state that lives for ever.
    unsafe { load_tss(state) };
}

fn two_segments() -> GlobalDescriptorTable {
    let mut table = GlobalDescriptorTable::new();
    table.append(Descriptor::kernel_code_segment());
    table.append(Descriptor::kernel_data_segment());
    table
}

fn allocate() -> Option<&'static mut CoreTables> {
    let place = direct::pointer(frames::allocate_contiguous(1)?).cast::<MaybeUninit<CoreTables>>();
    // SAFETY: the frame is ours for ever, aligned, and large enough (asserted above).
    let place = unsafe { &mut *place };
    let descriptors = GlobalDescriptorTable::new();
    Some(place.write(CoreTables { state: TaskStateSegment::new(), descriptors }))
}

fn load_segments() {
    // SAFETY: the loaded table has a 64-bit code segment at this selector.
    unsafe { CS::set_reg(CODE_SELECTOR) };
    // SAFETY: and a data segment at this one.
    unsafe { SS::set_reg(DATA_SELECTOR) };
    // SAFETY: as above; long mode ignores the base.
    unsafe { DS::set_reg(DATA_SELECTOR) };
    // SAFETY: as above. FS and GS stay: loading GS would clear the base that finds this core's data.
    unsafe { ES::set_reg(DATA_SELECTOR) };
}
