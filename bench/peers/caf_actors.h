// The actors that the orders of caf_peer.cpp set to work: the same as those of bench/guests.
#pragma once

#include <caf/all.hpp>
#include <cstdint>
#include <string>

namespace bench {

using Ask = caf::atom_constant<caf::atom("ask")>;
using Tell = caf::atom_constant<caf::atom("tell")>;
using CountUp = caf::atom_constant<caf::atom("count")>;
using Done = caf::atom_constant<caf::atom("done")>;
using RoundTrips = caf::atom_constant<caf::atom("trips")>;
using Flood = caf::atom_constant<caf::atom("flood")>;
using Start = caf::atom_constant<caf::atom("start")>;
using Read = caf::atom_constant<caf::atom("read")>;
using Pass = caf::atom_constant<caf::atom("pass")>;

/// Answers with what it is asked: `Ask` a copy, `Read` and `Pass` the same string by reference, which `Read` looks
/// into.
caf::behavior echo(caf::event_based_actor* self);

struct Count {
  uint64_t value = 0;
};
/// Counts what it is told; asked, it says how many since it was asked last.
caf::behavior sink(caf::stateful_actor<Count>* self);

struct Load {
  uint64_t left = 0;
  uint64_t begin = 0;
  std::string body;
  caf::actor target;
  caf::response_promise promise;
  std::vector<caf::actor> started;
};
/// Puts load on others. Answers with the nanoseconds, and with what a sink counted.
caf::behavior client(caf::stateful_actor<Load>* self);

}  // namespace bench
