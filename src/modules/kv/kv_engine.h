// KvEngine: the actions of kv:distro:sys (modules.md 3), behind a DatabaseModule.
#pragma once

#include <memory>

#include "modules/database/database_engine.h"
#include "modules/kv/kv_api.h"
#include "modules/kv/kv_store.h"

namespace kinode::modules::kv {

class KvEngine final : public database::DatabaseEngine {
 public:
  /// `store` must outlive it.
  explicit KvEngine(KvStore& store) : store_(store) {}

  database::DatabaseResult<void> open(const database::DatabaseId& database) override;
  database::DatabaseResult<void> remove(const database::DatabaseId& database) override;
  database::DatabaseResult<std::shared_ptr<database::Transaction>> begin(const database::DatabaseId& database) override;
  database::DatabaseResult<database::Answer> act(const database::DatabaseCall& call,
                                                 const codec::JsonVariant& action) override;

 private:
  class Work;
  KvStore& store_;
};

}  // namespace kinode::modules::kv
