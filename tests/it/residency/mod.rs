//! Residency: rules, fences, records, sealed values, certificates, and the campaign of schedules with faults.

mod campaign;
mod clients;
mod directory;
mod driver;
mod fence;
mod hosts;
mod network;
mod rules;
mod sealed_value;
mod world;
