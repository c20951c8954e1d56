//! The cases. Sections and defects (B1 and on) are those of the specification of the network.

mod forms;
mod handshake;
mod hostile;
mod messages;
mod outgoing;
mod routing;
mod self_check;
mod sizes;
mod vectors;
mod websocket;

use crate::bench::Cases;

/// Those that wait for a time come first, so that others run meanwhile.
pub fn all(cases: &mut Cases) {
    websocket::pings(cases);
    handshake::silence(cases);
    routing::cases(cases);
    outgoing::cases(cases);
    vectors::cases(cases);
    self_check::cases(cases);
    handshake::cases(cases);
    messages::cases(cases);
    forms::cases(cases);
    hostile::cases(cases);
    websocket::cases(cases);
    sizes::cases(cases);
}
