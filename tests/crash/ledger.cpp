#include "ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include "script.h"

namespace kinode::conformance {
namespace {

/// What the replaced file holds for an entry: more than a page, so that half of it would show.
std::string content_of(uint64_t entry) {
  std::string content;
  while (content.size() < 10'000) {
    content += std::to_string(entry) + "\n";
  }
  return content;
}

Json bytes_of(const std::string& text) { return std::vector<uint8_t>(text.begin(), text.end()); }

Json in_database(const std::string& name, Json action) {
  return {{"package_id", {{"package_name", "test-kit"}, {"publisher_node", "test.os"}}},
          {"db", name},
          {"action", std::move(action)}};
}

uint64_t number_of(const std::string& text) { return text.empty() ? 0 : std::stoull(text); }

/// The last of the numbers, which are 1, 2, 3, ...
uint64_t last_of(const std::vector<uint64_t>& numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(numbers[i], i + 1) << "an entry is missing, torn or out of order";
  }
  return numbers.size();
}

}  // namespace

const Ledger::Place Ledger::places[] = {
    {"state", &Ledger::write_state, &Ledger::read_state},
    {"replaced file", &Ledger::replace_file, &Ledger::read_replaced_file},
    {"appended file", &Ledger::append_line, &Ledger::read_lines},
    {"key-value database", &Ledger::set_keys, &Ledger::read_keys},
    {"tables", &Ledger::insert_rows, &Ledger::read_rows},
};

Ledger::Ledger(NodeProcess& node, size_t writers) : node_(&node) {
  for (size_t i = 0; i < writers; ++i) {
    const std::string name = "writer-" + std::to_string(i);
    const Json child =
        node_->step(actor, step("spawn", {{"name", name},
                                          {"on_exit", "Restart"},
                                          {"request_capabilities", Json::array({vfs_id, kv_id, sqlite_id})},
                                          {"grant_capabilities", Json::array({kv_id, sqlite_id})}}));
    const Writer& writer = writers_.emplace_back(child.at("ok").get<std::string>(), "/test-kit:test.os/" + name, name);
    node_->connect(writer.process);
    ask(writer, vfs_id, vfs(writer.drive, "CreateDrive"));
    ask(writer, vfs_id, vfs(writer.drive + "/replaced", "CreateFile"));
    ask(writer, vfs_id, vfs(writer.drive + "/appended", "CreateFile"));
    ask(writer, kv_id, in_database(name, "Open"));
    ask(writer, sqlite_id, in_database(name, "Open"));
    for (const std::string table : {"one", "two"}) {
      const std::string statement = "CREATE TABLE " + table + " (entry INTEGER PRIMARY KEY)";
      ask(writer, sqlite_id, in_database(name, {{"Write", {{"statement", statement}, {"tx_id", nullptr}}}}));
    }
  }
}

Json Ledger::ask(const Writer& writer, const std::string& module, const Json& body, Json more) const {
  Json event = node_->step(writer.process, await(module, body, std::move(more)));
  if (event.at("kind") != "response" || event.at("body").get<std::string>().starts_with(R"({"Err")")) {
    throw Failure(writer.process + ": " + body.dump() + ": " + event.dump());
  }
  return event;
}

std::vector<Ledger::Progress> Ledger::progress() const {
  std::vector<Progress> all;
  for (const Writer& writer : writers_) {
    const uint64_t answered = writer.answered;  // before what is begun, which is never less
    all.push_back({answered, writer.begun});
  }
  return all;
}

uint64_t Ledger::answered() const {
  uint64_t sum = 0;
  for (const Writer& writer : writers_) {
    sum += writer.answered;
  }
  return sum;
}

// ---- all places ------------------------------------------------------------------------------------

std::chrono::microseconds Ledger::write_one() {
  const auto begin = std::chrono::steady_clock::now();
  for (Writer& writer : writers_) {
    write_entry(writer);
  }
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
}

void Ledger::write_until_gone() {
  std::vector<std::jthread> threads;
  for (Writer& writer : writers_) {
    threads.emplace_back([&] { write_while_answered(writer); });
  }
}

void Ledger::write_entry(Writer& writer) const {
  ++writer.begun;
  for (const Place& place : places) {
    (this->*place.write)(writer, writer.begun);
  }
  writer.answered = writer.begun.load();
}

void Ledger::write_while_answered(Writer& writer) const {
  try {
    while (true) {
      write_entry(writer);
    }
  } catch (const std::exception&) {
    // The node is gone, or said that it could not.
  }
}

void Ledger::check() {
  for (Writer& writer : writers_) {
    check(writer);
    writer.answered = writer.begun.load();
  }
}

void Ledger::check(Writer& writer) const {
  for (const Place& place : places) {
    const uint64_t entry = (this->*place.read)(writer);
    EXPECT_GE(entry, writer.answered) << writer.process << ": its " << place.name << " forgot what was answered";
    EXPECT_LE(entry, writer.begun) << writer.process << ": its " << place.name;
    if (entry < writer.begun) {
      (this->*place.write)(writer, writer.begun);
    }
  }
}

void Ledger::check_copy(const std::vector<Progress>& before, const std::vector<Progress>& after) const {
  for (size_t i = 0; i < writers_.size(); ++i) {
    check_copy(writers_[i], before[i], after[i]);
  }
}

