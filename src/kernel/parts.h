// What the kernel is made of, for the files of this room alone.
#pragma once

#include "kernel/capability_store.h"
#include "kernel/commands.h"
#include "kernel/kernel.h"
#include "kernel/lifecycle.h"
#include "kernel/process_table.h"
#include "kernel/records.h"
#include "kernel/router.h"
#include "kernel/tally.h"
#include "kernel/timer_wheel.h"

namespace kinode::kernel {

struct Kernel::Parts {
  Parts(Kernel& kernel, Environment given)
      : environment(std::move(given)),
        address(environment.node, ProcessId("kernel", "distro", "sys")),
        records(environment.journal, environment.printer, address.process()),
        wheel(environment.clock.now()),
        capabilities(address, table, records, environment.limits),
        router(environment, address, table, wheel, tally),
        lifecycle(kernel, environment, address, table, wheel, capabilities, records, router, tally),
        commands(kernel, address) {}

  Environment environment;
  const Address address;
  Tally tally;
  Records records;
  TimerWheel wheel;
  ProcessTable table;
  CapabilityStore capabilities;
  Router router;
  Lifecycle lifecycle;
  Commands commands;
};

}  // namespace kinode::kernel
