//! The whole protocol of an outage as a model: two tabs on one store, a network that loses, repeats and reorders, a vault.
//! Every decision in it is the core's own; the model only chooses what happens next, in every possible order.

mod calm;
mod campaign;
mod check;
mod ghost;
mod mutant;
mod server;
mod state;
mod steps;
