// SqliteSnapshots: all databases of a home, as a backup sees them (modules/snapshot_source.h).
//
// `capture` opens a read transaction on each, also on those that are not in use: they are what is kept, whatever is
// written and checkpointed later. `complete` copies each from there by SQLite's backup function, into
// `<package>:<publisher>/<db>/<db>.db`, and checks the copy. A database that cannot be read, or whose copy is damaged,
// is reported, and the others are kept nevertheless; a damaged copy stays, since it is all there is.
//
// Each capture keeps three files open for each database until it is destroyed.
#pragma once

#include <functional>
#include <string>

#include "modules/database/work_gate.h"
#include "modules/snapshot_source.h"
#include "modules/sqlite/sqlite_engine.h"

namespace kinode::modules::sqlite {

class SqliteSnapshots final : public SnapshotSource {
 public:
  /// `report` gets a line for each database that is not as it should be, on the thread that makes snapshots. All must
  /// outlive it; `gate` is the module's.
  SqliteSnapshots(const SqliteEngine& engine, database::WorkGate& gate, std::function<void(std::string)> report)
      : engine_(engine), gate_(gate), report_(std::move(report)) {}

  [[nodiscard]] std::string_view name() const override { return "sqlite"; }
  Result<void> hold(std::chrono::milliseconds patience) override { return gate_.hold(patience); }
  void release() override { gate_.release(); }
  Result<std::unique_ptr<Capture>> capture(const std::filesystem::path& folder) override;

 private:
  const SqliteEngine& engine_;
  database::WorkGate& gate_;
  std::function<void(std::string)> report_;
};

}  // namespace kinode::modules::sqlite
