use crate::bench::Cases;
pub fn cases(_: &mut Cases) {}
