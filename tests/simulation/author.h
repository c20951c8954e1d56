// Author: what processes think of to say and to do.
#pragma once

#include <string>

#include "scene.h"

namespace kinode::simulation {

kernel::ProcessSpec spec_of(const NewProcess& process);

class Author {
 public:
  explicit Author(Scene& scene) : scene_(scene) {}

  /// The processes that may live: their names are few, so that they are taken again and again.
  static const std::vector<Address>& guests();
  Address guest();
  /// A local address, not always of a process that is there.
  Address somebody();
  /// Also other nodes, other spellings, names that nobody can have.
  Address anybody();

  Capability capability(const Address& own);
  std::vector<Capability> capabilities(const Life& life, unsigned at_most);
  OnExit on_exit(const Life& life);

  /// A process that has some rights.
  NewProcess process(const Address& address);

  /// A letter that needs no response, with whatever may be in one.
  Letter letter(const Life& life);
  std::optional<uint64_t> timeout();
  Letter command(const Life& life);

 private:
  Scene& scene_;
};

}  // namespace kinode::simulation
