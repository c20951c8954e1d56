// Who holds what.
#include "model.h"

namespace kinode::simulation {

bool Model::holds(const Life& life, const Capability& capability) {
  return life.capabilities.contains(key_of(capability));
}

void Model::insert(Life& life, const std::vector<Capability>& capabilities) {
  for (const Capability& capability : capabilities) {
    life.capabilities.try_emplace(key_of(capability), capability);
  }
  change();
}

void Model::insert_granted(Life& life, const std::vector<Capability>& capabilities) {
  for (const Capability& capability : capabilities) {
    if (life.capabilities.try_emplace(key_of(capability), capability).second) {
      life.granted.try_emplace(key_of(capability), capability);
    }
  }
  change();
}

bool Model::grant(const ProcessId& holder, const std::vector<Capability>& capabilities) {
  Life* life = living(holder);
  if (life == nullptr) {
    return false;
  }
  insert_granted(*life, capabilities);
  return true;
}

bool Model::promise(const ProcessId& holder, const std::vector<Capability>& capabilities) {
  if (!holder.is_name_safe()) {
    return false;
  }
  if (!grant(holder, capabilities)) {
    for (const Capability& capability : capabilities) {
      promised_[holder].try_emplace(key_of(capability), capability);
    }
    change();
  }
  return true;
}

void Model::add(Life& life, const std::vector<Capability>& capabilities) {
  if (!life.ended()) {
    insert_granted(life, capabilities);
  }
}

void Model::drop(Life& life, const std::vector<Capability>& capabilities) {
  for (const Capability& capability : capabilities) {
    life.capabilities.erase(key_of(capability));
    life.granted.erase(key_of(capability));
  }
  change();
}

void Model::drop(const ProcessId& holder, const std::vector<Capability>& capabilities) {
  if (auto promised = promised_.find(holder); promised != promised_.end()) {
    for (const Capability& capability : capabilities) {
      promised->second.erase(key_of(capability));
    }
    if (promised->second.empty()) {
      promised_.erase(promised);
    }
    change();
  }
  if (Life* life = living(holder)) {
    drop(*life, capabilities);
  }
}

void Model::filter(const Life& life, std::vector<Capability>& capabilities) {
  std::erase_if(capabilities, [&](const Capability& capability) {
    return capability.issuer() != life.address && !holds(life, capability);
  });
}

void Model::filter(const Life& life, OnExit& on_exit) {
  for (OnExitRequest& request : on_exit.requests) {
    std::erase_if(request.request.capabilities, [&](const AttachedCapability& attached) {
      return attached.capability.issuer() != life.address && !holds(life, attached.capability);
    });
  }
}

void Model::revoke(const Address& issuer) {
  auto issued = [&](const auto& item) { return item.second.issuer() == issuer; };
  for (auto& [id, life] : table_) {
    std::erase_if(life->capabilities, issued);
    std::erase_if(life->granted, issued);
  }
  for (auto& [id, promised] : promised_) {
    std::erase_if(promised, issued);
  }
  std::erase_if(promised_, [](const auto& item) { return item.second.empty(); });
  change();
}

}  // namespace kinode::simulation
