//! Residency: rules, fences, records, sealed values, certificates, and the campaign of schedules with faults.

mod campaign;
mod clients;
mod driver;
mod hosts;
mod network;
mod world;
