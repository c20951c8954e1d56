// Uses a database by the library: each request makes it anew, writes values of all kinds, commits one transaction and
// rolls one back, and is answered with what was read, or the error of the first step that failed.

#include <kinode/sqlite.h>

#include <string>

namespace {

using kinode::sqlite::Database;
using kinode::sqlite::Error;

std::string told(const Error& error) { return "error: " + error.text; }

std::string run(const kinode::PackageId& package) {
  auto database = Database::open(package, "by-library");
  if (!database) return told(database.error());
  if (auto done = database->write("DROP TABLE IF EXISTS t"); !done) return told(done.error());
  if (auto done = database->write("CREATE TABLE t (x)"); !done) return told(done.error());
  auto ids = database->write("INSERT INTO t VALUES (?), (?), (?), (?), (?) RETURNING rowid",
                             {nullptr, 7, 1.5, std::string("main"), std::vector<uint8_t>{0, 255}});
  if (!ids) return told(ids.error());

  auto kept = database->begin();
  if (!kept) return told(kept.error());
  if (auto done = kept->write("INSERT INTO t VALUES (?)", {std::string("kept")}); !done) return told(done.error());
  if (auto done = kept->commit(); !done) return told(done.error());
  auto dropped = database->begin();
  if (!dropped) return told(dropped.error());
  if (auto done = dropped->write("DELETE FROM t"); !done) return told(done.error());
  if (auto done = dropped->rollback(); !done) return told(done.error());

  auto rows = database->query("SELECT x, typeof(x) AS type FROM t ORDER BY rowid");
  if (!rows) return told(rows.error());
  std::string report = std::to_string(ids->size());
  for (const kinode::Json& row : *rows) report += " " + kinode::dump(row["x"]) + ":" + row["type"].get<std::string>();
  const auto bytes = kinode::sqlite::blob_of((*rows)[4]["x"]);
  report += bytes == std::vector<uint8_t>{0, 255} ? " same bytes" : " other bytes";
  auto wrong = database->query("DELETE FROM t");
  return report + " " + (wrong ? "taken" : wrong.error().text);
}

}  // namespace

void init(kinode::Address our) {
  while (true) {
    auto event = kinode::receive();
    if (event && event->expects_response()) kinode::respond({.body = run(our.process.package())});
  }
}
