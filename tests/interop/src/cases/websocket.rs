use crate::bench::Cases;
pub fn cases(_: &mut Cases) {}
pub fn pings(_: &mut Cases) {}