void Ledger::check_copy(const Writer& writer, const Progress& before, const Progress& after) const {
  const uint64_t first = (this->*places[0].read)(writer);
  EXPECT_LE(first, after.begun) << writer.process;
  uint64_t previous = first;
  for (const Place& place : places) {
    const uint64_t entry = (this->*place.read)(writer);
    EXPECT_GE(entry, before.answered) << writer.process << ": its " << place.name << " lacks what was answered before";
    EXPECT_LE(entry, previous) << writer.process << ": its " << place.name << " is later than what is written before";
    EXPECT_GE(entry + 1, first) << writer.process << ": its " << place.name << " is earlier than its state";
    previous = entry;
  }
}

// ---- state -----------------------------------------------------------------------------------------

void Ledger::write_state(const Writer& writer, uint64_t entry) const {
  node_->step(writer.process, step("set_state", {{"bytes", std::to_string(entry)}}));
}

uint64_t Ledger::read_state(const Writer& writer) const {
  const Json state = node_->step(writer.process, "get_state");
  return state.is_null() ? 0 : number_of(state.get<std::string>());
}

// ---- files -----------------------------------------------------------------------------------------

std::string Ledger::read_file_of(const Writer& writer, const std::string& name) const {
  return ask(writer, vfs_id, vfs(writer.drive + name, "Read")).at("blob").at("bytes").get<std::string>();
}

void Ledger::replace_file(const Writer& writer, uint64_t entry) const {
  ask(writer, vfs_id, vfs(writer.drive + "/replaced", "Write"), {{"blob", content_of(entry)}});
}

uint64_t Ledger::read_replaced_file(const Writer& writer) const {
  const std::string content = read_file_of(writer, "/replaced");
  const uint64_t entry = number_of(content);
  EXPECT_EQ(content, entry == 0 ? "" : content_of(entry)) << "a file is half of an entry";
  return entry;
}

void Ledger::append_line(const Writer& writer, uint64_t entry) const {
  ask(writer, vfs_id, vfs(writer.drive + "/appended", "Append"), {{"blob", std::to_string(entry) + "\n"}});
}

uint64_t Ledger::read_lines(const Writer& writer) const {
  std::vector<uint64_t> numbers;
  std::istringstream lines(read_file_of(writer, "/appended"));
  for (std::string line; std::getline(lines, line);) {
    numbers.push_back(number_of(line));
  }
  return last_of(numbers);
}

// ---- databases -------------------------------------------------------------------------------------

Json Ledger::begin(const Writer& writer, const std::string& module) const {
  const Json begun = ask(writer, module, in_database(writer.database, "BeginTx"));
  return Json::parse(begun.at("body").get<std::string>()).at("BeginTx").at("tx_id");
}

void Ledger::set_keys(const Writer& writer, uint64_t entry) const {
  const Json transaction = begin(writer, kv_id);
  for (const char* key : {"one", "two"}) {
    ask(writer, kv_id, in_database(writer.database, {{"Set", {{"key", bytes_of(key)}, {"tx_id", transaction}}}}),
        {{"blob", std::to_string(entry)}});
  }
  ask(writer, kv_id, in_database(writer.database, {{"Commit", {{"tx_id", transaction}}}}));
}

uint64_t Ledger::read_keys(const Writer& writer) const {
  auto value = [&](const char* key) {
    const Json action = {{"Get", bytes_of(key)}};
    const Json event = node_->step(writer.process, await(kv_id, in_database(writer.database, action)));
    return event.at("blob").is_null() ? "" : event.at("blob").at("bytes").get<std::string>();
  };
  const std::string one = value("one");
  EXPECT_EQ(one, value("two")) << "half of a transaction is there";
  return number_of(one);
}

void Ledger::insert_rows(const Writer& writer, uint64_t entry) const {
  const Json transaction = begin(writer, sqlite_id);
  for (const std::string table : {"one", "two"}) {
    const std::string statement = "INSERT INTO " + table + " VALUES (?)";
    ask(writer, sqlite_id,
        in_database(writer.database, {{"Write", {{"statement", statement}, {"tx_id", transaction}}}}),
        {{"blob", "[" + std::to_string(entry) + "]"}});
  }
  ask(writer, sqlite_id, in_database(writer.database, {{"Commit", {{"tx_id", transaction}}}}));
}

Json Ledger::query(const Writer& writer, const std::string& statement) const {
  const Json event = ask(writer, sqlite_id, in_database(writer.database, {{"Query", statement}}), {{"blob", "[]"}});
  return Json::parse(event.at("blob").at("bytes").get<std::string>());
}

uint64_t Ledger::read_rows(const Writer& writer) const {
  const Json rows = query(writer, "SELECT entry FROM one ORDER BY entry");
  EXPECT_EQ(rows, query(writer, "SELECT entry FROM two ORDER BY entry")) << "half of a transaction is there";
  EXPECT_EQ(query(writer, "PRAGMA integrity_check"), Json::parse(R"([{"integrity_check":"ok"}])"));
  std::vector<uint64_t> numbers;
  for (const Json& row : rows) {
    numbers.push_back(row.at("entry").get<uint64_t>());
  }
  return last_of(numbers);
}

}  // namespace kinode::conformance
