//! Tokens for values while the vault is away: the core's decisions for the script, which reads and writes the store and asks the
//! vault. Rows are the last fields of a message, three for each: its key, its text (absent where there is no row), its
//! revision. Transactions and facts come back as JSON.

mod circuit;
mod degrade;
mod outgoing;
mod policy;
mod rows;
mod upkeep;

use lingpai_core::ErrorCode;

use crate::border::Output;
use crate::device::Device;
use crate::message::Fields;

pub(crate) fn carry_out(operation: u32, fields: &mut Fields<'_>, device: &mut Device) -> Output {
    match operation {
        40 => policy::verify(fields, device),
        41 => policy::message(fields, device),
        42 => degrade::degrade(fields, device),
        43 => degrade::read_answer(fields),
        44 => upkeep::account(fields),
        45 => upkeep::adopt(fields, device),
        46 => upkeep::refill(fields, device),
        47 => upkeep::stock(fields, device),
        48 => upkeep::forget_policies(fields),
        49 => circuit::gate(fields),
        50 => circuit::record(fields, device),
        51 => outgoing::take_fence(fields),
        52 => outgoing::next(fields),
        53 => outgoing::settle(fields),
        54 => outgoing::bury(fields),
        55 => outgoing::write_off(fields),
        56 => outgoing::bury_unreadable(fields),
        _ => Err(ErrorCode::Internal.into()),
    }
}
